"""A labelled patch, whatever microscope it is of."""

import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True, eq=False)
class Patch:
  """A labelled micrograph.

  Attributes:
    pixels: float32 [side_px, side_px], as a file has them.
    mask: bool [side_px, side_px], True on objects.
    counts: bool [side_px, side_px], False where an object is too faint to be
      labelled either way.
    pixel_size_nm: side of a pixel.
    diameter_px: mean diameter of the objects, also where there are none.
  """

  pixels: np.ndarray
  mask: np.ndarray
  counts: np.ndarray
  pixel_size_nm: float
  diameter_px: float
