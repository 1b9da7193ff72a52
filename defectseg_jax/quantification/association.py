"""Whether objects of one defect lie at those of another: voids at precipitates.

What is seen is compared with random positions of the same objects in the same
image (a Monte Carlo test, Besag & Diggle, Appl. Stat. 26 (1977) 327): each
object of A is a circle of its area, is put anywhere that holds the whole circle
beside the others of A, and B stays as it is. Objects that the edge of the valid
area cuts take no part, neither as seen nor at random: so the edge favours no
side.
"""

import dataclasses
import math
from collections.abc import Sequence

import numpy as np
import scipy

from defectseg_jax.quantification.crowd import Crowd

# So many random images for each test: the least p-value is 1 in 1000.
DRAWS = 999
# What finds no room so often stays where it was found. By eye.
TRIES = 100
# Of the side of an area whose overlap with itself is looked for. By eye.
_LARGEST_PX = 1024
_NOTHING = np.empty(0, int)


@dataclasses.dataclass(frozen=True, eq=False)
class Association:
  """Objects of A at objects of B, as seen and at random positions.

  Attributes:
    objects: of A, that the edge does not cut.
    near: how many of them lie within the distance of B.
    counts: int [draws], how many do so in each random image; empty where there
      is nothing to test: no A, or no B.
    gap_px: median distance from the edge of an object of A to B, in pixels; 0
      where they touch.
    gap_random_px: the same, mean over random images.
  """

  objects: int
  near: int
  counts: np.ndarray
  gap_px: float = math.nan
  gap_random_px: float = math.nan

  @property
  def near_random(self) -> float:
    """How many are expected at random positions: the mean of `counts`."""
    return float(self.counts.mean()) if self.counts.size else math.nan

  @property
  def random_interval(self) -> tuple[float, float]:
    """Between which 95% of the random images lie."""
    if not self.counts.size:
      return math.nan, math.nan
    low, high = np.quantile(self.counts, [0.025, 0.975])
    return float(low), float(high)

  @property
  def p_value(self) -> float:
    """Two-sided mid-p; NaN where there is nothing to test.

    Twice the part of all images, the real one among them, that is further out
    on the side of the real one, with half of those that are equal. Counts are
    whole numbers: without the half a test at 5% would call fewer than 5% of
    random images associated (Lancaster, J. Am. Stat. Assoc. 56 (1961) 223).
    """
    if not self.counts.size:
      return math.nan
    half = ((self.counts == self.near).sum() + 1) / 2
    more, less = (
      (self.counts > self.near).sum(),
      (self.counts < self.near).sum(),
    )
    least = min(more, less) + half
    return float(min(1.0, 2 * least / (len(self.counts) + 1)))


def pooled(found: Sequence[Association]) -> Association:
  """All images together: what was seen, and what each random set of them has.

  Args:
    found: one an image, of as many draws each, from other seeds. What has
      nothing to test takes no part.
  """
  tested = [one for one in found if one.counts.size]
  if not tested:
    return Association(sum(one.objects for one in found), 0, _NOTHING)
  return Association(
    sum(one.objects for one in tested),
    sum(one.near for one in tested),
    np.sum([one.counts for one in tested], axis=0),
  )


def association(
  centres_px: np.ndarray,
  radii_px: np.ndarray,
  others: np.ndarray,
  *,
  distance_px: float,
  valid: np.ndarray | None = None,
  draws: int = DRAWS,
  seed: int | Sequence[int] = 0,
) -> Association:
  """Counts objects of A at objects of B, and asks whether chance does so too.

  Args:
    centres_px: [n, 2], row and column of the objects of A that no edge cuts.
    radii_px: [n], of circles of their areas.
    others: bool [H, W], the mask of B: particles or lines.
    distance_px: from edge to edge, up to which an object of A lies at B.
    valid: bool [H, W], True on specimen; None where all is.
    draws: random images.
    seed: of the random positions.

  Returns:
    The numbers.

  Examples:
    >>> others = np.zeros((200, 200), bool)
    >>> others[100:104, 100:104] = True
    >>> found = association(
    ...   np.array([[101.0, 108.0]]), np.array([3.0]), others, distance_px=2
    ... )
    >>> found.near, found.near_random < 0.1, found.p_value < 0.05
    (1, True, True)
  """
  count = len(radii_px)
  if not count or not others.any():
    return Association(count, 0, _NOTHING)
  # From the centre of a pixel to the nearest edge of B, which lies half a pixel
  # before the nearest centre.
  distances = _distance(others) - 0.5
  random = random_centres(
    centres_px, radii_px, others.shape, valid=valid, draws=draws, seed=seed
  )
  seen = np.maximum(_at(distances, centres_px) - radii_px, 0)
  gaps = np.maximum(_at(distances, random) - radii_px, 0)
  return Association(
    objects=count,
    near=int((seen <= distance_px).sum()),
    counts=(gaps <= distance_px).sum(-1),
    gap_px=float(np.median(seen)),
    gap_random_px=float(np.median(gaps, axis=-1).mean()),
  )


