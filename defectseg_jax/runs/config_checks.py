"""What a config may hold, said before anything is made or read."""

import dataclasses
import math
from collections.abc import Callable
from typing import Any

from defectseg_jax.errors import InputError


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
  'search.trials': _AT_LEAST_1,
  'search.top': _AT_LEAST_1,
  'search.warm_trials': _AT_LEAST_1,
  'search.max_rounds': _AT_LEAST_1,
  'search.prune_after_epochs': _AT_LEAST_0,
}


def require_valid(config: Any) -> None:
  """Raises InputError for the first number that is out of its bounds.

  Names of things (sources, methods, architectures) are checked where they are
  looked up.
  """
  _require_bounds(config, _BOUNDS)


def require_valid_search(config: Any) -> None:
  """Raises InputError for a number of `config.search` out of its bounds."""
  _require_bounds(config, _SEARCH_BOUNDS)


def _require_bounds(config, bounds):
  for name, bound in bounds.items():
    value = config
    for part in name.split('.'):
      value = value[part]
    if not bound.holds(value):
      raise InputError(f'config.{name}={value}: {bound.text}')


def require_patch_fits(patch_px: int, model_config: Any, multiple: int) -> None:
  """Raises InputError for a patch that the poolings cannot halve evenly."""
  if patch_px % multiple:
    raise InputError(
      f'config.data.patch_px={patch_px}: must be a multiple of {multiple} for '
      f'config.model.name={model_config.name}'
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
