"""What the page shows of an image: layers, objects, and what to check."""

from collections.abc import Mapping
from typing import Any

import ml_collections
import numpy as np

from defectseg_jax.quantification.kinds import kind_of
from defectseg_jax.quantification.measurement import Measurement
from defectseg_jax.quantification.plausibility import QualityWarning
from defectseg_jax.quantification.review import (
  doubtful_objects,
  nearly_found_regions,
)
from defectseg_jax.reporting.figures import comparison_map
from defectseg_jax.reporting.overlays import grey_levels
from defectseg_jax.reporting.page import PageImage

# Larger images are thinned out before the page averages them.
_LARGEST_LAYER_PX = 4096
# What is smaller is noise, not something that was nearly found.
_SPECK_PX = 4


def page_image(
  name: str,
  summary: Mapping[str, Any],
  found: Measurement,
  *,
  config: ml_collections.ConfigDict,
  threshold: float,
  pixels: np.ndarray,
  mask: np.ndarray,
  probabilities: np.ndarray,
  doubts: list[QualityWarning],
  truth: np.ndarray | None = None,
) -> PageImage:
  """An image of the page, with what was nearly found among its objects.

  Args:
    name: of the image.
    summary: its row of summary.csv.
    found: what was measured in it; with `mean_probability` of each object. What
      was nearly found is drawn into its labels.
    config: `defect` and `quantification` are read.
    threshold: above which pixels were taken.
    pixels: [H, W], the micrograph.
    mask: bool [H, W], what was measured.
    probabilities: float32 [H, W].
    doubts: what cannot be right.
    truth: bool [H, W], if it is known: then there is a comparison map.

  Returns:
    The image; its objects have `found`, which is False of regions that half
    the threshold would have found, and which count in no number.
  """
  # The page shows no more pixels than a screen has.
  step = -(-max(pixels.shape) // _LARGEST_LAYER_PX)
  pixels, mask, probabilities = (
    values[::step, ::step] for values in (pixels, mask, probabilities)
  )
  labels, objects, check = _with_almost_found(
    found, probabilities, config, threshold, step
  )
  layers = {
    'micrograph': grey_levels(pixels),
    'mask': mask * np.uint8(255),
    'probability': (probabilities * 255).astype(np.uint8),
  }
  if truth is not None:
    layers['comparison'] = comparison_map(mask, truth[::step, ::step])
  return PageImage(
    name=name,
    summary=summary,
    objects=objects,
    labels=labels,
    layers=layers,
    sizes_nm=found.sizes_nm,
    warnings=doubts,
    check=check,
  )


def _with_almost_found(found, probabilities, config, threshold, step):
  """Where every step-th pixel of a large image is enough to look at."""
  thinned = found.labels[::step, ::step]
  smallest_px = max(config.quantification.minimum_area_px, _SPECK_PX)
  almost = nearly_found_regions(
    thinned,
    probabilities,
    threshold=threshold,
    minimum_area_px=max(1, smallest_px // step**2),
  )
  first = doubtful_objects(
    thinned,
    almost,
    probabilities,
    threshold=threshold,
    power=kind_of(config.defect).area_exponent,
  )
  columns = {name: values.tolist() for name, values in found.objects.items()}
  objects = [
    {**dict(zip(columns, values)), 'found': True}
    for values in zip(*columns.values())
  ]
  check = []
  for one in first:
    number = one.id
    if not number:
      number = len(objects) + 1
      _draw(found.labels, almost == one.almost_id, step, number)
      objects.append(
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
      )
    check.append((number, _reason(one, threshold)))
  return found.labels, objects, check


def _draw(labels, region, step, number):
  """A region of thinned pixels, at full size, where nothing else is."""
  for row, column in zip(*np.nonzero(region)):
    row, column = row * step, column * step
    block = labels[row : row + step, column : column + step]
    block[block == 0] = number


def _reason(one, threshold):
  weight = f'up to {100 * one.influence:.0f}% of the answer'
  if one.id:
    return f'{weight}: mean probability {one.probability:.2f}'
  return (
    f'{weight}: not counted, highest probability {one.probability:.2f}, '
    f'threshold {threshold:.2f}'
  )
