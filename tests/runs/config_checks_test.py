"""Settings that are right one by one, and do not go together."""

import pytest

from configs import voids
from defectseg_jax.errors import InputError
from defectseg_jax.runs.config_checks import require_valid
from defectseg_jax.runs.settings import run_settings


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
