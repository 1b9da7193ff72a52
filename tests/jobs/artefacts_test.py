"""Micrographs with artefacts: what is said, and that numbers do not follow."""

import functools
import json

import numpy as np
import pytest
import tifffile
import tiny
from rich.console import Console
from sessions import Never, by_image

import defectseg_jax as ds
from configs import voids
from defectseg_jax.errors import InputError
from defectseg_jax.jobs.quantify import quantify
from defectseg_jax.micrographs.filling import box_around
from defectseg_jax.micrographs.masks import read_mask
from defectseg_jax.micrographs.writing import write_mask, write_tiff
from defectseg_jax.sessions.requests import QuantifyRequest

CASES = tiny.SHARED / 'data' / 'cases' / 'artefacts'

pytestmark = [pytest.mark.xdist_group('predict'), pytest.mark.slow]


@pytest.fixture
def artefacts(tmp_path):
  """One micrograph as it is, with a data bar, and with a spike and NaN."""
  folder = tmp_path / 'artefacts'
  folder.mkdir()
  pixels, _ = tiny.foil(10, 160)
  bar = np.vstack([pixels, np.zeros((24, 160), np.uint8)])
  bar[166:174, 8:120:3] = 255
  spike = pixels.astype(np.float32)
  spike[100, 90] = 40_000
  spike[:, 150:] = np.nan
  for name, one in {'bar': bar, 'plain': pixels, 'spike': spike}.items():
    write_tiff(folder / f'{name}.tif', one, pixel_size_nm=0.5)
  return folder


def test_a_session_says_what_is_no_specimen(predict, artefacts, tmp_path):
  assert predict(artefacts)
  out = tmp_path / 'out'
  rows = by_image(out)
  assert float(rows['plain']['valid_fraction']) == 1
  assert float(rows['bar']['valid_fraction']) == pytest.approx(160 / 184, 1e-5)
  assert float(rows['spike']['valid_fraction']) == pytest.approx(150 / 160)
  replaced = [rows[name]['replaced_pixels'] for name in rows]
  assert replaced == ['0', '0', '1']
  assert rows['plain']['warnings'].find('specimen') < 0
  assert 'not_specimen' in rows['bar']['warnings']
  assert 'outliers_replaced' in rows['spike']['warnings']
  page = (out / 'report.html').read_text()
  assert 'rows 160 to 183 (a data bar)' in page
  assert 'columns 150 to 159 (pixels that are no numbers)' in page
  assert '87% of it specimen' in page
  assert sorted(path.name for path in (out / 'valid').iterdir()) == [
    'bar.tif',
    'spike.tif',
  ]
  # The bar is as good as cut off.
  mask, with_bar = (
    read_mask(out / 'masks' / f'{name}.tif') for name in ('plain', 'bar')
  )
  np.testing.assert_array_equal(with_bar[:160], mask)
  assert not with_bar[160:].any()
  assert not tifffile.imread(out / 'probabilities' / 'bar.tif')[160:].any()
  for name in ('count', 'area_fraction', 'number_density_per_m3'):
    assert rows['bar'][name] == rows['plain'][name]


def test_nothing_is_done_twice_and_valid_files_go_with_the_flag(
  predict, artefacts, tmp_path, no_network
):
  assert predict(artefacts)
  out = tmp_path / 'out'
  assert predict(artefacts, find_specimen=False, replace_outliers=False)
  rows = by_image(out)
  assert float(rows['bar']['valid_fraction']) == 1
  assert rows['spike']['replaced_pixels'] == '0'
  # NaN is no specimen whatever is looked for.
  assert [path.name for path in (out / 'valid').iterdir()] == ['spike.tif']
  no_network()
  assert predict(artefacts, find_specimen=False, replace_outliers=False)


def test_masks_of_the_specimen_by_hand(predict, artefacts, tmp_path):
  valid = np.zeros((160, 160), bool)
  valid[:, :80] = True
  (tmp_path / 'valid').mkdir()
  for name in ('plain', 'plane'):
    write_mask(tmp_path / 'valid' / f'{name}.tif', valid, pixel_size_nm=None)
  assert predict(artefacts, valid=str(tmp_path / 'valid'))
  rows = by_image(tmp_path / 'out')
  assert float(rows['plain']['valid_fraction']) == 0.5
  assert float(rows['bar']['valid_fraction']) < 1
  assert not read_mask(tmp_path / 'out' / 'masks' / 'plain.tif')[:, 80:].any()
  # A slip of the pen is no mask of anything.
  page = (tmp_path / 'out' / 'report.html').read_text()
  assert '--valid: no image has the name plane.' in page


def test_a_mask_of_the_specimen_of_another_size(predict, artefacts, tmp_path):
  (tmp_path / 'valid').mkdir()
  path = tmp_path / 'valid' / 'plain.tif'
  write_mask(path, np.ones((3, 4), bool), pixel_size_nm=None)
  assert not predict(artefacts, valid=str(tmp_path / 'valid'))
  failures = json.loads((tmp_path / 'out' / 'summary.json').read_text())
  assert str(path) in failures['failures']['plain']
  assert '160 x 160' in failures['failures']['plain']


