import importlib

import pytest

from configs import common
from defectseg_jax.errors import InputError
from defectseg_jax.runs import config_checks
from defectseg_jax.runs.settings import run_settings

DEFECTS = ('voids', 'precipitates', 'dislocations')


@pytest.mark.parametrize('argument', [None, '', 'scale=paper', 'scale=quick'])
@pytest.mark.parametrize('defect', DEFECTS)
def test_every_config_is_valid(defect, argument):
  config = importlib.import_module(f'configs.{defect}').get_config(argument)
  assert config.defect == defect
  assert config.data.source == 'simulated'
  config_checks.require_valid(run_settings(config))


def test_the_paper_is_what_common_begins_from():
  config = common.get_config()
  assert common.with_arguments(config.copy_and_resolve_references(), None) == (
    common.with_arguments(config, 'scale=paper')
  )
  # Batch, patch and epochs of the paper's section "Training procedure".
  assert config.training.batch_size == 16
  assert config.data.patch_px == 512
  assert config.training.epochs == 100
  assert config.training.plateau_patience_epochs == 10
  assert config.training.max_decays == 6


@pytest.mark.parametrize(
  'argument',
  [
    'quick',
    'scale',
    'scale=',
    'scale=tiny',
    'size=2',
    'scale=quick,scale=quick',
  ],
)
def test_arguments_are_strict(argument):
  with pytest.raises(ValueError, match='config argument'):
    common.with_arguments(common.get_config(), argument)


def field_names(config, prefix=''):
  for name, value in config.items():
    if hasattr(value, 'items'):
      yield from field_names(value, f'{prefix}{name}.')
    else:
      yield f'{prefix}{name}'


@pytest.mark.parametrize('argument', [None, 'scale=paper', 'scale=quick'])
@pytest.mark.parametrize('defect', DEFECTS)
def test_a_config_changes_fields_and_adds_none(defect, argument):
  """A name that is mistyped in a config file would be a new field."""
  config = importlib.import_module(f'configs.{defect}').get_config(argument)
  assert set(field_names(config)) == set(field_names(common.get_config()))


def test_lines_of_real_backgrounds_are_not_learnt_as_background():
  for defect, argument, right in (
    ('voids', 'scale=general', True),
    ('dislocations', 'scale=quick', True),
    ('dislocations', 'scale=general', False),
  ):
    module = importlib.import_module(f'configs.{defect}')
    config = module.get_config(argument)
    config.simulation.background = 'backgrounds'
    if right:
      config_checks.require_valid(run_settings(config))
    else:
      with pytest.raises(InputError, match='dislocations of their own'):
        config_checks.require_valid(run_settings(config))
