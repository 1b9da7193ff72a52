"""Does a network apply to an image: by the references that it resembles."""

import dataclasses
import enum
import math
from collections.abc import Mapping, Sequence

import numpy as np

from defectseg_jax.applicability.references import Reference, signs_array
from defectseg_jax.applicability.regression import best_regression, distances
from defectseg_jax.applicability.signs import NAMES
from defectseg_jax.errors import InputError

# An image is compared with so many references; the ends of an interval of 95%
# are then about those of all of them.
_NEIGHBOURS = 40
# Numbers of an image scatter by how few objects it has. It is compared with
# references that have half as many, or this many.
_ENOUGH = 12
# By eye: a network does of use where its F1 is at least half. It applies to an
# image if so much of what is like it is of use, and does not below the other.
USEFUL_F1 = 0.5
APPLIES_FROM, NOT_BELOW = 0.85, 0.15
# An image is unlike all references if its nearest are farther away than those
# of this part of the references among themselves.
_UNLIKE = 0.99
_NEAREST = 5
# So many objects scatter as much by their number as by all else; by eye.
_FEW = 8.0
# So many objects at distances that differ by less are a lattice; points at
# random have 0.52, and hard discs that cover a third of the area 0.3.
_LATTICE_OBJECTS, _LATTICE_SPREAD = 8, 0.15
_TAILS = 0.025, 0.5, 0.975
_COUNT = NAMES.index('log_count')


class Applies(enum.StrEnum):
  """Whether a network's numbers can be believed; the values are for people."""

  YES = 'applies'
  CHECK = 'check'
  NO = 'does not apply'


@dataclasses.dataclass(frozen=True)
class Expected:
  """A number that is expected, with the 95% interval of images like this one.

  Attributes:
    value: the middle of them.
    low, high: ends.
  """

  value: float
  low: float
  high: float


@dataclasses.dataclass(frozen=True)
class Verdict:
  """What reference micrographs say of an image.

  Attributes:
    applies: in a word.
    reason: in a sentence.
    f1: expected of the objects, or of the length of lines.
    truths: by number of a summary, the expected true number over the one that
      was found, if the image shows such a defect at all.
    may_be_none: those of these numbers that are 0 in truth in more than 2.5% of
      the images like this one; none of an image to which the network applies.
  """

  applies: Applies
  reason: str
  f1: Expected
  truths: Mapping[str, Expected]
  may_be_none: frozenset[str] = frozenset()


