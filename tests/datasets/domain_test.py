"""A domain as a source of data: micrographs to judge by, and fresh patches."""

import numpy as np
import pytest

from configs import voids
from defectseg_jax.datasets.stream import FreshPatches
from defectseg_jax.errors import InputError
from defectseg_jax.runs.data import read_data, training_patches
from defectseg_jax.runs.settings import run_settings
from defectseg_jax.simulation.domain.patches import simulate_patch


@pytest.fixture
def config(tmp_path):
  config = voids.get_config('scale=general')
  config.data.cache_dir = str(tmp_path / 'cache')
  config.domain.micrographs = 2
  config.domain.side_px = 256
  config.preprocessing.normalisation = 'none'
  return config


def test_splits_have_micrographs_of_their_own_at_their_own_scales(config):
  settings = run_settings(config)
  data = read_data(settings, splits=('train', 'dev', 'test'))
  images = [r.image for found in data.regions.values() for r in found]
  assert len({image.tobytes() for image in images}) == 6
  scales = {r.pixel_size_nm for r in data.regions['dev']}
  assert len(scales) == 2
  made = simulate_patch(
    settings.domain,
    settings.foil,
    defect='voids',
    side_px=256,
    seed=(1, 0, 1),
    to_judge_by=True,
  )
  region = data.regions['dev'][1]
  np.testing.assert_array_equal(region.image, made.pixels)
  np.testing.assert_array_equal(region.mask, made.mask)
  assert region.pixel_size_nm == pytest.approx(made.pixel_size_nm, rel=1e-6)
  said = data.in_words(settings)
  assert 'fresh simulated patches of a domain' in said
  assert 'regions: 2 development, 2 test' in said


def test_another_range_is_another_data_set(config):
  def fingerprint():
    return read_data(run_settings(config), splits=('dev',)).fingerprint

  before = fingerprint()
  assert fingerprint() == before
  config.domain.objects.diameter_px = (6.0, 60.0)
  assert fingerprint() != before


def test_training_patches_are_fresh_ones(config):
  settings = run_settings(config)
  patches = training_patches(settings, [])
  assert isinstance(patches, FreshPatches)
  assert patches.count == config.domain.patches


def test_a_folder_of_backgrounds_that_is_not_there_is_said(config, tmp_path):
  config.simulation.background = str(tmp_path / 'nowhere')
  with pytest.raises(InputError, match='nowhere'):
    read_data(run_settings(config), splits=('dev',))
  assert not list((tmp_path / 'cache').rglob('*.tif'))
