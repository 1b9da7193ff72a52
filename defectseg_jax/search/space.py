"""What a search draws for a trial: fields of the config and their ranges."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import optuna
from optuna.distributions import (
  BaseDistribution,
  CategoricalDistribution,
  FloatDistribution,
  IntDistribution,
)

from defectseg_jax.errors import InputError

# A trial's seed and first weights are the search's to set; what is done with
# masks later changes no training, and a search does not search itself.
_NOT_SEARCHED = ('seed', 'init_from', 'defect', 'quantification', 'search')
_REMEDY = 'configs/search.py says what may stand here'


def search_space(config: Any) -> dict[str, BaseDistribution]:
  """The distributions of `config.search.space`, by the field's dotted name.

  Args:
    config: the whole config.

  Returns:
    At least one distribution of Optuna's; sorted by name.

  Raises:
    InputError: a field does not exist or is none to be searched, bounds are
      reversed or not numbers, a type is not the field's, or nothing is
      searched.
  """
  known = dict(_leaves(config))
  space = {}
  for name, given in sorted(_leaves(config.search.space)):
    where = f'config.search.space.{name}={given!r}'
    if name not in known:
      raise InputError(f'{where}: config.{name} does not exist; {_REMEDY}')
    if name.split('.')[0] in _NOT_SEARCHED:
      raise InputError(f'{where}: config.{name} cannot be searched; leave it')
    if not isinstance(given, tuple | list):
      raise InputError(f'{where}: is no range; {_REMEDY}')
    if len(given):
      space[name] = _distribution(tuple(given), known[name], where)
  if not space:
    raise InputError(f'config.search.space: nothing is searched; {_REMEDY}')
  return space


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


def ends(space: Mapping[str, BaseDistribution]) -> Iterator[dict[str, Any]]:
  """Values of all fields together, such that each end or choice comes once."""
  choices = {
    name: distribution.choices
    if isinstance(distribution, CategoricalDistribution)
    else (distribution.low, distribution.high)
    for name, distribution in space.items()
  }
  for place in range(max(map(len, choices.values()))):
    yield {name: of[min(place, len(of) - 1)] for name, of in choices.items()}


def _distribution(given, value, where):
  kind, *rest = given
  if kind == 'choice':
    return _choice(rest, value, where)
  if kind not in ('log', 'uniform', 'integer'):
    raise InputError(f'{where}: {kind!r} is no kind of range; {_REMEDY}')
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


def _choice(choices, value, where):
  if not choices or len(set(map(repr, choices))) < len(choices):
    raise InputError(f'{where}: needs choices, each once')
  for choice in choices:
    if type(choice) is not type(value):
      raise InputError(
        f'{where}: {choice!r} is not of the type of the field, which holds '
        f'{value!r}'
      )
  return CategoricalDistribution(choices)


def _is_number(end, whole):
  if isinstance(end, bool) or not isinstance(
    end, int if whole else int | float
  ):
    return False
  return math.isfinite(end)


def _leaves(config, prefix=''):
  for name, value in config.items():
    if hasattr(value, 'items'):
      yield from _leaves(value, f'{prefix}{name}.')
    else:
      yield f'{prefix}{name}', value
