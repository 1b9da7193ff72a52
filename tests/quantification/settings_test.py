"""The settings are the config's section, with its defaults and limits."""

import dataclasses

import pytest

from configs import common
from defectseg_jax.errors import InputError
from defectseg_jax.quantification.settings import QuantificationSettings


def test_names_and_defaults_are_those_of_the_config():
  section = common.get_config().quantification.to_dict()
  assert dataclasses.asdict(QuantificationSettings()) == section


@pytest.mark.parametrize(
  'name, value, message',
  [
    ('connectivity', 6, 'connectivity=6: choose one of 4, 8'),
    ('border', 'half', 'border=half: choose one of all, exclude, frame'),
    ('minimum_area_px', -1, 'minimum_area_px=-1: must be a whole number f'),
    ('spacing_px', 0, 'spacing_px=0: must be a whole number from 1'),
    ('random_lines', 2.5, r'random_lines=2\.5: must be a whole number'),
    ('projection_factor', 0.0, r'projection_factor=0\.0: must be from 1 to'),
    ('unseen_fraction', 1.0, r'unseen_fraction=1\.0: must be from 0 to belo'),
    ('thickness_uncertainty', float('nan'), 'thickness_uncertainty=nan'),
  ],
)
def test_a_setting_out_of_range(name, value, message):
  with pytest.raises(InputError, match=message):
    QuantificationSettings(**{name: value})
