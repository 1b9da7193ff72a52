"""Every architecture trains a step.

What differs only in widths or depth is the same code. A small one of each kind
is trained; tests/shapes_test.py traces the steps of larger ones.
"""

import jax
import numpy as np
import optax
import pytest

from defectseg_jax.models.defectsegnet import DefectSegNet
from defectseg_jax.models.fc_densenet import FCDenseNet
from defectseg_jax.models.fcn import FCN8s
from defectseg_jax.models.unet import UNet
from defectseg_jax.training import schedules, state, step

# Many networks are traced and compiled.
pytestmark = pytest.mark.slow

OPTIONS = {'dropout_rate': 0.1, 'batch_norm_momentum': 0.8}
MAPPED = {**OPTIONS, 'axis_name': step.DEVICES}
SHALLOW = ((4,), 8, ((4, (4,)),))
TRAINED = {
  'no_dense': DefectSegNet(widths=SHALLOW, dense_blocks=False, **MAPPED),
  'no_skips': DefectSegNet(widths=SHALLOW, skips=False, **MAPPED),
  'added': DefectSegNet(widths=SHALLOW, concatenation=False, **MAPPED),
  'bilinear': DefectSegNet(
    widths=SHALLOW, transposed_convolution=False, **MAPPED
  ),
  'fcn8s': FCN8s(widths=(2, 2, 2, 4, 4, 8, 8), **MAPPED),
  'unet': UNet(widths=(4, 8, 8), **MAPPED),
  'fc_densenet': FCDenseNet(
    block_layers=(1, 2, 1), growth_rate=4, first_features=4, **MAPPED
  ),
}


@pytest.fixture(autouse=True)
def quick_compilation():
  """One step is run: to make it fast would take longer."""
  jax.config.update('jax_disable_most_optimizations', True)
  yield
  jax.config.update('jax_disable_most_optimizations', False)


def make_step(model):
  """What creates the state before a step, and the step."""
  optimizer = optax.scale_by_adam()
  train_step = step.make_train_step(
    model, optimizer=optimizer, learning_rate=1e-3, l2=1e-4
  )

  def create():
    return state.create_train_state(
      model,
      optimizer=optimizer,
      plateau=schedules.plateau_decay(factor=0.5, patience_epochs=10),
      seed=0,
    )

  return create, train_step


def batch():
  rng = np.random.default_rng(0)
  shape = (jax.local_device_count(), 1, 64, 64, 1)
  return {
    'image': rng.normal(size=shape).astype(np.float32),
    'mask': (rng.random(shape) < 0.2).astype(np.uint8),
    'weight': np.ones(shape, np.uint8),
  }


@pytest.mark.slow
@pytest.mark.parametrize('architecture', TRAINED)
def test_a_step_changes_every_parameter(architecture):
  create, train_step = make_step(TRAINED[architecture])
  before = jax.device_get(create())
  after, metrics = train_step(step.replicate(before), batch(), 5.0)
  assert np.isfinite(metrics['loss'])
  for part in ('params', 'batch_stats'):
    for (path, old), new in zip(
      jax.tree_util.tree_leaves_with_path(getattr(before, part)),
      jax.tree.leaves(jax.device_get(getattr(after, part))),
      strict=True,
    ):
      assert np.isfinite(new).all(), path
      assert (old != new).any(), path
