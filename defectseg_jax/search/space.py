"""What a search draws for a trial: fields of the config and their ranges."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import optuna
from optuna.distributions import (
  CategoricalDistribution,
  FloatDistribution,
  IntDistribution,
)

from defectseg_jax.errors import InputError

Distribution = CategoricalDistribution | FloatDistribution | IntDistribution

# A trial's seed and first weights are the search's to set; what is done with
# masks later changes no training, and a search does not search itself.
_NOT_SEARCHED = ('seed', 'init_from', 'defect', 'quantification', 'search')
_REMEDY = 'configs/search.py says what may stand here'


def search_space(
  space: Mapping[str, Any], fields: Mapping[str, Any]
) -> dict[str, Distribution]:
  """Optuna's distributions of the fields that are searched.

  Args:
    space: `SearchSettings.space`: ranges, by the dotted names of fields.
    fields: all fields of the config and their values, by dotted names.

  Returns:
    At least one distribution; sorted by name. An empty range is left out.

  Raises:
    InputError: a field does not exist or cannot be searched, the bounds are
      reversed or not numbers, a type is not that of the field, or nothing is
      searched.

  Examples:
    >>> space = {'training.l2': ('log', 1e-6, 1e-2), 'training.epochs': ()}
    >>> found = search_space(space, {'training.l2': 0.1, 'training.epochs': 9})
    >>> found['training.l2'].low, found['training.l2'].high, len(found)
    (1e-06, 0.01, 1)
  """
  found = {}
  for name, given in sorted(space.items()):
    where = f'config.search.space.{name}={given!r}'
    if name not in fields:
      raise InputError(f'{where}: config.{name} does not exist; {_REMEDY}')
    if name.split('.')[0] in _NOT_SEARCHED:
      raise InputError(
        f'{where}: config.{name} cannot be searched; take it out'
      )
    if not isinstance(given, tuple | list):
      raise InputError(f'{where}: must be a range; {_REMEDY}')
    if len(given):
      found[name] = _distribution(given, fields[name], where)
  if not found:
    raise InputError(f'config.search.space: nothing is searched; {_REMEDY}')
  return found


def trial_sampler(*, seed: int, number: int) -> optuna.samplers.BaseSampler:
  """What draws one trial.

  It follows from the seed of the search and the trial's number alone, so that
  a trial does not depend on who draws it, or on what was drawn before.

  Args:
    seed: of the search.
    number: of the trial, from 0.

  Returns:
    Optuna's RandomSampler.
  """
  state = np.random.SeedSequence([seed, number]).generate_state(1)
  return optuna.samplers.RandomSampler(seed=int(state[0]))


def extreme_values(
  space: Mapping[str, Distribution],
) -> Iterator[dict[str, Any]]:
  """Values of all fields together, such that each end or choice comes once."""
  choices = {
    name: distribution.choices
    if isinstance(distribution, CategoricalDistribution)
    else (distribution.low, distribution.high)
    for name, distribution in space.items()
  }
  for place in range(max(map(len, choices.values()))):
    yield {name: of[min(place, len(of) - 1)] for name, of in choices.items()}


def _distribution(given: Sequence[Any], value: Any, where: str) -> Distribution:
  kind, *rest = given
  if kind == 'choice':
    return _choice(rest, value, where)
  if kind not in ('log', 'uniform', 'integer'):
    raise InputError(f'{where}: there is no range {kind!r}; {_REMEDY}')
  whole = kind == 'integer'
  if isinstance(value, bool) or not isinstance(value, int if whole else float):
    raise InputError(
      f'{where}: the field holds {value!r}, which {kind!r} does not draw; '
      f'{_REMEDY}'
    )
  if len(rest) != 2 or not all(_is_number(end, whole) for end in rest):
    raise InputError(
      f'{where}: needs two {"whole " if whole else ""}numbers, low and high'
    )
  low, high = rest
  if not low < high:
    raise InputError(
      f'{where}: {low} is not below {high}; write the lower bound first'
    )
  if kind == 'log' and low <= 0:
    raise InputError(f'{where}: {low} has no logarithm; begin above 0')
  if whole:
    return IntDistribution(low, high)
  return FloatDistribution(float(low), float(high), log=kind == 'log')


def _choice(
  choices: Sequence[Any], value: Any, where: str
) -> CategoricalDistribution:
  if not choices or len(set(map(repr, choices))) < len(choices):
    raise InputError(f'{where}: needs choices, each once')
  for choice in choices:
    if type(choice) is not type(value):
      raise InputError(
        f'{where}: {choice!r} is not of the type of the field, which holds '
        f'{value!r}'
      )
  return CategoricalDistribution(choices)


def _is_number(end: Any, whole: bool) -> bool:
  if isinstance(end, bool) or not isinstance(
    end, int if whole else int | float
  ):
    return False
  return math.isfinite(end)
