"""What of a region is labelled, and whether its labels can be right."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from defectseg_jax.errors import InputError
from defectseg_jax.quantification.particles.components import covers_all
from defectseg_jax.quantification.plausibility import LARGEST_REGION
from defectseg_jax.runs.settings import RunSettings

# Of all that is labelled in parts of images; by eye: sides say nothing there.
_LARGEST_MARKED = 0.75


def where_labelled(region: Any, values: np.ndarray) -> np.ndarray:
  """The values that a loss or a score may look at.

  Args:
    region: of a data set.
    values: [H, W], of its pixels.

  Returns:
    [pixels], those that are labelled; [H, W] where all are.
  """
  return values if region.labelled is None else values[region.labelled]


def only_labelled(region: Any, values: np.ndarray) -> np.ndarray:
  """The same values, and 0 where nothing is labelled: [H, W]."""
  if region.labelled is None:
    return values
  return np.where(region.labelled, values, np.zeros((), values.dtype))


def not_labelled(regions: Sequence[Any]) -> dict[str, float]:
  """By region that is labelled in part, which part of it is not."""
  return {
    region.name: 1 - float(region.labelled.mean())
    for region in regions
    if region.labelled is not None
  }


def require_not_inverted(
  settings: RunSettings, regions: Mapping[str, Sequence[Any]]
) -> None:
  """Asks whether masks are black on white, before anything is learnt from it.

  Args:
    settings: of the run. Whoever says which value is defect is not asked.
    regions: by split.

  Raises:
    InputError: most of a mask is marked, in one region that touches all sides.
  """
  if settings.data.source != 'folder' or settings.data.mask_class:
    return
  everything = [one for found in regions.values() for one in found]
  for one in everything:
    if one.labelled is None and covers_all(one.mask > 0, LARGEST_REGION):
      raise _inverted(settings, one.name, one.mask)
  parts = [one for one in everything if one.labelled is not None]
  if parts:
    marked = np.concatenate([where_labelled(one, one.mask) for one in parts])
    if marked.mean() > _LARGEST_MARKED:
      raise _inverted(settings, parts[0].name, marked)


def _inverted(
  settings: RunSettings, name: str, marked: np.ndarray
) -> InputError:
  return InputError(
    f'{settings.data.dir}: is the mask of {name} black on white? '
    f'{100 * (marked > 0).mean():.0f}% of it is marked as defect; if its '
    'defects are black, give --mask_class=0, and if what is white is meant, '
    '--mask_class=255 (or the value that is white)'
  )


def remarks_of(regions: Mapping[str, Sequence[Any]]) -> Iterator[str]:
  """What a person must know of labels before training begins, in lines.

  Args:
    regions: by split.
  """
  everything = [one for found in regions.values() for one in found]
  parts = not_labelled(everything)
  if parts:
    shares = ', '.join(f'{100 * p:.2g}% of {name}' for name, p in parts.items())
    yield f'Not labelled, and in no loss and no score: {shares}.'
  empty = [one.name for one in everything if not one.mask.any()]
  if empty:
    yield (
      f'No defect is marked in {len(empty)} of {len(everything)} regions: '
      f'{", ".join(empty)}.'
    )
