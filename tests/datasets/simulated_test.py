import json
import pathlib

import numpy as np
import pytest
from builders import create_builder

from configs import dislocations, precipitates, voids
from defectseg_jax.datasets import pipeline, simulated
from defectseg_jax.errors import InputError
from defectseg_jax.simulation import (
  SimulationSettings,
  foil_parameters,
  simulate_foil,
)


@pytest.fixture
def config(tmp_path):
  config = voids.get_config()
  config.data.cache_dir = str(tmp_path / 'cache')
  config.foil.side_px = 256
  config.preprocessing.background = 'none'
  config.preprocessing.normalisation = 'none'
  return config


def regions(config, split):
  return pipeline.read_regions(create_builder(config), split)


def test_simulated_foils_are_divided_as_in_the_paper(config):
  names = [
    region.name
    for split in ('train', 'dev', 'test')
    for region in regions(config, split)
  ]
  assert names == [
    *('foil_0000', 'foil_0000@0,128', 'foil_0000@128,0'),
    *('foil_0001', 'foil_0001@0,128', 'foil_0001@128,0'),
    *('foil_0000@128,128', 'foil_0001@128,128'),
    *('foil_0000@128,192', 'foil_0001@128,192'),
  ]


def test_a_region_is_part_of_the_foil_of_its_seed(config):
  region = regions(config, 'test')[1]
  made = simulate_foil(foil_parameters(config.foil), seed=0, index=1)
  np.testing.assert_array_equal(region.image, made.pixels[128:, 192:])
  np.testing.assert_array_equal(region.mask, made.masks['voids'][128:, 192:])
  assert (region.pixel_size_nm, region.thickness_nm) == (0.32, 190)


def test_each_defect_has_its_own_mask(config):
  config.defect = 'precipitates'
  region = regions(config, 'test')[1]
  made = simulate_foil(foil_parameters(config.foil), seed=0, index=1)
  np.testing.assert_array_equal(
    region.mask, made.masks['precipitates'][128:, 192:]
  )


def test_foils_are_made_once_for_their_parameters(config, monkeypatch):
  first = create_builder(config)

  def refused(*_, **__):
    raise AssertionError('simulated again')

  with monkeypatch.context() as patch:
    patch.setattr(simulated, 'write_series', refused)
    again = create_builder(config)
    assert again.builder_config.name == first.builder_config.name
    config.preprocessing.invert = True
    create_builder(config)
    config.foil.voids.diameter_nm = 30.0
    with pytest.raises(AssertionError, match='simulated again'):
      create_builder(config)
  changed = create_builder(config)
  assert changed.builder_config.name != first.builder_config.name


def test_the_truth_stays_beside_the_micrographs(config):
  folder = create_builder(config).builder_config.folder
  with open(f'{folder}/truth/foil_0001.json') as stream:
    truth = json.load(stream)
  assert truth['thickness_nm'] == 190
  assert truth['totals']['voids']['count'] >= 0


@pytest.mark.parametrize(
  'field, value',
  [
    ('foil.thickness_nm', -1.0),
    ('simulation.background', 'nowhere.tif'),
  ],
)
def test_wrong_parameters_leave_nothing_in_the_cache(
  config, tmp_path, field, value
):
  config.update_from_flattened_dict({field: value})
  with pytest.raises(InputError, match=str(value)):
    create_builder(config)
  assert not list(tmp_path.glob('cache/*'))


@pytest.mark.parametrize(
  ('config_module', 'scale', 'name'),
  [
    (voids, 'paper', 'voids_379641c089c945ad'),
    (voids, 'quick', 'voids_4e9e89677a4f48cd'),
    (precipitates, 'paper', 'precipitates_33becf11c3c8fe91'),
    (precipitates, 'quick', 'precipitates_3a656b7e52b7153a'),
    (dislocations, 'paper', 'dislocations_575905c9f9b1db3e'),
    (dislocations, 'quick', 'dislocations_e9e3af0fa5d6864e'),
  ],
)
def test_the_name_of_a_series_stays(
  monkeypatch, tmp_path, config_module, scale, name
):
  """Or runs that began with it would be refused its data."""

  def write_nothing(folder: pathlib.Path, *_, **__):
    folder.mkdir()

  monkeypatch.setattr(simulated, 'write_series', write_nothing)
  config = config_module.get_config(f'scale={scale}')
  folder = simulated.simulate_folder(
    foil_parameters(config.foil),
    SimulationSettings(**config.simulation),
    defect=config.defect,
    cache=tmp_path,
  )
  assert folder.name == name
