"""At which scales an image meets a network.

A network knows objects of the sizes that it has seen, in pixels. An image whose
pixels or objects have other sizes is reduced or enlarged first: by one factor
where it is known, else by several, whose answers `merging` makes one.
"""

import dataclasses
import math
from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Float
from PIL import Image

from defectseg_jax.errors import InputError

# Tried where nothing says which one is right. None enlarges: in simulated
# images that found more noise than small objects.
_SEVERAL = (0.25, 0.5, 1.0)
# Objects are small below so many of the smallest diameters; by eye.
_SMALL = 2.0
# By eye: smaller images have no surroundings left.
_LEAST_SIDE_PX = 96
# By eye: calibrations differ by some percent, and interpolation costs more.
_SAME = 1.05
# By eye: what is enlarged more shows nothing new, and what is reduced more has
# lost its objects.
_LEAST, _LARGEST = 1 / 16, 4.0

Map = Float[np.ndarray, 'h w']


@dataclasses.dataclass(frozen=True)
class SeenSizes:
  """What sizes a network has seen; None where that is not known.

  Attributes:
    diameter_px: smallest and largest mean diameter of objects in an image, in
      pixels: of a network for images of any scale.
    pixel_size_nm: smallest and largest side of a pixel: of a network that was
      trained at one scale, or between two.

  Raises:
    InputError: a size is not above 0, or the largest comes first.
  """

  diameter_px: tuple[float, float] | None = None
  pixel_size_nm: tuple[float, float] | None = None

  def __post_init__(self) -> None:
    for field in dataclasses.fields(self):
      value = getattr(self, field.name)
      if value is None:
        continue
      if len(value) != 2 or not 0 < value[0] <= value[1] < math.inf:
        raise InputError(
          f'{field.name}={value}: give two numbers above 0, the smaller first'
        )
      # JSON has lists, and what is compared must be of one type.
      object.__setattr__(self, field.name, (float(value[0]), float(value[1])))

  @property
  def middle_px(self) -> float | None:
    """The diameter that the network knows best; None if none is known."""
    return self.diameter_px and best_diameter_px(self.diameter_px)


def best_diameter_px(diameter_px: tuple[float, float]) -> float:
  """Of the diameters that a network has seen the one that it knows best.

  It is nearer to the largest: a large object has more pixels to be known by,
  and its outline is finer.

  Args:
    diameter_px: the smallest and the largest.

  Examples:
    >>> round(best_diameter_px((5, 80)), 1)
    31.7
  """
  smallest, largest = diameter_px
  return (smallest * largest**2) ** (1 / 3)


def choose_zooms(
  shape: tuple[int, ...],
  seen: SeenSizes,
  *,
  pixel_size_nm: float | None = None,
  object_diameter_nm: float | None = None,
) -> tuple[float, ...]:
  """The factors by which an image is enlarged before a network sees it.

  Args:
    shape: of the image.
    seen: sizes that the network knows.
    pixel_size_nm: of the image; None if unknown.
    object_diameter_nm: about how large its objects are; None if unknown.

  Returns:
    One factor where the sizes tell it, several ascending ones where the network
    knows objects by their diameters alone, and 1 where nothing is known. With 1
    the image is left as it is.

  Raises:
    InputError: `object_diameter_nm` is given, and the pixel size or the sizes
      that the network has seen are not known; or the image's scale is too far
      from any that the network has seen.

  Examples:
    Voids of 50 nm in pixels of 0.5 nm have 100 pixels, and the network knows
    those of 25 best:

    >>> seen = SeenSizes(diameter_px=(5, 56))
    >>> round(seen.middle_px)
    25
    >>> choose_zooms((900, 900), seen, pixel_size_nm=0.5, object_diameter_nm=50)
    (0.250...,)
    >>> choose_zooms((900, 900), seen)
    (0.25, 0.5, 1.0)

    A network that was trained at 0.32 nm a pixel, and an image of 0.64:

    >>> trained = SeenSizes(pixel_size_nm=(0.32, 0.32))
    >>> choose_zooms((900, 900), trained, pixel_size_nm=0.64)
    (2.0,)
  """
  if object_diameter_nm is not None:
    return (_zoom_by_diameter(seen, pixel_size_nm, object_diameter_nm),)
  if seen.pixel_size_nm is not None:
    if pixel_size_nm is None:
      return (1.0,)
    nearest_nm = float(np.clip(pixel_size_nm, *seen.pixel_size_nm))
    return (_require_near(pixel_size_nm / nearest_nm),)
  if seen.diameter_px is None:
    return (1.0,)
  return tuple(
    zoom
    for zoom in _SEVERAL
    if zoom == 1 or min(shape) * zoom >= _LEAST_SIDE_PX
  )


