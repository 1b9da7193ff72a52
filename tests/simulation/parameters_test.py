import math

import numpy as np
import pytest

from configs import common, dislocations, voids
from defectseg_jax.errors import InputError
from defectseg_jax.simulation.parameters import (
  FoilParameters,
  foil_parameters,
  mean_volume_nm3,
)


def test_the_defaults_are_those_of_the_paper():
  """Tables 2 and 3, and the scale and thicknesses that follow from them."""
  foil = foil_parameters(voids.get_config().foil)
  assert foil.side_nm == pytest.approx(655.36)
  assert 177 <= foil.thickness_nm <= 207
  assert 20 <= foil.voids.diameter_nm <= 23
  assert 7 <= foil.voids.diameter_std_nm <= 8.5
  assert 0.5e21 <= foil.voids.density_per_m3 <= 1.0e21
  assert 10.2 <= foil.precipitates.diameter_nm <= 10.8
  assert 4.5 <= foil.precipitates.diameter_std_nm <= 5.1
  assert 6.6e21 <= foil.precipitates.density_per_m3 <= 8.4e21
  foil = foil_parameters(dislocations.get_config().foil)
  assert (foil.dislocations.density_per_m2, foil.thickness_nm) == (8.9e14, 113)


def test_what_is_left_out_is_as_in_the_config():
  in_config = foil_parameters(common.get_config().foil)
  assert foil_parameters({}) == FoilParameters() == in_config
  changed = foil_parameters({'voids': {'diameter_nm': 30.0}})
  assert changed.voids.diameter_nm == 30
  assert changed.voids.density_per_m3 == in_config.voids.density_per_m3


def test_the_volume_under_the_micrograph():
  foil = foil_parameters(voids.get_config().foil)
  assert foil.volume_m3 == pytest.approx(655.36e-9**2 * 190e-9)


def test_mean_volume_of_gamma_distributed_spheres():
  rng = np.random.default_rng(0)
  diameters = rng.gamma((20 / 8) ** 2, 8**2 / 20, size=1_000_000)
  assert mean_volume_nm3(20, 8) == pytest.approx(
    np.mean(math.pi / 6 * diameters**3), rel=0.01
  )
  assert mean_volume_nm3(10, 0) == pytest.approx(math.pi / 6 * 1000)


@pytest.mark.parametrize(
  'field, value, said',
  [
    ('thickness_nm', -5.0, 'thickness_nm=-5.0: must be from 0.1 to 1e.06: it'),
    ('thickness_nm', float('nan'), 'thickness_nm=nan: must be from'),
    ('pixel_size_nm', 0.0, 'pixel_size_nm=0.0: must be from 0.0001'),
    ('side_px', 4, 'side_px=4: must be a whole number from 8'),
    ('voids.diameter_nm', 500.0, "is more than the foil's thickness_nm=190.0"),
    ('voids.diameter_std_nm', 30.0, 'diameter_std_nm=30.0: is more than'),
    ('voids.density_per_m3', 1e23, 'density_per_m3=1e.23: would fill 0'),
    ('voids.density_per_m3', -1.0, 'density_per_m3=-1.0: must be from 0'),
    (
      'voids.spherical_fraction',
      1.5,
      'fraction=1.5: must be from 0 to 1: it is a fra',
    ),
    (
      'precipitates.elongation',
      0.5,
      'elongation=0.5: .* it is the longer axis',
    ),
    (
      'precipitates.roughness',
      0.7,
      'roughness=0.7: must be from 0 to below 0.5',
    ),
    ('dislocations.density_per_m2', 1e17, 'density_per_m2=1e.17: its lines'),
    ('dislocations.network_fraction', 0.9, 'together'),
    ('contrast.mottling', float('inf'), 'mottling=inf: must be from 0'),
    (
      'detector.dose_electrons_per_px',
      0.0,
      'per_px=0.0: must be from 0.01',
    ),
    ('detector.bits', 12, 'bits=12: choose one of 8, 16'),
  ],
)
def test_what_cannot_be_is_refused_in_one_line(field, value, said):
  config = voids.get_config()
  config.update_from_flattened_dict({f'foil.{field}': value})
  with pytest.raises(InputError, match=said) as caught:
    foil_parameters(config.foil)
  assert str(caught.value).startswith('config.foil.')
  assert len(str(caught.value).splitlines()) == 1
