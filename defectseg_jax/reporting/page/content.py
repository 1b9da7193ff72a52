"""What the page shows of an image: layers, objects, and what to check."""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from defectseg_jax.quantification import Measurement, QualityWarning, kind_of
from defectseg_jax.quantification.review import (
  Doubtful,
  doubtful_objects,
  nearly_found_regions,
)
from defectseg_jax.reporting.figures import comparison_map
from defectseg_jax.reporting.figures.missed import missed_sizes
from defectseg_jax.reporting.overlays import grey_levels
from defectseg_jax.reporting.page.page_image import PageImage

# Larger images are thinned out before the page averages them.
_LARGEST_LAYER_PX = 4096
# By eye: what is smaller is noise, not an object that was nearly found.
_SPECK_PX = 4


@dataclasses.dataclass(frozen=True, eq=False)
class ImageArrays:
  """The arrays of one image, all of its shape.

  Attributes:
    pixels: [H, W], the micrograph; None where there is a mask alone.
    mask: bool [H, W], what was measured.
    probabilities: float32 [H, W]; None where no network looked.
    truth: bool [H, W], the true mask; None where it is not known.
    valid: bool [H, W], True on specimen; None where all is.
    compared: bool [H, W], True where the truth says something; likewise.
  """

  pixels: np.ndarray | None
  mask: np.ndarray
  probabilities: np.ndarray | None
  truth: np.ndarray | None = None
  valid: np.ndarray | None = None
  compared: np.ndarray | None = None

  @property
  def where_compared(self) -> np.ndarray | None:
    """bool [H, W], where mask and truth are compared; None: everywhere."""
    if self.compared is None or self.valid is None:
      return self.valid if self.compared is None else self.compared
    return self.compared & self.valid

  def thin_out(self, step: int) -> 'ImageArrays':
    """Every step-th pixel of every step-th row."""
    return ImageArrays(
      None if self.pixels is None else self.pixels[::step, ::step],
      self.mask[::step, ::step],
      None
      if self.probabilities is None
      else self.probabilities[::step, ::step],
      None if self.truth is None else self.truth[::step, ::step],
      None if self.valid is None else self.valid[::step, ::step],
      None if self.compared is None else self.compared[::step, ::step],
    )

  def layers(self) -> dict[str, np.ndarray]:
    """As the page shows them, uint8; with a truth there is a comparison."""
    layers = {}
    if self.pixels is not None:
      layers['micrograph'] = grey_levels(self.pixels, valid=self.valid)
    layers['mask'] = self._on_specimen(self.mask) * np.uint8(255)
    if self.probabilities is not None:
      layers['probability'] = (self.probabilities * 255).astype(np.uint8)
    if self.truth is not None:
      where = self.where_compared
      pair = self.mask, self.truth
      layers['comparison'] = comparison_map(
        *(one if where is None else one & where for one in pair)
      )
    return layers

  def _on_specimen(self, mask: np.ndarray) -> np.ndarray:
    return mask if self.valid is None else mask & self.valid


