"""How far the specimen moved between frames: by their correlation.

In two steps. On thinned frames, the highest point of the whole correlation is
the shift to a few pixels, and how far it stands out of the rest says whether
there is one. Then one frame is laid over the other, and scikit-image finds
what is left to a fraction of a pixel.

An object that grows pushes its rim outwards on all sides, which moves nothing;
one that the frame's edge cuts has no rim beyond it, and would seem to move. So
whoever knows the objects leaves those out that are near the edge.
"""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import scipy
import skimage

# Longest side of frames in the first step; by eye.
_COARSE_PX = 512
# How many times as high as at any other place. Frames that show nothing in
# common have many places of nearly the same height. By eye: frames of one disc
# that is the same in both are told from it by the noise alone.
LEAST_PROMINENCE = 2.0
# What is lower than this part of the summit is not looked at.
MOST_PROMINENCE = 3.0
# By eye: with less in common, what is at the sides decides.
LEAST_OVERLAP = 0.25
# Frames are compared with one frame as long as they have so much in common with
# it: errors add up only where another takes its place. By eye.
KEPT_OVERLAP = 0.75
# And as long as they are so much like it, compared with the first one after it:
# rims of objects that have grown by more than they are wide pull at random. By
# eye.
KEPT_CORRELATION = 0.95
# A fiftieth of a pixel is told apart; noise is not made as strong as detail.
UPSAMPLING = 50
_HOW: Any = {'upsample_factor': UPSAMPLING, 'normalization': None}
# Waves longer than this part of the longest side are taken for illumination,
# and detail finer than so many pixels for noise; by eye.
LONGEST_PART = 1 / 12
NOISE_PX = 2.0
# Part of a side over which a frame fades out at either end; by eye.
_TAPER = 1 / 32
_MOST_STEPS = 4


class Shift(NamedTuple):
  """How far the specimen lies from where it lay in another frame.

  Attributes:
    rows, columns: in pixels, down and right.
    prominence: how many times as high the correlation is there as at any other
      place, apart from the slopes of the same summit; 3 at most.
    overlap: part of a frame that both show.
    correlation: of what both show, laid over each other; 0 where that was not
      done.
  """

  rows: float
  columns: float
  prominence: float
  overlap: float
  correlation: float = 0.0

  @property
  def is_sure(self) -> bool:
    """Whether the frames show the same place."""
    return self.prominence >= LEAST_PROMINENCE and self.overlap >= LEAST_OVERLAP


class Drift(NamedTuple):
  """Where the specimen of a frame lies, from where it lay in the first.

  Attributes:
    rows_px, columns_px: down and right; NaN where it is not known.
    prominence: as of `Shift`; NaN of the first frame.
  """

  rows_px: float
  columns_px: float
  prominence: float

  @property
  def is_known(self) -> bool:
    """Whether the frame could be laid over the others."""
    return math.isfinite(self.rows_px)

  def taken_out(
    self, rows_px: np.ndarray, columns_px: np.ndarray
  ) -> np.ndarray:
    """float [n, 2], places of a frame in rows and columns of the first."""
    places = np.column_stack([rows_px, columns_px])
    return places - (self.rows_px, self.columns_px)


UNKNOWN = Drift(math.nan, math.nan, math.nan)


class Detail(NamedTuple):
  """What of a frame is compared: neither illumination nor noise.

  Attributes:
    values: float32 [H, W], around 0.
    weights: float32 [H, W], 0 where there is no specimen, fading out at the
      frame's sides: what these are would say that it did not move.
  """

  values: np.ndarray
  weights: np.ndarray


def detail(pixels: np.ndarray, valid: np.ndarray | None = None) -> Detail:
  """What of a frame is compared.

  Args:
    pixels: [H, W], any real type.
    valid: bool [H, W], True where it may be; None for everywhere.
  """
  values = pixels.astype(np.float32)
  where = np.isfinite(values)
  where = where if valid is None else where & valid
  rows, columns = map(_taper, values.shape)
  weights = where * rows[:, None] * columns
  values[~where] = values[where].mean() if where.any() else 0
  broad_px = max(9, round(max(values.shape) * LONGEST_PART))
  # Twice a mean over a square, which takes the same time for any square.
  broad = scipy.ndimage.uniform_filter(values, broad_px)
  broad = scipy.ndimage.uniform_filter(broad, broad_px)
  values = scipy.ndimage.gaussian_filter(values, NOISE_PX) - broad
  return Detail(values, weights)


def find_shift(reference: Detail, moved: Detail) -> Shift:
  """How far the specimen lies in one frame from where it lies in another.

  Args:
    reference, moved: of one shape.

  Examples:
    >>> frame = np.random.default_rng(0).normal(size=(64, 64))
    >>> before, after = detail(frame[:60, :60]), detail(frame[3:63, 1:61])
    >>> found = find_shift(before, after)
    >>> round(found.rows), round(found.columns), found.is_sure
    (-3, -1, True)
  """
  height, width = moved.values.shape
  rows, columns, prominence = _coarse_shift(reference, moved)
  if prominence < LEAST_PROMINENCE:
    overlap = _overlap(rows / height, columns / width)
    return Shift(rows, columns, prominence, overlap)
  correlation = 0.0
  for _ in range(_MOST_STEPS):
    whole = round(rows), round(columns)
    if _overlap(whole[0] / height, whole[1] / width) < LEAST_OVERLAP:
      break
    # What one of them does not show has no say in the other.
    weights = reference.weights * _moved_back(moved.weights, *whole)
    rest, error, _ = skimage.registration.phase_cross_correlation(
      reference.values * weights,
      _moved_back(moved.values, *whole) * weights,
      **_HOW,
    )
    # It says how to move the second back.
    rows, columns = whole[0] - float(rest[0]), whole[1] - float(rest[1])
    correlation = math.sqrt(max(0.0, 1 - float(error) ** 2))
    if (round(rows), round(columns)) == whole:
      break
  overlap = _overlap(rows / height, columns / width)
  return Shift(rows, columns, prominence, overlap, correlation)


