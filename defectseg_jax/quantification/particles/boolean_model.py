"""The Boolean model: number and size of particles that hide one another.

Seen through a foil, particles overlap, and a mask shows fewer and larger ones
than there are. If they lie independently of each other (a Poisson process) and
each is convex, a set of points K touches none of them with probability

  P(K) = exp(-N_A E|X + K|),

where X is one particle, N_A their number per area and |X + K| the area of all
shifts that make X and K touch. For a pair of neighbouring pixels, |X + K| is
area + height or area + width of the particle; for a square of four pixels it is
area + height + width + 1 (Steiner). So the logarithms of the fractions of free
pixels, pairs and squares give number, area and width of the particles. The
edges of the image make no difference, and no particle need be told from
another:

  N_A = -log(P4 P1 / (P2_along P2_down))

Reference: Stoyan, Kendall and Mecke, Stochastic Geometry and its Applications,
sections 3.1 and 3.2. There N_A comes from tangent points, which is the limit of
small pixels.

Some particles overlap less than independent ones: in a foil that is no thicker
than they are, or in a row of a lattice. The model then gives too many, by up to
1 + 4 / pi times the area fraction.
"""

import math
from typing import NamedTuple

import numpy as np

# [16, 4]: whether each pixel of a square is free, by the square's number.
_FREE = np.arange(16)[:, None] >> np.arange(4) & 1 == 0
# Of an image in each direction; by eye.
_TILES = 8
# Some MiB of working memory, whatever the size of the image; by eye.
_BLOCK_PX = 1 << 21


class BooleanModel(NamedTuple):
  """Number and size of particles; arrays of one shape, or numbers.

  All are NaN where no background is left, or where free squares are too few
  for any number of convex particles.

  Attributes:
    number_per_px2: mean number of particles, per area.
    area_px: their mean area.
    width_px: their mean width, over the image's two axes.
  """

  number_per_px2: np.ndarray
  area_px: np.ndarray
  width_px: np.ndarray


def square_counts(
  mask: np.ndarray, *, tiles: int = _TILES, valid: np.ndarray | None = None
) -> np.ndarray:
  """How often each arrangement of 2 x 2 pixels occurs, in each tile.

  Args:
    mask: [H, W]; what is not zero is particle.
    tiles: the image is divided into tiles x tiles, or fewer if it is small.
    valid: bool [H, W], True on specimen; squares that are not all valid do not
      count. None where all is.

  Returns:
    int64 [tiles * tiles, 16]: bit 0 of an arrangement's number is the pixel
    at the top left; bits 1, 2 and 3 are those right of it, below it, and at the
    bottom right. All 0 for an image of one row or column.
  """
  height, width = mask.shape
  down = np.linspace(0, max(height - 1, 0), min(tiles, height) + 1).astype(int)
  along = np.linspace(0, max(width - 1, 0), min(tiles, width) + 1).astype(int)
  counts = np.zeros((len(down) - 1, len(along) - 1, 16), np.int64)
  if height < 2 or width < 2:
    return counts.reshape(-1, 16)
  rows = max(1, _BLOCK_PX // width)
  for i in range(len(down) - 1):
    for top in range(down[i], down[i + 1], rows):
      last = min(top + rows, down[i + 1])
      codes = _square_codes(mask[top : last + 1])
      inside = None
      if valid is not None:
        # 0: none of the four pixels is beside the specimen.
        inside = _square_codes(~valid[top : last + 1]) == 0
      for j in range(len(along) - 1):
        part = slice(None), slice(along[j], along[j + 1])
        found = codes[part] if inside is None else codes[part][inside[part]]
        counts[i, j] += _count_each(found)
  return counts.reshape(-1, 16)


def square_counts_in(
  mask: np.ndarray,
  box: tuple[int, int, int, int],
  *,
  valid: np.ndarray | None = None,
) -> np.ndarray:
  """As `square_counts`, of the squares alone that have a pixel in a box.

  So the counts of an image that changed in a box follow from those before:
  without what was in it, and with what is.

  Args:
    mask: [H, W].
    box: top, left, bottom, right; the row and column after the last.
    valid: as of `square_counts`.

  Examples:
    >>> mask = np.eye(9, dtype=bool)
    >>> before, box = square_counts(mask), (2, 3, 5, 4)
    >>> gone = square_counts_in(mask, box)
    >>> mask[2:5, 3] = True
    >>> after = before - gone + square_counts_in(mask, box)
    >>> np.array_equal(after, square_counts(mask))
    True
  """
  height, width = mask.shape
  tiles = [
    np.linspace(0, max(side - 1, 0), min(_TILES, side) + 1).astype(int)
    for side in (height, width)
  ]
  counts = np.zeros(((len(tiles[0]) - 1) * (len(tiles[1]) - 1), 16), np.int64)
  top, left = max(0, box[0] - 1), max(0, box[1] - 1)
  bottom, right = min(height, box[2] + 1), min(width, box[3] + 1)
  part = slice(top, bottom), slice(left, right)
  if bottom - top < 2 or right - left < 2:
    return counts
  codes = _square_codes(mask[part]).astype(np.int64)
  row, column = (
    np.searchsorted(edges, np.arange(first, after - 1), 'right') - 1
    for edges, first, after in zip(tiles, (top, left), (bottom, right))
  )
  codes += 16 * (row[:, None] * (len(tiles[1]) - 1) + column)
  if valid is not None:
    codes = codes[_square_codes(~valid[part]) == 0]
  return np.bincount(codes.ravel(), minlength=counts.size).reshape(-1, 16)


def _square_codes(mask: np.ndarray) -> np.ndarray:
  """The number of each square's arrangement: uint8 [H - 1, W - 1]."""
  bits = (mask != 0).view(np.uint8)
  pairs = bits[:, :-1] | (bits[:, 1:] << 1)
  return pairs[:-1] | (pairs[1:] << 2)


def _count_each(codes: np.ndarray) -> np.ndarray:
  """How often each number occurs: int64 [16]."""
  # Most squares are free: to leave them out first is faster.
  others = codes[codes > 0]
  found = np.bincount(others, minlength=16)
  found[0] = codes.size - len(others)
  return found


def boolean_model(counts: np.ndarray) -> BooleanModel:
  """Number, area and width of particles, from counts of squares.

  Args:
    counts: [..., 16], sums or means of rows of `square_counts`.

  Returns:
    The model; numbers or arrays of shape [...]. Without any particle the
    number is 0, and area and width are NaN.
  """
  counts = np.asarray(counts, float)
  with np.errstate(divide='ignore', invalid='ignore'):
    total = counts.sum(axis=-1)

    def log_free(*pixels: int) -> np.ndarray:
      free = _FREE[:, pixels].all(axis=1)
      return np.log(counts[..., free].sum(axis=-1) / total)

    one = np.mean([log_free(pixel) for pixel in range(4)], axis=0)
    along = (log_free(0, 1) + log_free(2, 3)) / 2
    down = (log_free(0, 2) + log_free(1, 3)) / 2
    number = along + down - one - log_free(0, 1, 2, 3)
    # Without a particle all logarithms are 0, and rounding must not count.
    number = np.where(one == 0, 0.0, number)
    fits = np.isfinite(number) & ((number > 0) | (one == 0))
    number = np.where(fits, number, math.nan)
    seen = np.where(number > 0, number, math.nan)
    return BooleanModel(
      number_per_px2=number,
      area_px=-one / seen,
      width_px=(2 * one - along - down) / 2 / seen,
    )