def test_valid_must_be_there(predict, artefacts, tmp_path):
  for given in ('', str(tmp_path / 'nowhere')):
    with pytest.raises(InputError, match=r'^--valid'):
      predict(artefacts, valid=given)


def test_quantify_leaves_the_data_bar_of_a_micrograph_out(
  predict, artefacts, tmp_path
):
  assert predict(artefacts)
  out = tmp_path / 'out'

  def numbers(name, **fields):
    request = QuantifyRequest(
      output=str(tmp_path / name),
      thickness_nm=100.0,
      masks=[str(out / 'masks')],
      **fields,
    )
    config = voids.get_config()
    config.quantification.minimum_area_px = 0
    quantify(config, request, Console(quiet=True), Never())
    return by_image(tmp_path / name)

  session = by_image(out)
  given = numbers('given', valid=str(out / 'valid'))
  found = numbers('found', micrographs=[str(out / 'images')])
  off = numbers('off', micrographs=[str(out / 'images')], find_specimen=False)
  for rows in (given, found):
    assert rows['bar']['valid_fraction'] == session['bar']['valid_fraction']
    assert rows['bar']['area_fraction'] == session['bar']['area_fraction']
  assert float(off['bar']['valid_fraction']) == 1
  assert float(off['bar']['area_fraction']) < float(
    given['bar']['area_fraction']
  )


@pytest.fixture
def network(one_device):
  if not CASES.is_dir():
    pytest.skip('shared/data/cases is not here')
  return ds.load_network('voids')


@functools.cache
def iu_of_base():
  return cases_iu(ds.load_network('voids'), 'base')[1]


def cases_iu(network, name, rows=slice(None), columns=slice(None)):
  """The prediction, and its IU against the truth of base in a part of it."""
  micrograph = ds.read_micrograph(CASES / 'images' / f'{name}.tif')
  prediction = network.predict(
    micrograph, thickness_nm=100.0, pixel_size_nm=0.32
  )
  truth = read_mask(CASES / 'truth' / 'base.png')[rows, columns]
  mask = prediction.mask
  if prediction.inspection.valid is not None:
    mask = mask[box_around(prediction.inspection.valid)]
  return prediction, (mask & truth).sum() / (mask | truth).sum()


@pytest.mark.slow
@pytest.mark.parametrize(
  ('name', 'part', 'count'),
  [
    ('spikes_1', {}, 6),
    ('spikes_3', {}, 6),
    ('spikes_10', {}, 6),
    ('hot_column', {}, 6),
    ('databar', {'rows': slice(0, 264)}, 6),
    ('zero_frame', {'rows': slice(24, 304), 'columns': slice(0, 284)}, 6),
    # Of the part that it shows, two are cut by the bottom and one by the right.
    ('nan_frame', {'rows': slice(24, 200), 'columns': slice(0, 240)}, 3),
  ],
)
def test_artefacts_do_not_change_what_is_found(network, name, part, count):
  prediction, iu = cases_iu(network, name, **part)
  # Whether the network is trusted with so small a part is another matter.
  found = prediction.measure(include=True)
  assert abs(found.summary['count'] - count) <= 1
  assert iu > iu_of_base() - 0.05


@pytest.mark.slow
@pytest.mark.parametrize('name', ['binned_2', 'zoomed_2'])
def test_another_pixel_size_gives_the_same_nanometres(network, name):
  micrograph = ds.read_micrograph(CASES / 'images' / f'{name}.tif')
  found = network.predict(micrograph, thickness_nm=100.0)
  truth = read_mask(CASES / 'truth' / f'{name}.png')
  iu = (found.mask & truth).sum() / (found.mask | truth).sum()
  assert iu > iu_of_base() - 0.05
  scale = {'pixel_size_nm': micrograph.pixel_size_nm, 'thickness_nm': 100.0}
  right = ds.measure(truth, defect='voids', **scale).summary
  summary = found.measure(include=True).summary
  assert summary['count'] == right['count']
  mean = 'diameter_mean_nm'
  assert summary[mean] == pytest.approx(right[mean], rel=0.05)


@pytest.mark.slow
def test_twenty_spikes(network):
  base = ds.read_micrograph(CASES / 'images' / 'base.tif')
  pixels = base.pixels.copy()
  places = np.random.default_rng(3).integers(0, 304, (20, 2))
  pixels[places[:, 0], places[:, 1]] = 65535
  scale = {'thickness_nm': 100.0, 'pixel_size_nm': 0.32}
  found = network.predict(ds.Micrograph(pixels, name='spikes'), **scale)
  assert found.inspection.replaced_pixels == 20
  found = found.measure(include=True)
  assert abs(found.summary['count'] - 6) <= 1


@pytest.mark.slow
def test_a_prediction_without_artefacts_has_the_same_bits(network):
  base = ds.read_micrograph(CASES / 'images' / 'base.tif')
  scale = {'thickness_nm': 100.0, 'pixel_size_nm': 0.32}
  on = network.predict(base, **scale)
  off = network.predict(
    base, **scale, find_specimen=False, replace_outliers=False
  )
  np.testing.assert_array_equal(on.probabilities, off.probabilities)
  np.testing.assert_array_equal(on.mask, off.mask)
  assert on.inspection.pixels is base.pixels
