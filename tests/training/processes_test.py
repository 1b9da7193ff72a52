"""The train step in two processes of two devices, against one of four."""

import sys

import jax
import numpy as np
import optax
import pytest
from tiny import HANGS_S, start_processes

from defectseg_jax.models.unet import UNet
from defectseg_jax.training import schedules, state, step


def two_steps(share, stop):
  """The losses, what was said of stopping, and a kernel afterwards."""
  # Of a step it asks what every network does: normalisation over all devices,
  # and dropout that differs between them.
  model = UNet(
    widths=(4, 8),
    dropout_rate=0.1,
    batch_norm_momentum=0.9,
    axis_name=step.DEVICES,
  )
  optimizer = optax.scale_by_adam()
  current = step.replicate(
    state.create_train_state(
      model,
      optimizer=optimizer,
      plateau=schedules.plateau_decay(factor=0.5, patience_epochs=10),
      seed=0,
    )
  )
  train_step = step.make_train_step(
    model, optimizer=optimizer, learning_rate=0.001, l2=0.001
  )
  rng = np.random.default_rng(0)
  shape = (8, 32, 32, 1)
  batch = {
    'image': rng.normal(size=shape).astype(np.float32),
    'mask': (rng.random(shape) < 0.2).astype(np.uint8),
    'weight': np.ones(shape, np.uint8),
  }
  batch = step.shard({name: x[share] for name, x in batch.items()})
  losses, stops = [], []
  for asked in (False, stop):
    current, metrics = train_step(current, batch, 2.0, asked)
    losses.append(float(metrics['loss']))
    stops.append(bool(metrics['stop'] > 0))
  return losses, stops, np.asarray(current.params['bottom_1']['kernel'])


@pytest.fixture
def in_two(tmp_path):
  program = f"""
import jax, sys
import numpy as np
sys.path[:0] = {sys.path!r}
index = int(sys.argv[1])
jax.distributed.initialize(
  num_processes=2, process_id=index, cluster_detection_method='deactivate'
)
import importlib.util
spec = importlib.util.spec_from_file_location('worker', {__file__!r})
worker = importlib.util.module_from_spec(spec)
spec.loader.exec_module(worker)
share = slice(4 * index, 4 * index + 4)
losses, stops, kernel = worker.two_steps(share, stop=index == 1)
np.savez(f'{tmp_path}/{{index}}.npz', losses=losses, stops=stops, kernel=kernel)
"""
  started = start_processes(
    [[sys.executable, '-c', program, str(index)] for index in range(2)]
  )
  for process in started:
    _, errors = process.communicate(timeout=HANGS_S)
    assert process.returncode == 0, errors
  return [np.load(tmp_path / f'{index}.npz') for index in range(2)]


@pytest.mark.slow
def test_two_processes_step_as_one_does(in_two):
  assert jax.device_count() == 4
  losses, stops, kernel = two_steps(slice(None), stop=False)
  assert stops == [False, False]
  for found in in_two:
    np.testing.assert_allclose(found['losses'], losses, rtol=1e-4)
    np.testing.assert_allclose(found['kernel'], kernel, atol=1e-4)
    # Both learn, at the same step, that the second one was asked to stop.
    assert found['stops'].tolist() == [False, True]
  first, second = in_two
  np.testing.assert_array_equal(first['losses'], second['losses'])
  np.testing.assert_array_equal(first['kernel'], second['kernel'])
