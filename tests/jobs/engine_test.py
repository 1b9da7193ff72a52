"""A session where no JAX is, gone on with where it is."""

import json
import subprocess
import sys

import numpy as np
import pytest
import tifffile
from rich.console import Console
from sessions import Never, by_image, corrected

from defectseg_jax import errors
from defectseg_jax.jobs import predict as job
from defectseg_jax.prediction.engines import engine_text
from defectseg_jax.runs.network_card import (
  network_config,
  network_path,
  read_card,
)
from defectseg_jax.sessions.requests import PredictRequest

pytestmark = pytest.mark.slow

PROGRAM = f"""
import sys
class Blocked:
  def find_spec(self, name, path=None, target=None):
    if name.split('.')[0] in {errors.TRAINING!r}:
      raise ModuleNotFoundError(name + ' is blocked', name=name)
sys.meta_path.insert(0, Blocked())
from defectseg_jax.main import run
run()
"""


def without_jax(*words):
  return subprocess.run(
    [sys.executable, '-c', PROGRAM, *words],
    capture_output=True,
    text=True,
    check=False,
  )


@pytest.fixture(scope='module')
def images(tmp_path_factory):
  """Two corners of a micrograph with voids."""
  folder = tmp_path_factory.mktemp('images')
  pixels = tifffile.imread('examples/foil_2.tif')
  for name, part in (('x', pixels[:160, :160]), ('y', pixels[-160:, -160:])):
    tifffile.imwrite(folder / f'{name}.tif', part)
  return sorted(folder.iterdir())


@pytest.fixture(scope='module')
def first(images, tmp_path_factory):
  """A session that was made without JAX."""
  out = tmp_path_factory.mktemp('sessions') / 'out'
  done = without_jax(
    *('predict', '--network=voids', f'--output={out}', '--pixel_size_nm=0.12'),
    *('--thickness_nm=100', '--object_diameter_nm=4', *map(str, images)),
  )
  assert done.returncode == 0, done.stderr
  return out


def by_jax(images, out):
  path = network_path('voids')
  request = PredictRequest(
    output=str(out),
    images=[*map(str, images)],
    network='voids',
    engine='jax',
    pixel_size_nm=0.12,
    thickness_nm=100.0,
    object_diameter_nm=4.0,
  )
  config = network_config(path, read_card(path), None)
  assert job.predict(config, None, request, Console(quiet=True), Never())


def test_its_objects_are_those_of_jax_and_corrections_stay(images, first):
  record = json.loads((first / 'session.json').read_text())
  name = engine_text('onnx')
  assert record['provenance']['engine'] == name
  assert {one['engine'] for one in record['images'].values()} == {name}
  assert f'computed by {name}.' in (first / 'paper/methods.md').read_text()
  assert name in (first / 'report.html').read_text()
  before, mask = by_image(first), tifffile.imread(first / 'masks/x.tif')
  found = tifffile.imread(first / 'probabilities/x.tif')
  assert float(before['x']['number_density_per_m3']) > 0
  by_hand = corrected(first / 'masks/y.tif')
  by_jax(images, first)
  # Another engine: both images again, and the same but for rounding.
  again = tifffile.imread(first / 'probabilities/x.tif')
  assert 0 < np.abs(again - found).max() < 1e-5
  np.testing.assert_array_equal(tifffile.imread(first / 'masks/x.tif'), mask)
  after = by_image(first)
  for name in ('number_density_per_m3', 'diameter_mean_nm', 'particles'):
    assert after['x'][name] == before['x'][name]
  np.testing.assert_array_equal(tifffile.imread(first / 'masks/y.tif'), by_hand)
  text = (first / 'report.html').read_text()
  assert 'corrected_mask_kept' not in (first / 'summary.json').read_text()
  assert engine_text('jax') in text and engine_text('onnx') not in text


def test_what_needs_jax_says_so_in_one_line(tmp_path):
  done = without_jax('train', '--config=voids', f'--workdir={tmp_path / "run"}')
  assert done.returncode == 1
  (line,) = done.stderr.splitlines()
  assert line.startswith('error: ') and 'is not installed: training' in line
