"""Specimen mirrored into what is no specimen, as it is beyond an image's edge.

A network and a wide Gaussian look beyond the specimen's edge. There they must
meet what they know, neither letters nor a step in brightness.
"""

import numpy as np
from scipy import ndimage


def fill_beside(pixels: np.ndarray, valid: np.ndarray) -> np.ndarray:
  """The image with specimen wherever there is none.

  Each pixel beside the specimen becomes the one that lies as far inside, beyond
  the nearest pixel of the specimen: along a straight edge that is a mirror.
  Where nothing of the specimen lies there, it becomes the nearest.

  Args:
    pixels: [H, W]; what is not valid is not looked at.
    valid: bool [H, W], True on specimen; somewhere at least.

  Returns:
    [H, W], the same array where all is valid.

  Examples:
    >>> pixels = np.array([[1, 2, 3, 4, 0, 0]])
    >>> fill_beside(pixels, pixels > 0)
    array([[1, 2, 3, 4, 3, 2]])
  """
  if valid.all():
    return pixels
  nearest = ndimage.distance_transform_edt(
    ~valid, return_distances=False, return_indices=True
  )
  rows, columns = np.nonzero(~valid)
  near = np.asarray(nearest, np.intp)[:, rows, columns]
  beyond = 2 * near - np.stack([rows, columns])
  height, width = pixels.shape
  inside = ((beyond >= 0) & (beyond < [[height], [width]])).all(axis=0)
  inside[inside] = valid[tuple(beyond[:, inside])]
  source = np.where(inside, beyond, near)
  filled = pixels.copy()
  filled[rows, columns] = pixels[tuple(source)]
  return filled
