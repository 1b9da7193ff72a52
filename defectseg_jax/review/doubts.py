"""What of an image a person should look at first, as its page lists it."""

from typing import Any

from defectseg_jax.quantification import kind_of
from defectseg_jax.quantification.review import (
  doubtful_objects,
  nearly_found_regions,
)
from defectseg_jax.reporting.page.content import reason_to_check
from defectseg_jax.review.document import Document

# By eye: so many pixels on a side tell enough of a region.
_LARGEST_SIDE_PX = 2048
# Smaller regions that were nearly found are specks; by eye.
_SPECK_PX = 16


def places_to_check(document: Document) -> list[dict[str, Any]]:
  """Objects near the threshold that an answer depends on, and near misses.

  Args:
    document: with its lock held.

  Returns:
    By falling influence, each with `row` and `column` in pixels, `id` (None
    for what is no object) and `text`. Empty without a network.
  """
  if document.probabilities is None or document.threshold is None:
    return []
  step = -(-max(document.shape) // _LARGEST_SIDE_PX)
  ids = document.ids[::step, ::step]
  probabilities = document.probabilities[::step, ::step]
  least_peak = document.least_peak or 0.0
  found = doubtful_objects(
    ids,
    nearly_found_regions(
      ids,
      probabilities,
      threshold=document.threshold,
      minimum_area_px=max(1, _SPECK_PX // step**2),
    ),
    probabilities,
    threshold=document.threshold,
    least_peak=least_peak,
    power=kind_of(document.defect).area_exponent,
  )
  return [
    {
      'id': one.id or None,
      'row': (one.row_px + 0.5) * step,
      'column': (one.column_px + 0.5) * step,
      'text': reason_to_check(one, document.threshold, least_peak),
    }
    for one in found
  ]