class DriftFinder:
  """Follows the specimen through frames; memory holds three of them."""

  def __init__(self) -> None:
    """Has seen nothing yet."""
    self._key: tuple[Detail, Drift] | None = None
    self._last: tuple[Detail, Drift] | None = None
    # The most that a frame was like the key.
    self._best = 0.0

  def add(self, pixels: np.ndarray, valid: np.ndarray | None = None) -> Drift:
    """The drift of the next frame.

    Args:
      pixels: [H, W], of the shape of all frames.
      valid: bool [H, W], True on specimen; None where all is.

    Returns:
      The drift from the first frame; `UNKNOWN` where neither the frame that
      others are compared with nor the last one that was placed shows the same
      place.
    """
    frame = detail(pixels, valid)
    if self._key is None or self._last is None:
      self._key = self._last = frame, Drift(0.0, 0.0, math.nan)
      return self._last[1]
    shift = find_shift(self._key[0], frame)
    if not self._is_like_key(shift):
      other = find_shift(self._last[0], frame)
      if other.is_sure:
        shift, self._key, self._best = other, self._last, 0.0
    if not shift.is_sure:
      return UNKNOWN._replace(prominence=shift.prominence)
    self._best = max(self._best, shift.correlation)
    drift = Drift(
      self._key[1].rows_px + shift.rows,
      self._key[1].columns_px + shift.columns,
      shift.prominence,
    )
    self._last = frame, drift
    return drift

  def _is_like_key(self, shift: Shift) -> bool:
    """Whether a frame is best compared with the one that others were."""
    return (
      shift.is_sure
      and shift.overlap >= KEPT_OVERLAP
      and shift.correlation >= KEPT_CORRELATION * self._best
    )


def _coarse_shift(reference: Detail, moved: Detail) -> tuple[int, int, float]:
  """To some pixels, and how far it stands out."""
  step = -(-max(moved.values.shape) // _COARSE_PX)
  one, other = (
    _thin(each.values * each.weights, step) for each in (reference, moved)
  )
  # Waves around the corner would take one side for the other.
  size = [scipy.fft.next_fast_len(2 * side, real=True) for side in one.shape]
  waves = [np.asarray(scipy.fft.rfft2(each, size)) for each in (one, other)]
  surface = np.asarray(scipy.fft.irfft2(np.conj(waves[0]) * waves[1], size))
  highest = float(surface.max())
  if not highest > 0:
    return 0, 0, 0.0
  place = np.unravel_index(int(surface.argmax()), surface.shape)
  found = [
    int(at) - side if at > side // 2 else int(at)
    for at, side in zip(place, surface.shape)
  ]
  return found[0] * step, found[1] * step, highest / _second(surface, place)


def _second(surface: np.ndarray, place: Sequence[np.intp]) -> float:
  """The highest point that is no slope of the summit at a place."""
  # The summit may lie at the corner, with slopes on all four sides.
  middle = [side // 2 - int(at) for at, side in zip(place, surface.shape)]
  surface = np.roll(surface, middle, (0, 1))
  least = float(surface.max()) / MOST_PROMINENCE
  slopes = np.asarray(skimage.measure.label(surface > least, connectivity=1))
  summit = slopes[tuple(side // 2 for side in surface.shape)]
  others = (slopes > 0) & (slopes != summit)
  return float(surface[others].max(initial=least))


def _thin(frame: np.ndarray, step: int) -> np.ndarray:
  """Means of step x step pixels."""
  if step == 1:
    return frame
  height, width = (side // step for side in frame.shape)
  part = frame[: height * step, : width * step]
  return part.reshape(height, step, width, step).mean((1, 3))


def taper_px(side: int) -> int:
  """Over how many pixels a frame fades out at its sides."""
  return max(2, round(side * _TAPER))


def _taper(side: int) -> np.ndarray:
  """1, and falling to 0 at both ends."""
  width = taper_px(side)
  from_end = np.minimum(np.arange(side), np.arange(side)[::-1]) + 0.5
  rising = np.sin(np.pi / 2 * np.minimum(from_end / width, 1)) ** 2
  return rising.astype(np.float32)


def _overlap(rows: float, columns: float) -> float:
  """The part that both show, of a shift in parts of a side."""
  return max(0.0, 1 - abs(rows)) * max(0.0, 1 - abs(columns))


def _moved_back(frame: np.ndarray, rows: int, columns: int) -> np.ndarray:
  """The frame moved up and left by whole pixels; 0 where it shows nothing."""
  height, width = frame.shape
  moved = np.zeros_like(frame)
  moved[
    max(0, -rows) : height - max(0, rows),
    max(0, -columns) : width - max(0, columns),
  ] = frame[
    max(0, rows) : height - max(0, -rows),
    max(0, columns) : width - max(0, -columns),
  ]
  return moved
