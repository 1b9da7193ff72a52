"""Ranges are strict, and a trial draws the same whoever draws it."""

import math

import optuna
import pytest
from scipy import stats

from configs import common
from defectseg_jax.errors import InputError
from defectseg_jax.runs.workdir import flat_fields
from defectseg_jax.search.settings import search_settings
from defectseg_jax.search.space import (
  extreme_values,
  search_space,
  trial_sampler,
)


def config_of(**space):
  """A config that searches nothing but the given fields."""
  config = common.get_config()
  config.search.space = {}
  for name, given in space.items():
    section, field = name.split('__')
    config.search.space[section] = {
      **config.search.space.get(section, {}),
      field: given,
    }
  return config


def space_of(config):
  settings = search_settings(config.search)
  return search_space(settings.space, flat_fields(config))


def draws(space, numbers, seed=0):
  optuna.logging.set_verbosity(optuna.logging.ERROR)
  found = {}
  for number in numbers:
    study = optuna.create_study(sampler=trial_sampler(seed=seed, number=number))
    found[number] = study.ask(space).params
  return found


def test_the_configs_own_space_is_the_papers():
  space = space_of(common.get_config())
  rate = space['training.learning_rate']
  assert (rate.low, rate.high, rate.log) == (1e-5, 1e-2, True)
  assert {name.split('.')[0] for name in space} == {'training', 'model'}
  assert list(space) == sorted(space)


def test_draws_follow_from_seed_and_number_alone():
  space = space_of(common.get_config())
  forward, backward = draws(space, range(4)), draws(space, [3, 1, 0, 2])
  assert forward == backward
  assert forward[0] != forward[1]
  assert draws(space, [0], seed=1)[0] != forward[0]


def test_draws_fill_the_range():
  """Of 200 trials: log-uniform, by Kolmogorov's test, and within bounds."""
  space = space_of(config_of(training__learning_rate=('log', 1e-5, 1e-2)))
  rates = [
    d['training.learning_rate'] for d in draws(space, range(200)).values()
  ]
  places = [(math.log10(rate) + 5) / 3 for rate in rates]
  assert min(places) >= 0 and max(places) <= 1
  assert stats.kstest(places, 'uniform').pvalue > 0.01


def test_whole_numbers_and_choices():
  space = space_of(
    config_of(
      training__plateau_patience_epochs=('integer', 2, 4),
      preprocessing__normalisation=('choice', 'global', 'local'),
    )
  )
  found = draws(space, range(40)).values()
  assert {d['training.plateau_patience_epochs'] for d in found} == {2, 3, 4}
  assert {d['preprocessing.normalisation'] for d in found} == {
    'global',
    'local',
  }


def test_an_empty_range_is_not_searched():
  config = config_of(
    training__l2=(), training__learning_rate=('log', 1e-4, 1e-3)
  )
  assert list(space_of(config)) == ['training.learning_rate']


def test_extreme_values_have_each_bound_and_each_choice_once():
  space = space_of(
    config_of(
      training__l2=('uniform', 0.0, 1.0),
      data__patches=('choice', 'tiled', 'random'),
      model__name=('choice', 'unet', 'fcn8s', 'defectsegnet'),
    )
  )
  found = list(extreme_values(space))
  assert [values['training.l2'] for values in found] == [0.0, 1.0, 1.0]
  assert [values['model.name'] for values in found] == [
    'unet',
    'fcn8s',
    'defectsegnet',
  ]


@pytest.mark.parametrize(
  ('field', 'given', 'says'),
  [
    ('training__learning_rat', ('log', 1e-5, 1e-2), 'does not exist'),
    ('optimizer__beta', ('uniform', 0.0, 1.0), 'does not exist'),
    ('training__learning_rate', ('log', 1e-2, 1e-5), 'not below'),
    ('training__learning_rate', ('log', 1e-2, 1e-2), 'not below'),
    ('training__learning_rate', ('log', 0.0, 1e-2), 'no logarithm'),
    ('training__learning_rate', ('log', 1e-5), 'two numbers'),
    ('training__learning_rate', ('log', 1e-5, 'a'), 'two numbers'),
    ('training__learning_rate', ('log', 1e-5, float('nan')), 'two numbers'),
    ('training__learning_rate', ('normal', 1e-5, 1e-2), 'there is no range'),
    ('training__learning_rate', ('integer', 1, 2), 'does not draw'),
    ('training__learning_rate', 1e-3, 'must be a range'),
    ('training__epochs', ('uniform', 1.0, 2.0), 'does not draw'),
    ('training__epochs', ('integer', 1.5, 2), 'two whole numbers'),
    ('training__epochs', ('choice', 1, 2.0), 'not of the type'),
    ('data__patches', ('choice',), 'needs choices'),
    ('data__patches', ('choice', 'tiled', 'tiled'), 'each once'),
    ('search__trials', ('integer', 1, 2), 'cannot be searched'),
    ('quantification__separate', ('choice', True, False), 'cannot be searched'),
  ],
)
def test_a_range_that_makes_no_sense(field, given, says):
  with pytest.raises(InputError, match=says) as caught:
    space_of(config_of(**{field: given}))
  section, name = field.split('__')
  assert f'config.search.space.{section}.{name}=' in str(caught.value)


def test_nothing_to_search():
  with pytest.raises(InputError, match='nothing is searched'):
    space_of(config_of(training__l2=()))