def page_image(
  name: str,
  found: Measurement,
  arrays: ImageArrays,
  *,
  defect: str,
  minimum_area_px: int,
  threshold: float,
  least_peak: float = 0.0,
  summary: Mapping[str, Any],
  warnings: Sequence[QualityWarning] = (),
) -> PageImage:
  """An image of the page, with regions below the threshold among its objects.

  Args:
    name, arrays: of the image.
    found: what was measured in it, with `mean_probability` of each object. It
      is not changed.
    defect: what was looked for.
    minimum_area_px: of a region that counts.
    threshold: of the probabilities, from which on a pixel is in the mask.
    least_peak: probability that an object must reach somewhere.
    summary: its row of summary.csv.
    warnings: what a reader must look at before the numbers are believed.

  Returns:
    The image. Its objects have `found`: False of regions that only half the
    threshold would find; they count in no number.
  """
  # The page shows no more pixels than a screen has.
  step = -(-max(arrays.mask.shape) // _LARGEST_LAYER_PX)
  thinned, labels = arrays.thin_out(step), found.labels[::step, ::step]
  # Without a network nobody doubts what a person drew.
  nearly_found, doubtful = np.zeros_like(labels), []
  if thinned.probabilities is not None:
    nearly_found = nearly_found_regions(
      labels,
      thinned.probabilities,
      threshold=threshold,
      minimum_area_px=max(1, max(minimum_area_px, _SPECK_PX) // step**2),
    )
    doubtful = doubtful_objects(
      *(labels, nearly_found, thinned.probabilities),
      threshold=threshold,
      least_peak=least_peak,
      power=kind_of(defect).area_exponent,
    )
  ids = _ids(doubtful, len(found.counted))
  reasons = [reason_to_check(one, threshold, least_peak) for one in doubtful]
  return PageImage(
    name=name,
    summary=summary,
    objects=_objects(found, doubtful, ids, step),
    labels=_with_nearly_found(found.labels, nearly_found, doubtful, ids, step),
    layers=thinned.layers(),
    **_sizes(found, summary),
    warnings=warnings,
    check=list(zip(ids, reasons)),
  )


def _sizes(found: Measurement, summary: Mapping[str, Any]) -> dict[str, Any]:
  """What the histogram shows; in pixels where the scale is not known."""
  unit = 'px' if summary.get('pixel_size_nm', math.nan) is None else 'nm'
  return {
    f'sizes_{unit}': getattr(found, f'sizes_{unit}'),
    'missed': missed_sizes(found, unit),
  }


def _ids(doubtful: Sequence[Doubtful], count: int) -> list[int]:
  """Of objects their own; regions that were nearly found follow them."""
  ids = []
  for one in doubtful:
    if not one.id:
      count += 1
    ids.append(one.id or count)
  return ids


def _objects(
  found: Measurement,
  doubtful: Sequence[Doubtful],
  ids: Sequence[int],
  step: int,
) -> list[dict[str, Any]]:
  """A row for each object, then for each region that was nearly found."""
  columns = {name: values.tolist() for name, values in found.objects.items()}
  objects = [
    {**dict(zip(columns, values)), 'found': True}
    for values in zip(*columns.values())
  ]
  return objects + [
    {
      **dict.fromkeys(columns, ''),
      'id': number,
      'row_px': one.row_px * step,
      'column_px': one.column_px * step,
      'area_px': one.area_px * step**2,
      'counted': False,
      'mean_probability': one.probability,
      'found': False,
    }
    for number, one in zip(ids, doubtful)
    if not one.id
  ]


def _with_nearly_found(
  labels: np.ndarray,
  nearly_found: np.ndarray,
  doubtful: Sequence[Doubtful],
  ids: Sequence[int],
  step: int,
) -> np.ndarray:
  """Labels of the page's own: regions of thinned pixels, at full size."""
  regions = [(n, one.almost_id) for n, one in zip(ids, doubtful) if not one.id]
  if not regions:
    return labels
  drawn = labels.copy()
  for number, region in regions:
    for row, column in zip(*np.nonzero(nearly_found == region)):
      row, column = row * step, column * step
      block = drawn[row : row + step, column : column + step]
      block[block == 0] = number
  return drawn


def reason_to_check(one: Doubtful, threshold: float, least_peak: float) -> str:
  """Why a person should look at an object, or at what is nearly one.

  Args:
    one: what to look at.
    threshold: of the probabilities, from which on a pixel is in the mask.
    least_peak: probability that an object must reach somewhere.
  """
  weight = f'up to {100 * one.influence:.0f}% of the answer'
  if one.id:
    return f'{weight}: mean probability {one.probability:.2f}'
  if one.probability >= max(threshold, least_peak):
    why = 'but no object by its size or its neighbours at any scale'
  elif one.probability >= threshold:
    why = f'an object must reach {least_peak:.2f} somewhere'
  else:
    why = f'threshold {threshold:.2f}'
  return (
    f'{weight}: not counted, highest probability {one.probability:.2f}, {why}'
  )
