"""What is measured in one mask."""

import dataclasses
import math

import numpy as np

from defectseg_jax.quantification.plausibility import QualityWarning


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Measurement:
  """What is measured in one mask.

  Attributes:
    summary: numbers of the whole image by name, units in the names. Names that
      end in `_low` and `_high` are the ends of a 95% interval. How each is
      defined: `kind_of(defect).conventions`.
    objects: columns of a table with a row for each particle or line; NumPy
      arrays of one length, so that `pandas.DataFrame(found.objects)` is that
      table. `id` is the object's number in `labels`.
    warnings: what makes the numbers implausible; empty if nothing does.
    labels: int32 [H, W], the object's id at each pixel, 0 in the background.
    counted: bool [objects], those that the number density counts by the border
      rule; all lines.
    sizes_nm: [sizes], what a histogram shows: diameters of the particles that
      the image's edge does not cut, or distances between neighbouring
      crossings along the test lines over dislocations. NaN without a scale.
    sizes_px: the same in pixels.
    valid: bool [H, W], True on specimen, which the numbers are of; None where
      all of the image is.
    stands_for: [sizes, 3], for each size how many true particles stand behind
      one that the network found, and the ends of its interval; NaN where that
      is not known. None where no network is.
  """

  summary: dict[str, float]
  objects: dict[str, np.ndarray]
  warnings: list[QualityWarning]
  labels: np.ndarray
  counted: np.ndarray
  sizes_nm: np.ndarray
  sizes_px: np.ndarray
  valid: np.ndarray | None = dataclasses.field(default=None, kw_only=True)
  stands_for: np.ndarray | None = dataclasses.field(default=None, kw_only=True)

  @property
  def valid_fraction(self) -> float:
    """Part of the image that is specimen."""
    return 1.0 if self.valid is None else float(self.valid.mean())

  def __repr__(self) -> str:
    """The numbers with their intervals, a line each; arrays as their sizes."""
    height, width = self.labels.shape
    lines = [
      f'Measurement of {height} x {width} pixels: {len(self.counted)} objects, '
      f'{int(self.counted.sum())} counted'
    ]
    lines += [f'  {name} = {text}' for name, text in self._numbers()]
    lines += [f'  warning {one.name}: {one.message}' for one in self.warnings]
    return '\n'.join(lines)

  def _numbers(self) -> list[tuple[str, str]]:
    """Names, and values with their intervals behind them."""
    found = []
    for name, value in self.summary.items():
      if name.endswith(('_low', '_high')):
        continue
      text = f'{value:.4g}'
      low, high = (
        self.summary.get(f'{name}_{end}', math.nan) for end in ('low', 'high')
      )
      if not math.isnan(low):
        text += f' ({low:.4g} to {high:.4g})'
      found.append((name, text))
    return found
