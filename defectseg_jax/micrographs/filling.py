"""Specimen mirrored into what is no specimen, as it is beyond an image's edge.

A network and a wide Gaussian look beyond the specimen's edge. There they must
meet what they know, neither letters nor a step in brightness.
"""

import numpy as np
from scipy import ndimage


def box_around(valid: np.ndarray) -> tuple[slice, slice]:
  """The rows and columns of the rectangle around the specimen.

  Args:
    valid: bool [H, W], True on specimen; somewhere at least.

  Examples:
    >>> box_around(np.array([[False, True], [False, True]]))
    (slice(0, 2, None), slice(1, 2, None))
  """
  rows, columns = (np.flatnonzero(valid.any(axis=axis)) for axis in (1, 0))
  return (
    slice(int(rows[0]), int(rows[-1]) + 1),
    slice(int(columns[0]), int(columns[-1]) + 1),
  )


def fill_beside(pixels: np.ndarray, valid: np.ndarray) -> np.ndarray:
  """The image with specimen wherever there is none.

  Each pixel beside the specimen becomes the one that lies as far inside, beyond
  the nearest pixel of the specimen: along a straight edge that is a mirror, as
  tiles have it at the edge of the image. Where nothing of the specimen lies
  there, it becomes the nearest.

  Args:
    pixels: [H, W]; what is not valid is not looked at.
    valid: bool [H, W], True on specimen; somewhere at least.

  Returns:
    [H, W], the same array where all is valid.

  Examples:
    >>> pixels = np.array([[1, 2, 3, 4, 0, 0]])
    >>> fill_beside(pixels, pixels > 0)
    array([[1, 2, 3, 4, 4, 3]])
  """
  if valid.all():
    return pixels
  nearest = ndimage.distance_transform_edt(
    ~valid, return_distances=False, return_indices=True
  )
  rows, columns = np.nonzero(~valid)
  near = np.asarray(nearest, np.intp)[:, rows, columns]
  inwards = near - np.stack([rows, columns])
  # The nearest pixel itself lies beside the mirror.
  shorter = 1 - 1 / np.hypot(*inwards)
  beyond = near + np.rint(inwards * shorter).astype(np.intp)
  height, width = pixels.shape
  inside = ((beyond >= 0) & (beyond < [[height], [width]])).all(axis=0)
  inside[inside] = valid[tuple(beyond[:, inside])]
  source = np.where(inside, beyond, near)
  filled = pixels.copy()
  filled[rows, columns] = pixels[tuple(source)]
  return filled
