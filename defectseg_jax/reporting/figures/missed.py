"""What a network misses of the sizes that a histogram shows."""

from typing import NamedTuple

import numpy as np

from defectseg_jax.quantification import Measurement


class Missed(NamedTuple):
  """What is known of the objects that are missing from a histogram.

  Attributes:
    stands_for: [n, 3], for each size how many true objects stand behind it, and
      ends of that number's interval; NaN where it is not known.
    half, most: sizes from which on half and 90% are found, in the unit of the
      histogram; NaN where none is, None where nothing is said of it.
  """

  stands_for: np.ndarray
  half: float | None = None
  most: float | None = None

  @property
  def known(self) -> np.ndarray:
    """bool [n]: whether it is known how many stand behind a size."""
    return ~np.isnan(self.stands_for[:, 0])

  def true_counts(self, sizes: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """How many objects there are of each size, with those that are missing.

    Args:
      sizes: [n], of what was found.
      edges: [bars + 1].

    Returns:
      [bars, 3]: numbers, and ends of their intervals. A size of which nothing
      is known stands for itself alone.
    """
    behind = np.where(np.isnan(self.stands_for), 1, self.stands_for)
    return np.stack(
      [np.histogram(sizes, edges, weights=column)[0] for column in behind.T],
      axis=1,
    )

  def sentences(self, unit: str) -> list[str]:
    """What a reader must know of the histogram.

    Args:
      unit: of its sizes.

    Examples:
      >>> behind = np.array([[2.0, 1.5, 3.0], [1.0, 1.0, 1.2]])
      >>> for line in Missed(behind, half=4.0, most=np.nan).sentences('nm'):
      ...   print(line)
      light: missed, if this is like the development set: about 1 (0 to 2)
      half of the objects are found from 4 nm on, 90% of no size
    """
    return [*self._missing(), *self._limits(unit)]

  def _missing(self) -> list[str]:
    known = self.known
    lines = []
    if known.any():
      value, low, high = (self.stands_for[known] - 1).sum(axis=0)
      lines.append(
        'light: missed, if this is like the development set: about '
        f'{value:.0f} ({low:.0f} to {high:.0f})'
      )
    if not known.all():
      lines.append(
        f'of {np.count_nonzero(~known)} nothing is known: too few of their '
        'size were found in the development set, or a person drew them'
      )
    return lines

  def _limits(self, unit: str) -> list[str]:
    if self.half is None or self.most is None:
      return []
    half, most = (
      'of no size' if np.isnan(one) else f'from {one:.3g} {unit} on'
      for one in (self.half, self.most)
    )
    return [f'half of the objects are found {half}, 90% {most}']


def missed_sizes(found: Measurement, unit: str) -> Missed | None:
  """What a network misses of the sizes of one image.

  Args:
    found: measured in its mask.
    unit: nm or px, of the histogram.

  Returns:
    None where nothing is known of that, as of a person's mask.
  """
  if found.stands_for is None:
    return None
  half, most = (
    found.summary[f'diameter_{percent}_detected_{unit}'] for percent in (50, 90)
  )
  return Missed(found.stands_for, half, most)
