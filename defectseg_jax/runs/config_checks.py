"""What settings may hold, said before anything is made or read."""

import dataclasses
import math
from collections.abc import Callable, Mapping
from typing import Any

from defectseg_jax.errors import InputError
from defectseg_jax.models.settings import ModelSettings
from defectseg_jax.runs.settings import RunSettings


@dataclasses.dataclass(frozen=True)
class _Bound:
  holds: Callable[[Any], bool]
  text: str


_POSITIVE = _Bound(lambda x: math.isfinite(x) and x > 0, 'must be above 0')
_AT_LEAST_0 = _Bound(lambda x: math.isfinite(x) and x >= 0, 'must be 0 or more')
_AT_LEAST_1 = _Bound(lambda x: math.isfinite(x) and x >= 1, 'must be 1 or more')
_FACTOR = _Bound(lambda x: 0 < x < 1, 'must be between 0 and 1')
_FRACTION = _Bound(lambda x: 0 < x <= 1, 'must be above 0 and at most 1')

_BOUNDS = {
  'seed': _Bound(lambda x: 0 <= x < 2**31, 'must be in 0 .. 2147483647'),
  'data.patch_px': _AT_LEAST_1,
  'training.batch_size': _AT_LEAST_1,
  'training.epochs': _AT_LEAST_1,
  'training.learning_rate': _POSITIVE,
  'training.plateau_factor': _FACTOR,
  'training.plateau_patience_epochs': _AT_LEAST_1,
  'training.max_decays': _AT_LEAST_1,
  'training.positive_weight': _AT_LEAST_1,
  'training.positive_weight_decay': _FRACTION,
  'training.average_decay': _Bound(
    lambda x: 0 <= x < 1, 'must be 0 or more, and below 1'
  ),
  'training.l2': _AT_LEAST_0,
  'evaluation.tile_px': _AT_LEAST_1,
}


_SEARCH_BOUNDS = {
  'trials': _AT_LEAST_1,
  'top': _AT_LEAST_1,
  'warm_trials': _AT_LEAST_1,
  'max_rounds': _AT_LEAST_1,
  'prune_after_epochs': _AT_LEAST_0,
}


def require_valid(settings: RunSettings) -> None:
  """Raises InputError for the first number that is out of its bounds.

  Names of things (sources, methods, architectures) are checked where they are
  looked up.
  """
  _require_bounds(settings, _BOUNDS, 'config')
  folder, simulated = settings.simulation.background, settings.domain
  if folder and simulated is not None and settings.defect == 'dislocations':
    raise InputError(
      f'config.simulation.background={folder}: real micrographs have '
      'dislocations of their own, which would be learnt as background; leave '
      'it out'
    )


def require_valid_search(search: Any) -> None:
  """Raises InputError for a number of a search that is out of its bounds.

  Args:
    search: the section of the config, or its dataclass.
  """
  _require_bounds(search, _SEARCH_BOUNDS, 'config.search')


def _require_bounds(
  settings: Any, bounds: Mapping[str, _Bound], prefix: str
) -> None:
  for name, bound in bounds.items():
    value = settings
    for part in name.split('.'):
      value = getattr(value, part)
    if not bound.holds(value):
      raise InputError(f'{prefix}.{name}={value}: {bound.text}')


def require_patch_fits(
  patch_px: int, model: ModelSettings, multiple: int
) -> None:
  """Raises InputError for a patch that the poolings cannot halve evenly."""
  if patch_px % multiple:
    raise InputError(
      f'config.data.patch_px={patch_px}: must be a multiple of {multiple} for '
      f'config.model.name={model.name}'
    )


def require_divisible(batch_size: int, device_count: int) -> None:
  """Raises InputError for a batch that cannot be divided among the devices."""
  if batch_size % device_count:
    smaller = batch_size // device_count * device_count
    choices = [n for n in (smaller, smaller + device_count) if n]
    raise InputError(
      f'config.training.batch_size={batch_size}: does not divide among '
      f'{device_count} devices; use {" or ".join(map(str, choices))}'
    )
