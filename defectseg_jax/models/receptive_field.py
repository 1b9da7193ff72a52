"""How far a network looks, from the list of its layers.

A pixel that a layer makes depends on an interval of the pixels given to it,
in rows as in columns. Followed from the output back to the image, for every
place of a pixel on the grid of the poolings, the intervals give the exact
radius and not only a bound. Zeros that a layer pads do not matter here.
"""

from collections.abc import Callable, Sequence

# From the first and last pixel made to the first and last needed for them.
Layer = Callable[[int, int], tuple[int, int]]


def convolution(size: int) -> Layer:
  """A convolution of odd size, at stride 1."""
  reach = size // 2
  return lambda first, last: (first - reach, last + reach)


def max_pool_2x2(first: int, last: int) -> tuple[int, int]:
  """`layers.max_pool_2x2`."""
  return 2 * first, 2 * last + 1


def up_convolution(size: int, stride: int = 2) -> Layer:
  """`layers.UpConvolution`; or, of size 2 * stride, `layers.bilinear_up`.

  Args:
    size: of the kernel.
    stride: what it multiplies a side by.

  Returns:
    Pixel i that is given reaches pixels stride * i + a - (size - stride) // 2
    with a = 0 .. size - 1.
  """
  cut = (size - stride) // 2
  return lambda first, last: (
    -((size - 1 - cut - first) // stride),
    (last + cut) // stride,
  )


def needed(path: Sequence[Layer], pixel: int) -> tuple[int, int]:
  """The interval of an image's pixels that a pixel of the output depends on.

  Args:
    path: the layers from the image to the output, along the branch that pools
      most: what a branch across sees lies within what goes down and up again.
    pixel: its row or column, from the grid of poolings.

  Returns:
    The first and last row or column, as if the image had no edges.
  """
  first = last = pixel
  for layer in reversed(path):
    first, last = layer(first, last)
  return first, last


def radius(path: Sequence[Layer], size_multiple: int) -> int:
  """Distance of the furthest pixel that any output depends on.

  Args:
    path: as for `needed`.
    size_multiple: of the image's sides; the period of the grid of poolings.

  Returns:
    The distance in rows or columns, in pixels.
  """
  furthest = 0
  for pixel in range(size_multiple):
    first, last = needed(path, pixel)
    furthest = max(furthest, pixel - first, last - pixel)
  return furthest