class Judge:
  """Compares images with references.

  A kernel ridge regression over the signs foretells the F1. The references of
  which it foretells nearly the same, each without having seen it, then say how
  far off that is, and how far off the numbers are.

  Attributes:
    references: in which something was found that is no lattice.
    nothing_there: of the references in which nothing was found, the fraction
      that hold nothing.
  """

  def __init__(self, references: Sequence[Reference]) -> None:
    """Fits the regression.

    Args:
      references: of the network.

    Raises:
      InputError: there are too few in which something was found.
    """
    self.references = [
      one
      for one in references
      if one.signs['log_count'] > 0 and not _is_lattice(one.signs)
    ]
    if len(self.references) < _NEIGHBOURS:
      raise InputError(
        f'{len(self.references)} reference micrographs show objects, and '
        f'{_NEIGHBOURS} are needed; make more by --mode=references'
      )
    empty = [one.f1 for one in references if one.signs['log_count'] == 0]
    self.nothing_there = float(np.mean(empty)) if empty else math.nan
    signs = signs_array(one.signs for one in self.references)
    self._f1 = np.array([one.f1 for one in self.references])
    self._counts = np.expm1(signs[:, _COUNT])
    self._mean = signs.mean(axis=0)
    self._std = np.maximum(signs.std(axis=0), 1e-9)
    places = self._place(signs)
    self._regression = best_regression(
      places, self._f1, 1 + _FEW / self._counts
    )
    apart = distances(places, places)
    np.fill_diagonal(apart, math.inf)
    nearest = np.sort(apart, axis=1)[:, _NEAREST - 1]
    self._far = float(np.quantile(nearest, _UNLIKE))

  def judge(
    self, signs: Mapping[str, float], *, leave_out: int | None = None
  ) -> Verdict:
    """What the references say of an image.

    Args:
      signs: of the image, from `image_signs`.
      leave_out: number of a reference that is not asked: the image itself.
    """
    if signs['log_count'] == 0:
      return self._of_nothing()
    if _is_lattice(signs):
      return _of_lattice()
    place = self._place(signs_array([signs]))
    apart = distances(place, self._regression.places)[0]
    foretold = float(self._regression.foretell(place)[0])
    if leave_out is not None:
      foretold = float(self._regression.without_itself[leave_out])
      apart[leave_out] = math.inf
    like = self._like(foretold, math.expm1(signs['log_count']), leave_out)
    f1 = self._f1[like]
    low, _, high = _quantiles(f1)
    expected = Expected(float(f1.mean()), low, high)
    applies, reason = _word(
      expected,
      useful=int(np.count_nonzero(f1 >= USEFUL_F1)),
      unlike=float(np.sort(apart)[_NEAREST - 1]) > self._far,
    )
    truths, none = self._truths(like), frozenset[str]()
    if applies != Applies.YES:
      none = frozenset(name for name in truths if self._may_be_none(name, like))
    return Verdict(applies, reason, expected, truths, none)

  def _of_nothing(self) -> Verdict:
    share = self.nothing_there
    reason = 'nothing was found'
    if not math.isnan(share):
      reason += (
        f'; of the reference micrographs in which nothing was found, '
        f'{100 * share:.0f}% hold nothing'
      )
    unknown = Expected(share, 0.0, 1.0)
    return Verdict(Applies.CHECK, reason, unknown, {})

  def _like(
    self, foretold: float, count: float, leave_out: int | None
  ) -> np.ndarray:
    """Numbers of the references that are asked."""
    off = np.abs(self._regression.without_itself - foretold)
    off[self._counts < min(count / 2, _ENOUGH)] += 10
    if leave_out is not None:
      off[leave_out] = math.inf
    return np.argsort(off, kind='stable')[:_NEIGHBOURS]

  def _place(self, signs: np.ndarray) -> np.ndarray:
    return np.clip((signs - self._mean) / self._std, -4, 4)

  def _truths(self, like: np.ndarray) -> dict[str, Expected]:
    found = {}
    for name in self.references[0].truths:
      values = self._true_over_found(name, like)
      # That an image holds nothing of the kind, `_may_be_none` says; that
      # nothing of it was counted, is for the verdict to say.
      values = values[(values > 0) & (values < math.inf)]
      if len(values) >= _NEIGHBOURS // 2:
        low, middle, high = _quantiles(values)
        found[name] = Expected(middle, low, high)
    return found

  def _may_be_none(self, name: str, like: np.ndarray) -> bool:
    """Whether what was found may be of something else altogether."""
    values = self._true_over_found(name, like)
    return float(np.mean(values[values < math.inf] == 0)) > _TAILS[0]

  def _true_over_found(self, name: str, like: np.ndarray) -> np.ndarray:
    return np.array([self.references[one].truths[name] for one in like])


def _is_lattice(signs: Mapping[str, float]) -> bool:
  many = math.expm1(signs['log_count']) >= _LATTICE_OBJECTS
  return many and signs['spacing_spread'] < _LATTICE_SPREAD


def _of_lattice() -> Verdict:
  reason = (
    'what was found lies in a lattice, as columns of atoms or diffraction '
    'spots do'
  )
  return Verdict(Applies.NO, reason, Expected(0.0, 0.0, 0.0), {})


def _quantiles(values: np.ndarray) -> list[float]:
  """Ends and middle of 95%."""
  return [
    float(one) for one in np.quantile(values, _TAILS, method='median_unbiased')
  ]


def _word(f1: Expected, *, useful: int, unlike: bool) -> tuple[Applies, str]:
  reason = (
    f'of {_NEIGHBOURS} reference micrographs like it, {useful} have an F1 of '
    f'{USEFUL_F1} or more; {f1.value:.2f} ({f1.low:.2f} to {f1.high:.2f}) is '
    'expected'
  )
  if useful < NOT_BELOW * _NEIGHBOURS:
    return Applies.NO, reason
  if unlike:
    return Applies.CHECK, f'it looks like no reference micrograph; {reason}'
  if useful < APPLIES_FROM * _NEIGHBOURS:
    return Applies.CHECK, reason
  return Applies.YES, reason
