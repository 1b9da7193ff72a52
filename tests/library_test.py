"""The front door: six lines from a wheel, and the numbers of --mode=predict."""

import csv
import json
import os
import subprocess
import sys

import numpy as np
import pandas
import pytest
import tiny
from PIL import Image
from scipy import ndimage

import defectseg_jax as ds
from defectseg_jax.micrographs.writing import write_tiff

# What stands first in docs/library.md, on the files of the tests.
SIX_LINES = """
import defectseg_jax as ds
run = ds.load_run('{run}')
micrograph = ds.read_micrograph('{image}')
found = run.predict(micrograph, thickness_nm=177).measure()
found.summary['number_density_per_m3'], found.objects, found.overlay()
mask = found.labels > 0
again = ds.measure(mask, 'voids', pixel_size_nm=0.5, thickness_nm=177)
"""
TOLD = """
import json, pathlib, sys
pathlib.Path('found.json').write_text(json.dumps({
  'home': ds.__file__,
  'version': ds.__version__,
  'summary': found.summary,
  'ids': found.objects['id'].tolist(),
  'size': found.overlay().size,
  'again': again.summary['count'],
  'shipped': ds.load_network('voids').settings.defect,
}))
"""


@pytest.fixture(scope='module')
def session_of_predict(trained_run, tmp_path_factory):
  """A micrograph, and what --mode=predict made of it."""
  folder = tmp_path_factory.mktemp('library')
  pixels, _ = tiny.foil(10, 200)
  write_tiff(folder / 'foil.tif', pixels, pixel_size_nm=0.5)
  done = tiny.run(
    [
      *(sys.executable, '-m', 'defectseg_jax.main', '--mode=predict'),
      *(f'--workdir={trained_run}', '--thickness_nm=177'),
      *(f'--input={folder / "foil.tif"}', f'--output={folder / "out"}'),
    ]
  )
  assert done.returncode == 0, done.stderr
  return folder


@pytest.mark.slow
@pytest.mark.xdist_group('predict')
def test_six_lines_from_a_wheel_give_the_numbers_of_predict(
  trained_run, session_of_predict, tmp_path
):
  pip = [sys.executable, '-m', 'pip', '--disable-pip-version-check', '-q']
  subprocess.run(
    [
      *(*pip, 'wheel', '--no-deps', '--no-build-isolation', '--no-index'),
      *('-w', tmp_path / 'wheels', tiny.ROOT),
    ],
    check=True,
    timeout=tiny.HANGS_S,
  )
  (wheel,) = (tmp_path / 'wheels').glob('defectseg_jax-*.whl')
  site = tmp_path / 'site'
  subprocess.run(
    [*pip, 'install', '--no-deps', '--no-index', '--target', site, wheel],
    check=True,
    timeout=tiny.HANGS_S,
  )
  empty = tmp_path / 'empty'
  empty.mkdir()
  lines = SIX_LINES.format(
    run=trained_run, image=session_of_predict / 'foil.tif'
  )
  done = subprocess.run(
    [sys.executable, '-c', 'import tiny_network\n' + lines + TOLD],
    cwd=empty,
    env={
      **tiny.environment(),
      'PYTHONPATH': f'{site}{os.pathsep}{tiny.ROOT / "tests"}',
    },
    capture_output=True,
    text=True,
    timeout=tiny.HANGS_S,
    check=False,
  )
  assert done.returncode == 0, done.stderr
  found = json.loads((empty / 'found.json').read_text())
  assert found['home'].startswith(str(site))
  assert found['version'] == ds.__version__

  out = session_of_predict / 'out'
  with (out / 'summary.csv').open(newline='') as stream:
    (row,) = csv.DictReader(stream)
  for name, value in found['summary'].items():
    assert row[name] == f'{value:.6g}'.replace('nan', 'NaN'), name
  with (out / 'objects.csv').open(newline='') as stream:
    ids = [int(one['id']) for one in csv.DictReader(stream)]
  assert found['ids'] == ids and len(ids) > 3
  with Image.open(out / 'overlays' / 'foil.png') as picture:
    assert found['size'] == list(picture.size)
  assert found['again'] > 3
  assert found['shipped'] == 'voids'

  # The console command and the configs came with it.
  done = subprocess.run(
    [
      *(sys.executable, site / 'bin' / 'defectseg', 'simulate'),
      *('--config=voids:scale=quick', '--config.simulation.micrographs=1'),
      *('--config.foil.side_px=256', '--output=foils'),
    ],
    cwd=empty,
    env={**tiny.environment(), 'PYTHONPATH': str(site)},
    capture_output=True,
    text=True,
    timeout=tiny.HANGS_S,
    check=False,
  )
  assert done.returncode == 0, done.stderr
  assert (empty / 'foils' / 'splits.csv').exists()


def test_the_import_is_light():
  program = (
    'import sys, defectseg_jax; '
    "print(*sorted({'jax', 'numpy', 'scipy', 'tensorflow'} & {*sys.modules}))"
  )
  done = tiny.run([sys.executable, '-c', program])
  assert done.returncode == 0 and done.stdout == '\n'


def test_every_public_name_is_there():
  for name in ds.__all__:
    assert getattr(ds, name) is not None
    assert name in dir(ds)
  with pytest.raises(AttributeError, match="has no attribute 'missing'"):
    ds.missing  # noqa: B018


def test_pandas_takes_the_objects():
  mask = tiny.foil(3, 128)[1] > 0
  found = ds.measure(mask, 'voids', pixel_size_nm=0.32, thickness_nm=177)
  table = pandas.DataFrame(found.objects)
  assert len(table) == found.labels.max() > 2
  assert table.id.tolist() == list(range(1, len(table) + 1))
  counted = table[table.counted].diameter_nm
  assert counted.mean() > 0
  assert found.summary['count'] == len(counted)


@pytest.mark.slow
@pytest.mark.xdist_group('predict')
def test_a_prediction_by_hand(trained_run):
  run = ds.load_run(trained_run)
  pixels, truth = tiny.foil(10, 200)
  micrograph = ds.Micrograph(pixels, name='foil')
  prediction = run.predict(micrograph)
  assert prediction.mask.dtype == bool
  assert prediction.probabilities.shape == pixels.shape
  bare = prediction.measure().summary
  assert bare['count'] > 0 and np.isnan(bare['number_density_per_m3'])
  prediction = run.predict(micrograph, pixel_size_nm=0.5, thickness_nm=100)
  found = prediction.measure()
  assert prediction.mask[found.labels > 0].all()
  # Only what is smaller than an object may be is left out.
  left_out, _ = ndimage.label(prediction.mask & (found.labels == 0))
  smallest = max(run.settings.quantification.minimum_area_px, 1)
  assert (np.bincount(left_out.ravel())[1:] < smallest).all()
  # A mask that was drawn by hand is measured in the same way.
  by_hand = prediction.measure(truth > 0)
  assert by_hand.summary['count'] != found.summary['count']
  width, height = by_hand.overlay().size
  # Enlarged for its numbers, with a line of text above.
  assert width == 4 * 200 and height > 4 * 200
