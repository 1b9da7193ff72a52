"""Probability of detection against size, as a development set has it."""

import dataclasses
import functools
import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import special

from defectseg_jax.errors import InputError
from defectseg_jax.quantification.intervals import LEVEL

# Where fewer than this part are found, those that are say nothing of how many
# there are; by eye.
_LEAST_PROBABILITY = 0.1


class FoundFrom(NamedTuple):
  """The smallest diameter of which a part is found; NaN where there is none.

  Attributes:
    value: by the curve.
    low, high: by the upper and the lower end of its interval.
  """

  value: float
  low: float
  high: float


@dataclasses.dataclass(frozen=True, eq=False)
class DetectionBySize:
  """How many objects of each size a network finds.

  The probability of detection of a class is found / (found + missed), with the
  interval of Jeffreys, which holds what it says also of few objects (Brown, Cai
  and DasGupta, Statistical Science 16, 2001, 101). Objects of one micrograph
  are found or missed together, so that they tell less than as many of as many
  micrographs: the interval is that of fewer objects, by their design effect
  (Rao and Scott, Biometrics 48, 1992, 577). Between the middles of classes the
  curve is straight over the logarithm of the diameter. No form is assumed: the
  logistic regression of MIL-HDBK-1823A takes for granted that whatever is large
  enough is found, and faint objects are not.

  Attributes:
    edges_px: [classes + 1], diameters in pixels of the network.
    found, missed: [classes], objects of the truth, by their own diameters.
    real, invented: [classes], objects of the prediction, by theirs; those
      beyond the edges are in the first and the last class.
    design_effect: by how much more the found ones vary than if each were found
      for itself, 1 or more.
    zooms: scales at which an image was looked at, in pixels of the network for
      each of the image. A size is judged at the finest at which it is known.

  Raises:
    InputError: the arrays do not fit together, or a class is empty.

  Examples:
    30 of 100 small objects are found, and 90 of 100 that are twice as large:

    >>> found = DetectionBySize(
    ...   np.array([4.0, 8.0, 16.0]),
    ...   *np.array([[30, 90], [70, 10], [30, 90], [0, 5]]),
    ... )
    >>> print('{:.2f} ({:.2f} to {:.2f})'.format(*found.probability([5.0])[0]))
    0.30 (0.22 to 0.39)
    >>> print(f'{found.found_from(0.5).value:.1f} px')
    7.1 px
  """

  edges_px: np.ndarray
  found: np.ndarray
  missed: np.ndarray
  real: np.ndarray
  invented: np.ndarray
  design_effect: float = 1.0
  zooms: tuple[float, ...] = (1.0,)

  def __post_init__(self) -> None:
    counts = self.found, self.missed, self.real, self.invented
    classes = len(self.edges_px) - 1
    if (
      classes < 1
      or any(one.shape != (classes,) or (one < 0).any() for one in counts)
      or not (np.diff(self.edges_px) > 0).all()
      or not (self.edges_px > 0).all()
      or not (self.found + self.missed > 0).all()
      or not self.design_effect >= 1
    ):
      raise InputError(
        f'detection by size: {classes} classes whose numbers do not fit '
        'together; score the run again (--mode=evaluate)'
      )

  @property
  def middles_px(self) -> np.ndarray:
    """[classes], in the middle by the logarithm."""
    return np.sqrt(self.edges_px[1:] * self.edges_px[:-1])

  @functools.cached_property
  def curve(self) -> np.ndarray:
    """[classes, 3]: probability of detection, and ends of its interval."""
    return _shares(self.found, self.missed, self.design_effect)

  @functools.cached_property
  def precision(self) -> np.ndarray:
    """[classes, 3]: part of the predicted objects that is real, likewise."""
    return _shares(self.real, self.invented, self.design_effect)

  def at_zooms(self, zooms: Sequence[float]) -> 'DetectionBySize':
    """The same, for an image that the network saw at other scales.

    Args:
      zooms: pixels of the network for each of the image; none where it found
        nothing, and then nothing is changed.
    """
    return dataclasses.replace(self, zooms=tuple(zooms)) if zooms else self

  def probability(
    self, diameters_px: np.ndarray | Sequence[float]
  ) -> np.ndarray:
    """Probability of detection of objects of some diameters.

    Args:
      diameters_px: [n], in pixels of the image.

    Returns:
      [n, 3]: the probability, and the ends of its interval; NaN of sizes that
      the development set does not have.
    """
    sizes = np.asarray(diameters_px, float)
    found = np.full((len(sizes), 3), math.nan)
    places = np.log(self.middles_px)
    for zoom in sorted(self.zooms):
      seen = sizes * zoom
      known = (seen >= self.edges_px[0]) & (seen <= self.edges_px[-1])
      for column in range(3):
        # The finest scale comes last, and stays.
        found[known, column] = np.interp(
          np.log(seen[known]), places, self.curve[:, column]
        )
    return found

  def stands_for(self, diameters_px: np.ndarray) -> np.ndarray:
    """How many true objects one stands for that was found: 1 / probability.

    Args:
      diameters_px: [n], of objects that were found, in pixels of the image.

    Returns:
      [n, 3]: the number, and ends of its interval; NaN where the size is not
      known, or too few of it are found to tell.
    """
    probability = self.probability(diameters_px)
    probability[probability[:, 0] < _LEAST_PROBABILITY] = math.nan
    return 1 / probability[:, [0, 2, 1]]

  def found_from(self, part: float) -> FoundFrom:
    """The smallest diameter from which on a part of the objects is found.

    Args:
      part: of them, such as 0.5.

    Returns:
      In pixels of the image, at the finest scale. It is looked for from the
      class that is found best towards smaller ones; where that is the smallest
      of the development set, it is its lower edge.
    """
    finest = max(self.zooms)
    value, low, high = (
      self._crossing(self.curve[:, column], part) / finest
      for column in (0, 2, 1)
    )
    return FoundFrom(value, low, high)

  def _crossing(self, curve: np.ndarray, part: float) -> float:
    place = int(np.argmax(curve))
    if curve[place] < part:
      return math.nan
    while place and curve[place - 1] >= part:
      place -= 1
    if not place:
      return float(self.edges_px[0])
    below, above = np.log(self.middles_px[place - 1 : place + 1])
    share = (part - curve[place - 1]) / (curve[place] - curve[place - 1])
    return math.exp(below + share * (above - below))


def _shares(
  yes: np.ndarray, no: np.ndarray, design_effect: float
) -> np.ndarray:
  """[n, 3]: yes / (yes + no), and ends of the interval; NaN of nothing."""
  with np.errstate(invalid='ignore'):
    share = yes / (yes + no)
  tail = (1 - LEVEL) / 2
  shape = yes / design_effect + 0.5, no / design_effect + 0.5
  low, high = (special.betaincinv(*shape, q) for q in (tail, 1 - tail))
  # As Brown, Cai and DasGupta have it: nothing and all are possible.
  low, high = np.where(yes == 0, 0.0, low), np.where(no == 0, 1.0, high)
  found = np.stack([share, low, high], axis=1)
  found[np.isnan(share)] = math.nan
  return found