def random_centres(
  centres_px: np.ndarray,
  radii_px: np.ndarray,
  shape: tuple[int, ...],
  *,
  valid: np.ndarray | None = None,
  draws: int = DRAWS,
  seed: int | Sequence[int] = 0,
) -> np.ndarray:
  """Random positions of circles that overlap neither each other nor the edge.

  The largest is put first. What finds no room in 100 tries stays where it was
  found, which makes the image less random, and a test of it less sharp.

  Args:
    centres_px, radii_px: [n, 2] and [n], as they were found.
    shape: H, W.
    valid: bool [H, W], where they may be; None for all of the image.
    draws: random images.
    seed: of the positions.

  Returns:
    float64 [draws, n, 2], in the order of `centres_px`.
  """
  whole = np.ones(shape, bool) if valid is None else valid
  # A circle that touches the edge would be cut by it.
  room = _distance(~np.pad(whole, 1))[1:-1, 1:-1] - 0.5
  rng = np.random.default_rng(seed)
  placed = np.tile(np.asarray(centres_px, float), (draws, 1, 1))
  order = np.argsort(-np.asarray(radii_px), kind='stable')
  crowd = Crowd(placed, np.asarray(radii_px, float), shape)
  for one in order.tolist():
    radius, waiting = float(radii_px[one]), np.arange(draws)
    for _ in range(TRIES):
      points = rng.random((len(waiting), 2)) * shape - 0.5
      fits = _at(room, points) >= radius
      fits[fits] = crowd.has_room(waiting[fits], points[fits], radius)
      placed[waiting[fits], one] = points[fits]
      waiting = waiting[~fits]
      if not len(waiting):
        break
    crowd.add(one)
  return placed


def cross_k(
  centres_px: np.ndarray,
  others_px: np.ndarray,
  distances_px: np.ndarray,
  valid: np.ndarray,
) -> np.ndarray:
  """Ripley's cross K: how many of B lie about an object of A, by distance.

  K(t) is the number of centres of B within t of a centre of A, over their
  number per area: pi t^2 where the two know nothing of each other. Each pair
  weighs by how much of the valid area still overlaps with itself when it is
  shifted by the pair's distance (translation correction; Ohser, Math.
  Operationsforsch. Stat. 14 (1983) 63).

  Args:
    centres_px, others_px: [n, 2] and [m, 2], centres of A and of B.
    distances_px: [k], the distances t.
    valid: bool [H, W], the area that was looked at.

  Returns:
    float64 [k], in square pixels; NaN where A or B is not there.
  """
  if not len(centres_px) or not len(others_px):
    return np.full(len(distances_px), math.nan)
  near = scipy.spatial.KDTree(centres_px).sparse_distance_matrix(
    scipy.spatial.KDTree(others_px), max(distances_px), output_type='coo_matrix'
  )
  shifts = others_px[near.col] - centres_px[near.row]
  common = np.maximum(_overlap_when_shifted(valid, shifts), 1)
  area_px = int(valid.sum())
  within = near.data[None] <= np.asarray(distances_px)[:, None]
  pairs = (within / common).sum(-1)
  return area_px**2 * pairs / (len(centres_px) * len(others_px))


def association_text(
  found: Association,
  names: tuple[str, str],
  distance: str,
) -> str:
  """The numbers in a sentence.

  Args:
    found: the numbers.
    names: of the defects A and B.
    distance: with its unit.

  Examples:
    >>> found = Association(40, 12, np.array([3] * 990 + [7] * 9))
    >>> association_text(found, ('voids', 'precipitates'), '1 nm')
    '12 of 40 voids lie at precipitates (within 1 nm); 3.0 expected at random \
positions (95%: 3 to 3), p = 0.001'
  """
  first, second = names
  if not found.counts.size:
    what = second if found.objects else f'whole {first}'
    return f'{first} at {second}: no {what}, nothing to test'
  low, high = found.random_interval
  return (
    f'{found.near} of {found.objects} {first} lie at {second} '
    f'(within {distance}); {found.near_random:.1f} expected at random '
    f'positions (95%: {low:.0f} to {high:.0f}), p = {found.p_value:.2g}'
  )


def _distance(mask: np.ndarray) -> np.ndarray:
  """Of each pixel's centre to the nearest of the mask, which is not empty."""
  return np.asarray(scipy.ndimage.distance_transform_edt(~mask))


def _at(values: np.ndarray, points_px: np.ndarray) -> np.ndarray:
  """The values at the pixels that points lie in."""
  last = np.array(values.shape) - 1
  rows, columns = np.moveaxis(
    np.clip(np.rint(points_px), 0, last).astype(int), -1, 0
  )
  return values[rows, columns]


def _overlap_when_shifted(valid: np.ndarray, shifts: np.ndarray) -> np.ndarray:
  """Pixels that an area has in common with itself, shifted by [n, 2].

  Of a large area, every other pixel or fewer tell that well enough.
  """
  step = -(-max(valid.shape) // _LARGEST_PX)
  thinned = valid[::step, ::step]
  sizes = [
    scipy.fft.next_fast_len(2 * side, real=True) for side in thinned.shape
  ]
  spectrum = scipy.fft.rfft2(thinned.astype(np.float64), sizes)
  common = np.asarray(scipy.fft.irfft2(np.abs(spectrum) ** 2, sizes))
  down, right = np.rint(shifts / step).astype(int).T
  return np.rint(common[down, right]) * step**2
