"""Sessions of images without a scale, or of a foil of no known thickness."""

import io
import json
import math
import shutil

import numpy as np
import pytest
import tifffile
import tiny
from rich.console import Console
from sessions import Never, by_image, rows_of

import defectseg_jax as ds
from defectseg_jax.jobs import quantify
from defectseg_jax.micrographs import read_micrograph
from defectseg_jax.runs.workdir import Workdir
from defectseg_jax.sessions.requests import QuantifyRequest

# The run is trained once; its tests share a process.
pytestmark = [pytest.mark.xdist_group('predict'), pytest.mark.slow]

PER_VOLUME = [
  'number_density_per_m3',
  'number_density_per_m3_high',
  'volume_fraction',
  'swelling',
  'number_density_corrected_per_m3',
  'number_density_detected_per_m3',
]


@pytest.fixture
def bare(session):
  """One image more, without a scale: the pixels of x."""
  pixels, _ = tiny.foil(10, 200)
  tifffile.imwrite(session / 'bare.tif', pixels)
  return session / 'bare.tif'


def test_no_thickness_is_a_dash_and_one_line(say, tmp_path):
  say()
  with_it = by_image(tmp_path / 'out')
  said = say(output=str(tmp_path / 'without'), thickness_nm=None)
  rows = by_image(tmp_path / 'without')
  assert list(rows['x']) == list(with_it['x'])
  for name, row in rows.items():
    assert all(row[column] == '' for column in [*PER_VOLUME, 'thickness_nm'])
    for column in ('count', 'diameter_mean_nm', 'number_per_area_per_m2'):
      assert row[column] == with_it[name][column] != ''
  assert said.count('WARNING') == 1
  assert (
    "WARNING Not known: the foil's thickness of every image; numbers per "
    'volume are left out, as densities and swelling. Give '
    '--thickness_nm, or --calibration=FILE.csv'
  ) in said
  assert 'needs the thickness' in said and 'Intervals leave out' in said
  assert '--thickness_uncertainty' not in said
  page = (tmp_path / 'without' / 'report.html').read_text()
  assert 'Not known: the foil' in page and 'needs the thickness' in page
  summary = json.loads((tmp_path / 'without' / 'summary.json').read_text())
  assert summary['images'][0]['number_density_per_m3'] is None
  assert 'Not known' in summary['remarks'][0]
  splits = rows_of(tmp_path / 'without' / 'splits.csv')
  assert {row['thickness_nm'] for row in splits} == {''}


def test_an_image_without_a_scale_beside_others(say, bare, tmp_path):
  said = say(bare, bare.parent / 'x.tif', bare.parent / 'y.tif')
  out = tmp_path / 'out'
  rows = by_image(out)
  for column in ('count', 'area_fraction', 'diameter_mean_px'):
    assert rows['bare'][column] == rows['x'][column] != ''
  for column in (*PER_VOLUME, 'diameter_mean_nm', 'number_per_area_per_m2'):
    assert rows['bare'][column] == '' != rows['x'][column]
  assert said.count('WARNING') == 1
  assert 'Not known: the scale of bare; lengths are in pixels' in said
  assert 'mean of 2' in said and 'mean of 3' in said
  summary = json.loads((out / 'summary.json').read_text())
  together = summary['over_images']
  assert together['count']['images'] == 3
  assert together['diameter_mean_nm']['images'] == 2
  values = [float(rows[name]['diameter_mean_nm']) for name in 'xy']
  objects = [int(rows[name]['count_whole']) for name in 'xy']
  assert together['diameter_mean_nm']['mean'] == pytest.approx(
    np.average(values, weights=objects), rel=1e-4
  )
  # The page's objects have no column that is empty.
  page = (out / 'report.html').read_text()
  assert 'the scale of bare' in page and 'of 2' in page
  for row in rows_of(out / 'objects.csv'):
    assert (row['area_nm2'] == '') == (row['image'] == 'bare')
    assert row['area_px'] != ''
  assert tifffile.imread(out / 'masks' / 'bare.tif').any()


def test_nothing_known_and_nothing_said(say, bare, tmp_path):
  said = say(bare, thickness_nm=None)
  assert said.count('WARNING') == 1
  assert 'Not known: the scale of bare' in said
  assert 'Give --pixel_size_nm and --thickness_nm, or' in said
  assert 'needs the scale and the thickness' in said
  assert 'Intervals leave out' not in said
  # The scale that is given later is taken without the network.
  say(bare, pixel_size_nm=0.5)
  (row,) = by_image(tmp_path / 'out').values()
  assert float(row['number_density_per_m3']) > 0


def test_the_smallest_particle_is_the_same_without_a_scale(say, bare, tmp_path):
  say(bare, thickness_nm=None)
  (one,) = json.loads((tmp_path / 'out' / 'summary.json').read_text())['images']
  say(bare, output=str(tmp_path / '2'), pixel_size_nm=0.5)
  (two,) = json.loads((tmp_path / '2' / 'summary.json').read_text())['images']
  assert one['minimum_area_px'] == two['minimum_area_px'] > 0
  np.testing.assert_array_equal(
    tifffile.imread(tmp_path / 'out' / 'masks' / 'bare.tif'),
    tifffile.imread(tmp_path / '2' / 'masks' / 'bare.tif'),
  )


def test_masks_without_a_scale_are_measured(say, bare, trained_run, tmp_path):
  say(bare, thickness_nm=None)
  masks = tmp_path / 'out' / 'masks'
  console = Console(file=io.StringIO(), width=400)
  quantify.quantify(
    Workdir(trained_run).read_config(),
    QuantifyRequest(
      output=str(tmp_path / 'again'),
      masks=[str(masks)],
      reference=str(masks),
    ),
    console,
    Never(),
  )
  ours, again = (by_image(tmp_path / n)['bare'] for n in ('out', 'again'))
  del ours['number_density_detected_per_m3']
  for column, value in again.items():
    assert ours[column] == value, column
  said = console.file.getvalue()
  assert said.count('WARNING') == 1 and 'Give --pixel_size_nm' in said
  panel = rows_of(tmp_path / 'again' / 'panel.csv')
  assert {row['quantity'] for row in panel} == {
    *('count', 'area_fraction', 'diameter_mean_px')
  }
  assert {float(row['error_machine']) for row in panel} == {0}


def test_the_library_measures_without_both(bare, trained_run):
  run = ds.load_run(trained_run)
  found = run.predict(read_micrograph(bare)).measure()
  assert found.summary['count'] > 0
  assert math.isnan(found.summary['number_density_per_m3'])
  assert math.isnan(found.summary['diameter_mean_nm'])
  assert found.overlay().size[0] >= 200


def test_a_network_of_one_scale_says_what_it_took_for_granted(
  say, bare, trained_run, tmp_path
):
  run = shutil.copytree(trained_run, tmp_path / 'run')
  sizes = {'pixel_size_nm': [0.4, 0.6]}
  (run / 'seen_sizes.json').write_text(json.dumps(sizes))
  said = say(bare, bare.parent / 'x.tif', workdir=Workdir(run))
  assert (
    'The network knows pixels of 0.4 to 0.6 nm, and saw images without a scale '
    'as they are: bare.'
  ) in said
  said = say(bare, bare.parent / 'x.tif', workdir=Workdir(run), pixel_size_nm=1)
  assert 'The network knows' not in said
