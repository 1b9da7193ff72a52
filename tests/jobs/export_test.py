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
from random_networks import write_random_network
from rich.console import Console

from configs import voids
from defectseg_jax.errors import InputError
from defectseg_jax.jobs import export as job
from defectseg_jax.models import ModelSettings, create_model
from defectseg_jax.runs import onnx_writing
from defectseg_jax.runs.network_card import network_config, read_card
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
  done = tiny.run(export)
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
  images = np.random.default_rng(1).normal(size=(1, 64, 72, 1))
  images = images.astype(np.float32)
  session = onnxruntime.InferenceSession(str(path))
  (found,) = session.run(None, {'micrograph': images.transpose(0, 3, 1, 2)})
  expected = jax.nn.sigmoid(
    network.apply({'params': params, 'batch_stats': batch_stats}, images)
  )
  np.testing.assert_allclose(found[:, 0], expected[..., 0], atol=1e-5)
  assert np.ptp(found) > 0.01

  before = path.read_bytes()
  done = tiny.run(export)
  assert done.returncode == 1
  assert 'net.onnx: is there already' in done.stderr
  assert path.read_bytes() == before


def test_a_graph_that_says_something_else_is_not_written(tmp_path, monkeypatch):
  path = write_random_network(tmp_path / 'mine.safetensors')
  monkeypatch.setattr(onnx_writing, '_TOLERANCE', -1.0)
  with pytest.raises(InputError, match='differ from those of JAX by up to'):
    job.export(
      network_config(path, read_card(path), None),
      None,
      str(tmp_path / 'net.onnx'),
      console=Console(quiet=True),
      network=str(path),
    )
  assert not (tmp_path / 'net.onnx').exists()


def test_what_is_wrong_is_said_in_one_line(tmp_path, monkeypatch):
  def refused(output):
    with pytest.raises(InputError) as caught:
      job.export(
        voids.get_config(),
        Workdir(tmp_path),
        str(output),
        console=Console(quiet=True),
      )
    assert not list(tmp_path.iterdir())
    return str(caught.value)

  said = refused(tmp_path / 'net.pb')
  assert 'must end in .safetensors, to be passed on, or in .onnx' in said
  monkeypatch.setitem(sys.modules, 'onnxruntime', None)
  said = refused(tmp_path / 'net.onnx')
  assert 'onnxruntime is missing; install it: .venv/bin/python -m pip' in said
