"""Settings that are right one by one, and do not go together."""

import pytest

from configs import voids
from defectseg_jax.errors import InputError
from defectseg_jax.runs.config_checks import require_valid
from defectseg_jax.runs.settings import run_settings


@pytest.mark.parametrize(
  'fields, said',
  [
    (
      {'model.name': '../unet_350'},
      'config.model.name=../unet_350: choose one of defectsegnet, ',
    ),
    (
      {'training.learning_rate': 1e30},
      'config.training.learning_rate=1e+30: must be from 1e-12 to 10: ',
    ),
  ],
)
def test_what_no_mode_can_use_is_said_first(fields, said):
  config = voids.get_config()
  config.update_from_flattened_dict(fields)
  with pytest.raises(InputError) as caught:
    run_settings(config)
  assert str(caught.value).startswith(said)
  if 'model.name' in fields:
    assert str(caught.value).endswith('did you mean unet_350k?')


@pytest.mark.parametrize(
  'fields, said',
  [
    ({'data.source': 'folder'}, "config.data.dir='': say where images/"),
    ({'data.dir': 'x'}, 'config.data.dir=x: simulated foils have no folder'),
    (
      {'training.batch_size': 65536},
      'config.training.batch_size=65536: so many patches of 512 x 512 pixels '
      'fit into no memory; must be at most 4096',
    ),
    ({'foil.side_px': 200}, 'config.foil.side_px=200: must be 256 or more'),
    (
      {'data.source': 'domain', 'domain.side_px': 200},
      'config.domain.side_px=200: must be 256 or more',
    ),
  ],
)
def test_what_does_not_go_together_is_named(fields, said):
  config = voids.get_config()
  require_valid(run_settings(config))
  config.update_from_flattened_dict(fields)
  with pytest.raises(InputError) as caught:
    require_valid(run_settings(config))
  assert str(caught.value).startswith(said)
