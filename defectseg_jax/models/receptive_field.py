"""How far a network sees, computed from the list of its layers.

A pixel that a layer makes depends on an interval of the pixels given to it,
along rows and along columns alike. These intervals are followed from the output
back to the image, for every place of a pixel on the grid of the poolings. The
result is the exact radius of the receptive field, and not only a bound. Zeros
that a layer pads around the image do not matter here.

A radius of r pixels means that a receptive field is at most 2 r + 1 pixels
wide.
"""

from collections.abc import Callable, Sequence

# From the first and last pixel of a layer's output to the first and last pixel
# of its input that they depend on.
Layer = Callable[[int, int], tuple[int, int]]


def convolution(size: int) -> Layer:
  """A convolution at stride 1.

  Args:
    size: side of the kernel, odd.
  """
  radius = size // 2
  return lambda first, last: (first - radius, last + radius)


def max_pool_2x2(first: int, last: int) -> tuple[int, int]:
  """`layers.max_pool_2x2`."""
  return 2 * first, 2 * last + 1


def up_convolution(size: int, stride: int = 2) -> Layer:
  """`layers.UpConvolution`, or `layers.upsample_bilinear` by the stride.

  Args:
    size: side of the kernel; 2 * stride for bilinear interpolation.
    stride: what it multiplies a side of the image by.

  Returns:
    A layer in which input pixel i contributes to the output pixels
    stride * i + a - (size - stride) // 2 with a = 0 .. size - 1.
  """
  cut = (size - stride) // 2
  return lambda first, last: (
    -((size - 1 - cut - first) // stride),
    (last + cut) // stride,
  )


def input_interval(path: Sequence[Layer], pixel: int) -> tuple[int, int]:
  """The interval of the image's pixels that a pixel of the output depends on.

  Args:
    path: the layers from the image to the output, along the branch that pools
      most. What a skip connection sees lies inside what that branch sees.
    pixel: row or column of the output pixel; 0 is where a pooling window
      begins.

  Returns:
    The first and the last row or column, as if the image had no edges.

  Examples:
    >>> input_interval([convolution(3), convolution(3)], 10)
    (8, 12)
    >>> input_interval([max_pool_2x2, up_convolution(2)], 5)
    (4, 5)
  """
  first = last = pixel
  for layer in reversed(path):
    first, last = layer(first, last)
  return first, last


def radius(path: Sequence[Layer], size_multiple: int) -> int:
  """Radius of the receptive field, in pixels.

  Args:
    path: as for `input_interval`.
    size_multiple: what the sides of an image must be multiples of: the period
      of the grid of poolings.

  Returns:
    The largest distance, along rows or columns, between a pixel of the output
    and a pixel of the image that it depends on.

  Examples:
    Two 3 x 3 convolutions, a pooling, one more convolution, and back up:

    >>> conv = convolution(3)
    >>> radius([conv, conv, max_pool_2x2, conv, up_convolution(2)], 2)
    5
  """
  furthest = 0
  for pixel in range(size_multiple):
    first, last = input_interval(path, pixel)
    furthest = max(furthest, pixel - first, last - pixel)
  return furthest
