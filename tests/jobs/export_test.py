"""--mode=export: what onnxruntime makes of a run's network."""

import json
import sys

import jax
import numpy as np
import onnx
import onnxruntime
import optax
import pytest
import tiny
from rich.console import Console

from configs import voids
from defectseg_jax.errors import InputError
from defectseg_jax.jobs import export as job
from defectseg_jax.models import ModelSettings, create_model
from defectseg_jax.runs.workdir import Workdir
from defectseg_jax.training import checkpoints, schedules, state
from defectseg_jax.training.progress import Progress

PROGRAM = [sys.executable, '-m', 'defectseg_jax.main']


@pytest.fixture
def run(config, tmp_path):
  """The workdir of a run of the paper's network, before its first step."""
  config.model.name = 'defectsegnet'
  workdir = Workdir(tmp_path / 'run')
  with workdir.claim(config):
    fresh = state.create_train_state(
      create_model(ModelSettings(**config.model)),
      optimizer=optax.scale_by_adam(),
      plateau=schedules.plateau_decay(factor=0.5, patience_epochs=1),
      seed=0,
    )
    saved = checkpoints.Checkpoints(tmp_path / 'run')
    best = {'best_step': 0, 'best_epoch': 1, 'best_iu': 0.5, 'threshold': 0.625}
    saved.save(fresh, Progress(fingerprint='', epochs=1, **best))
    saved.close()
  return tmp_path / 'run'


@pytest.mark.slow
def test_the_exported_network_says_the_same(run, tmp_path):
  path = tmp_path / 'net.onnx'
  export = [*PROGRAM, '--mode=export', f'--workdir={run}', f'--output={path}']
  done = tiny.run([*export, '--side_px=64'])
  assert done.returncode == 0, done.stderr
  assert done.stderr == ''
  assert done.stdout.startswith('Network: ')
  assert 'Largest difference from JAX' in done.stdout

  model = onnx.load(path)
  onnx.checker.check_model(model)
  facts = {one.key: one.value for one in model.metadata_props}
  assert float(facts['threshold']) == 0.625
  assert facts['receptive_radius_px'] == '51'
  assert json.loads(facts['preprocessing'])['background'] == 'gaussian'

  config = Workdir(run).read_config()
  network = create_model(ModelSettings(**config.model))
  params, batch_stats = checkpoints.restore_model(
    run, **state.variable_shapes(network)
  )
  images = np.random.default_rng(1).normal(size=(1, 64, 64, 1))
  images = images.astype(np.float32)
  session = onnxruntime.InferenceSession(str(path))
  (found,) = session.run(None, {session.get_inputs()[0].name: images})
  expected = jax.nn.sigmoid(
    network.apply({'params': params, 'batch_stats': batch_stats}, images)
  )
  np.testing.assert_allclose(found, expected, atol=1e-5)
  assert np.ptp(found) > 0.01

  before = path.read_bytes()
  done = tiny.run(export)
  assert done.returncode == 1
  assert 'net.onnx: is there already' in done.stderr
  assert path.read_bytes() == before
  done = tiny.run([*export[:-1], f'--output={tmp_path}/x.onnx', '--side_px=9'])
  assert 'error: --side_px=9: must be a multiple of 8' in done.stderr
  assert not (tmp_path / 'x.onnx').exists()


def test_what_is_wrong_is_said_in_one_line(tmp_path, monkeypatch):
  def refused(output):
    with pytest.raises(InputError) as caught:
      job.export(
        voids.get_config(),
        Workdir(tmp_path),
        str(output),
        side_px=64,
        console=Console(quiet=True),
      )
    assert not list(tmp_path.iterdir())
    return str(caught.value)

  said = refused(tmp_path / 'net.pb')
  assert 'must end in .safetensors, to be passed on, or in .onnx' in said
  monkeypatch.setitem(sys.modules, 'onnxruntime', None)
  said = refused(tmp_path / 'net.onnx')
  assert 'onnxruntime is missing; install it: .venv/bin/python -m pip' in said
