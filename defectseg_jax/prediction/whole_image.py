"""The objects of a whole image: of its specimen, at every scale."""

from collections.abc import Callable, Sequence

import numpy as np

from defectseg_jax.micrographs.filling import box_around, fill_beside
from defectseg_jax.prediction.merging import Merged, merge_objects
from defectseg_jax.prediction.scales import maps_at_scales
from defectseg_jax.prediction.sure_regions import Hysteresis, sure_mask

# From [h, w] and where that shows specimen, bool [h, w], or None for all.
Look = Callable[[np.ndarray, np.ndarray | None], Merged]


def find_objects(
  pixels: np.ndarray,
  probabilities_of: Callable[..., np.ndarray],
  zooms: Sequence[float],
  limits: Hysteresis,
  *,
  diameter_px: tuple[float, float] | None,
  minimum_area_px: float,
  valid: np.ndarray | None = None,
  on_tiles: Callable[[int, int], None] = lambda done, count: None,
) -> Merged:
  """Takes an image through a network at one or several scales.

  Args:
    pixels: [H, W].
    probabilities_of: as `maps_at_scales` takes it.
    zooms: from `choose_zooms`.
    limits: what makes a mask of probabilities.
    diameter_px: smallest and largest mean diameter that the network has seen;
      None where that is not known.
    minimum_area_px: smallest object that is trusted, in pixels of the network.
    valid: bool [H, W], True on specimen; None where all is.
    on_tiles: called with what is done, and how much there is.

  Returns:
    Mask and probabilities, [H, W], and the scales that they are taken from.
  """

  def look(pixels: np.ndarray, valid: np.ndarray | None) -> Merged:
    maps = maps_at_scales(
      pixels, probabilities_of, zooms, valid=valid, on_tiles=on_tiles
    )
    if len(maps) == 1 or diameter_px is None:
      found = maps[zooms[0]]
      return Merged(sure_mask(found, limits), found, tuple(zooms))
    return merge_objects(
      maps,
      limits,
      diameter_px=diameter_px,
      minimum_area_px=minimum_area_px,
      valid=valid,
    )

  return look_at_specimen(pixels, valid, look)


def look_at_specimen(
  pixels: np.ndarray, valid: np.ndarray | None, look: Look
) -> Merged:
  """What is found in the rectangle around the specimen.

  A frame or a data bar is cut off, so that all is as if it had never been in
  the image. What else is no specimen is filled with mirrored specimen.

  Args:
    pixels: [H, W].
    valid: bool [H, W], True on specimen; None where all is.
    look: looks for objects in an image, of which valid pixels count.

  Returns:
    What was found, at the size of the image; beside the specimen there is no
    mask, and the probability is 0.

  Examples:
    >>> bright = lambda pixels, valid: Merged(pixels > 5, pixels / 9, (1.0,))
    >>> valid = np.array([[False, True, True]])
    >>> look_at_specimen(np.array([[9.0, 9.0, 0.0]]), valid, bright).mask
    array([[False,  True, False]])
  """
  if valid is None:
    return look(pixels, None)
  box = box_around(valid)
  part = valid[box]
  found = look(fill_beside(pixels[box], part), None if part.all() else part)
  mask = np.zeros(valid.shape, bool)
  mask[box] = found.mask & part
  probabilities = np.zeros(valid.shape, np.float32)
  probabilities[box] = np.where(part, found.probabilities, 0)
  return Merged(mask, probabilities, found.zooms)
