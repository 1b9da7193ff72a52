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
from defectseg_jax.prediction import openvino_forward
from defectseg_jax.prediction.engines import engine_text
from defectseg_jax.runs import network
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


def predict(image, out, engine):
  path = network_path('voids')
  request = PredictRequest(
    output=str(out),
    images=[str(image)],
    network='voids',
    engine=engine,
    pixel_size_nm=0.12,
    thickness_nm=100.0,
    object_diameter_nm=4.0,
  )
  config = network_config(path, read_card(path), None)
  assert job.predict(config, None, request, Console(quiet=True), Never())


def never(*_, **__):
  raise AssertionError('a network was loaded')


def test_its_objects_are_those_of_jax_and_corrections_stay(
  tmp_path, monkeypatch
):
  image, out = tmp_path / 'x.tif', tmp_path / 'out'
  tifffile.imwrite(image, tifffile.imread('examples/foil_2.tif')[:160, :160])
  done = without_jax(
    *('predict', '--network=voids', f'--output={out}', '--pixel_size_nm=0.12'),
    *('--thickness_nm=100', '--object_diameter_nm=4', str(image)),
  )
  assert done.returncode == 0, done.stderr
  record = json.loads((out / 'session.json').read_text())
  without, by_jax = engine_text('onnx'), engine_text('jax')
  assert record['provenance']['engine'] == without
  assert record['images']['x']['engine'] == without
  assert f'computed by {without}.' in (out / 'paper/methods.md').read_text()
  assert without in (out / 'report.html').read_text()
  before, mask = by_image(out)['x'], tifffile.imread(out / 'masks/x.tif')
  found = tifffile.imread(out / 'probabilities/x.tif')
  assert float(before['number_density_per_m3']) > 0
  # Another engine: the image again, and the same but for rounding.
  predict(image, out, 'jax')
  again = tifffile.imread(out / 'probabilities/x.tif')
  assert 0 < np.abs(again - found).max() < 1e-5
  np.testing.assert_array_equal(tifffile.imread(out / 'masks/x.tif'), mask)
  for name in ('number_density_per_m3', 'diameter_mean_nm', 'count'):
    assert by_image(out)['x'][name] == before[name]
  text = (out / 'report.html').read_text()
  assert by_jax in text and without not in text
  # What a person drew is no older for it.
  by_hand = corrected(out / 'masks/x.tif')
  predict(image, out, 'onnx')
  np.testing.assert_array_equal(tifffile.imread(out / 'masks/x.tif'), by_hand)
  np.testing.assert_array_equal(
    tifffile.imread(out / 'probabilities/x.tif'), found
  )
  assert 'corrected_mask_kept' not in (out / 'summary.json').read_text()
  # Where no image is to be looked at, nothing is loaded that could.
  monkeypatch.setattr(openvino_forward, '_import_openvino', never)
  monkeypatch.setattr(network, 'variables_of', never)
  by_hand[100:140, :40] = 255
  tifffile.imwrite(out / 'masks/x.tif', by_hand)
  predict(image, out, 'onnx')
  measured = float(by_image(out)['x']['area_fraction'])
  assert measured == pytest.approx((by_hand > 0).mean(), abs=0.001)


def test_what_needs_jax_says_so_in_one_line(tmp_path):
  done = without_jax('train', '--config=voids', f'--workdir={tmp_path / "run"}')
  assert done.returncode == 1
  (line,) = done.stderr.splitlines()
  assert line.startswith('error: ') and 'is not installed: training' in line
