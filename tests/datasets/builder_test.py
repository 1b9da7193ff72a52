import dataclasses

import numpy as np
import pytest
import tiny
from builders import create_builder
from PIL import Image

from configs import dislocations, precipitates, voids
from defectseg_jax.datasets import builder, pipeline
from defectseg_jax.datasets.settings import DataSettings
from defectseg_jax.errors import InputError
from defectseg_jax.micrographs.settings import PreprocessingSettings


def regions(config, split):
  return pipeline.read_regions(create_builder(config), split)


def test_a_region_is_the_micrograph_and_its_mask(config):
  (region,) = regions(config, 'train')
  pixels, mask = tiny.foil(seed=0)
  np.testing.assert_array_equal(region.image, pixels)
  np.testing.assert_array_equal(region.mask, mask // 255)
  assert region.image.dtype == np.float32
  assert (region.name, region.pixel_size_nm) == ('a', None)


def test_without_splits_each_micrograph_is_divided(config, folder):
  folder.joinpath('splits.csv').unlink()
  pixels, _ = tiny.foil(seed=1)
  names, images = [], []
  for split in ('train', 'dev', 'test'):
    of_b = [r for r in regions(config, split) if r.name.startswith('b')]
    names += [region.name for region in of_b]
    images += [region.image for region in of_b]
  assert names == ['b', 'b@0,128', 'b@128,0', 'b@128,128', 'b@128,192']
  expected = [
    pixels[:128, :128],
    pixels[:128, 128:],
    pixels[128:, :128],
    pixels[128:, 128:192],
    pixels[128:, 192:],
  ]
  for found, wanted in zip(images, expected, strict=True):
    np.testing.assert_array_equal(found, wanted)


def test_preprocessing_sees_the_whole_micrograph(config, folder):
  folder.joinpath('splits.csv').unlink()
  config.preprocessing.normalisation = 'global'
  config.preprocessing.invert = True
  region = regions(config, 'test')[0]
  pixels = tiny.foil(seed=0)[0].astype(float)
  expected = -(pixels - pixels.mean()) / pixels.std()
  np.testing.assert_allclose(region.image, expected[128:, 192:], atol=1e-5)


def test_a_scale_in_splits_reaches_the_region(config, folder):
  path = folder / 'splits.csv'
  text = path.read_text().replace(
    'split\n', 'split,pixel_size_nm,thickness_nm\n'
  )
  path.write_text(text.replace('c.png,test', 'c.png,test,0.32,177'))
  (region,) = regions(config, 'test')
  assert (region.pixel_size_nm, region.thickness_nm) == (0.32, 177)
  (unknown,) = regions(config, 'dev')
  assert (unknown.pixel_size_nm, unknown.thickness_nm) == (None, None)


def test_colour_is_read_only_if_asked_for(config, folder):
  grey = tiny.foil(seed=0)[0]
  colour = np.stack([grey, grey, grey // 2], axis=-1)
  Image.fromarray(colour).save(folder / 'images' / 'a.png')
  with pytest.raises(
    InputError, match=r'a\.png.*--config\.data\.rgb=luminance'
  ):
    create_builder(config)
  config.data.rgb = 'luminance'
  (region,) = regions(config, 'train')
  # ITU-R BT.601: red and green weigh 0.886 together, blue 0.114.
  expected = 0.886 * grey + 0.114 * (grey // 2)
  np.testing.assert_allclose(region.image, expected, rtol=1e-6)


def test_what_is_built_is_kept(config, monkeypatch):
  first = create_builder(config)
  monkeypatch.setattr(
    builder.DefectMicrographs,
    'download_and_prepare',
    lambda *_: pytest.fail('built again'),
  )
  second = create_builder(config)
  assert first.builder_config.name == second.builder_config.name


def test_nothing_is_left_among_temporary_files(config, tmp_path, monkeypatch):
  temporary = tmp_path / 'temporary'
  temporary.mkdir()
  monkeypatch.setattr('tempfile.tempdir', str(temporary))
  create_builder(config)
  assert not list(temporary.iterdir())


def test_changed_files_are_built_anew(config, folder):
  before = regions(config, 'train')[0]
  tiny.write_foil(folder, 'a', seed=5)
  after = regions(config, 'train')[0]
  assert not np.array_equal(before.image, after.image)
  np.testing.assert_array_equal(after.image, tiny.foil(seed=5)[0])


@pytest.mark.parametrize('change', ['mask', 'split', 'name', 'option'])
def test_anything_that_matters_changes_the_name(config, folder, change):
  name = create_builder(config).builder_config.name
  splits = folder / 'splits.csv'
  if change == 'mask':
    mask = tiny.foil(seed=0)[1]
    mask[0, 0] ^= 255
    Image.fromarray(mask).save(folder / 'masks' / 'a.png')
  elif change == 'split':
    text = splits.read_text().replace('a.png,train', 'a.png,dev')
    splits.write_text(text.replace('b.png,dev', 'b.png,train'))
  elif change == 'name':
    for kind in ('images', 'masks'):
      folder.joinpath(kind, 'a.png').rename(folder / kind / 'd.png')
    splits.write_text(splits.read_text().replace('a.png', 'd.png'))
  else:
    config.preprocessing.invert = True
  assert create_builder(config).builder_config.name != name


def test_there_is_a_config_for_each_defect():
  names = [c.name for c in builder.DefectMicrographs.BUILDER_CONFIGS]
  assert names == ['voids', 'precipitates', 'dislocations']
  assert dataclasses.is_dataclass(builder.DefectConfig)


@pytest.mark.slow
def test_the_real_sets_are_read(tmp_path):
  data = tiny.SHARED / 'data'
  if not data.is_dir():
    pytest.skip(f'{data} is not here')
  for name, counts in (
    ('superalloy_precipitates', (15, 4, 5)),
    ('steel316l_loops', (13, 3, 1)),
  ):
    made = builder.create_builder(
      'voids',
      DataSettings(
        source='folder', dir=str(data / name), cache_dir=str(tmp_path)
      ),
      # Whose blur would take most of the time.
      PreprocessingSettings(background='none'),
    )
    found = [
      len(pipeline.read_regions(made, split))
      for split in ('train', 'dev', 'test')
    ]
    assert tuple(found) == counts


@pytest.mark.parametrize(
  ('config_module', 'name'),
  [
    (voids, 'voids_555bc3f431f2a3f7'),
    (precipitates, 'precipitates_c7ae79f820c4634b'),
    (dislocations, 'dislocations_c7ae79f820c4634b'),
  ],
)
def test_the_name_of_a_folder_s_dataset_stays(tmp_path, config_module, name):
  """Or runs that began with it would be refused its data."""
  for kind, values in (
    ('images', np.arange(256 * 256, dtype=np.uint16).reshape(256, 256)),
    ('masks', np.eye(256, dtype=np.uint8)),
  ):
    (tmp_path / kind).mkdir()
    np.save(tmp_path / kind / 'a.npy', values)
  config = config_module.get_config()
  config.data.source = 'folder'
  config.data.dir = str(tmp_path)
  config.data.cache_dir = str(tmp_path / 'cache')
  assert create_builder(config).builder_config.name == name


def test_simulated_foils_need_their_parameters(tmp_path):
  with pytest.raises(ValueError, match='foil=None'):
    builder.create_builder(
      'voids', DataSettings(cache_dir=str(tmp_path)), PreprocessingSettings()
    )