def _zoom_by_diameter(
  seen: SeenSizes, pixel_size_nm: float | None, object_diameter_nm: float
) -> float:
  """Brings objects to the best size; enlarges only what is too small."""
  if seen.diameter_px is None:
    raise InputError(
      f'object_diameter_nm={object_diameter_nm:g}: the network does not know '
      'objects by their diameters; leave it out'
    )
  if pixel_size_nm is None:
    raise InputError(
      f'object_diameter_nm={object_diameter_nm:g}: the pixel size is not '
      'known; give pixel_size_nm'
    )
  diameter_px = object_diameter_nm / pixel_size_nm
  most = max(1.0, _SMALL * seen.diameter_px[0] / diameter_px)
  zoom = best_diameter_px(seen.diameter_px) / diameter_px
  return _require_near(min(zoom, most))


def _require_near(zoom: float) -> float:
  """1 where the scales are the same; InputError where they are far apart."""
  if 1 / _SAME < zoom < _SAME:
    return 1.0
  if not _LEAST <= zoom <= _LARGEST:
    raise InputError(
      f'the image would have to be enlarged by {zoom:.3g} for this network, '
      f'and {_LEAST:g} to {_LARGEST:g} is possible: check the pixel size and '
      'the diameter that were given, or take a network for this scale'
    )
  return zoom


def maps_at_scales(
  pixels: np.ndarray,
  probabilities_of: Callable[..., np.ndarray],
  zooms: Sequence[float],
  *,
  valid: np.ndarray | None = None,
  on_tiles: Callable[[int, int], None] = lambda done, count: None,
) -> dict[float, Map]:
  """What a network says of an image at each of several scales.

  Args:
    pixels: [H, W], as they are in the file: preprocessing comes after a change
      of scale, as it does in a microscope that bins.
    probabilities_of: `probabilities_of(pixels, valid=..., on_tiles=...)`, from
      [h, w] to probabilities, float32 [h, w].
    zooms: factors by which the image is enlarged; where one is 1, the network
      sees the very pixels.
    valid: bool [H, W], True on specimen; None where all is.
    on_tiles: called with what is done of all scales, and how much there is.

  Returns:
    By factor the probabilities, float32 [H, W], at the image's own resolution;
    0 where it is not valid.
  """
  total = sum(zoom**2 for zoom in zooms)
  maps, before = {}, 0.0
  for zoom in zooms:

    def report(
      done: int, count: int, before: float = before, zoom: float = zoom
    ) -> None:
      on_tiles(round(1000 * (before + zoom**2 * done / count) / total), 1000)

    if zoom == 1:
      found = probabilities_of(pixels, valid=valid, on_tiles=report)
    else:
      sides = tuple(max(1, round(side * zoom)) for side in pixels.shape)
      found = probabilities_of(
        resample(pixels, sides),
        valid=None if valid is None else resample(valid, sides) > 0.5,
        on_tiles=report,
      )
      found = resample(found, pixels.shape)
    maps[zoom] = found if valid is None else np.where(valid, found, 0)
    before += zoom**2
  return maps


def resample(
  pixels: Float[np.ndarray, 'h w'] | np.ndarray, shape: tuple[int, ...]
) -> np.ndarray:
  """An image at another number of pixels, without aliasing.

  Args:
    pixels: [h, w].
    shape: H, W of the result.

  Returns:
    float32 [H, W]: means over blocks where the sides are divided by a whole
    number, as a camera bins; otherwise weighted by a triangle as wide as the
    coarser pixels.

  Examples:
    >>> resample(np.array([[0.0, 2.0], [4.0, 6.0]]), (1, 1))
    array([[3.]], dtype=float32)
  """
  by = [old / new for old, new in zip(pixels.shape, shape, strict=True)]
  bins = by[0] == by[1] and by[0] > 1 and by[0].is_integer()
  way = Image.Resampling.BOX if bins else Image.Resampling.BILINEAR
  image = Image.fromarray(np.ascontiguousarray(pixels, np.float32))
  return np.asarray(image.resize((shape[1], shape[0]), way))
