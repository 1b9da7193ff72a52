"""One train step, against the same written plainly and without devices."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from defectseg_jax.evaluation import thresholds
from defectseg_jax.models.defectsegnet import DefectSegNet
from defectseg_jax.training import schedules, state, step

# One worker, so that the step is compiled once.
pytestmark = pytest.mark.xdist_group('step')

# The whole network is the same code, only wider and deeper.
SMALL = DefectSegNet(
  widths=((4,), 8, ((4, (4,)),)), dropout_rate=0.0, batch_norm_momentum=0.9
)
MAPPED = SMALL.clone(axis_name=step.DEVICES)
ADAM = optax.scale_by_adam()
RATE, L2, WEIGHT = 0.01, 0.001, 5.0


@pytest.fixture(scope='module')
def batch():
  rng = np.random.default_rng(0)
  shape = (8, 32, 32, 1)
  weight = np.ones(shape, np.uint8)
  weight[:3, 20:] = 0
  return {
    'image': rng.normal(size=shape).astype(np.float32),
    'mask': (rng.random(shape) < 0.2).astype(np.uint8),
    'weight': weight,
  }


@pytest.fixture(scope='module')
def stepped(batch):
  """The state before a step, and what the mapped step made of it."""
  before = state.create_train_state(
    MAPPED,
    optimizer=ADAM,
    plateau=schedules.plateau_decay(factor=0.5, patience_epochs=10),
    seed=0,
  )
  before = jax.device_get(before)
  train_step = step.make_train_step(
    MAPPED, optimizer=ADAM, learning_rate=RATE, l2=L2
  )
  after, metrics = train_step(step.replicate(before), step.shard(batch), WEIGHT)
  return before, jax.device_get(after), jax.device_get(metrics)


def plain_loss(params, batch_stats, batch):
  """The loss as the paper writes it, over the whole batch at once."""
  logits, updated = SMALL.apply(
    {'params': params, 'batch_stats': batch_stats},
    batch['image'],
    train=True,
    mutable=['batch_stats'],
  )
  p = jax.nn.sigmoid(logits)
  y, counted = batch['mask'], batch['weight']
  pixels = -WEIGHT * y * jnp.log(p) - (1 - y) * jnp.log(1 - p)
  kernels = [
    module['kernel'] for module in params.values() if 'kernel' in module
  ]
  penalty = 0.5 * L2 * sum((kernel**2).sum() for kernel in kernels)
  loss = (counted * pixels).sum() / counted.sum() + penalty
  return loss, (p, updated['batch_stats'])


def test_there_are_several_devices():
  assert jax.local_device_count() == 4


@pytest.mark.slow
def test_a_step_is_adam_on_the_loss_of_the_whole_batch(stepped, batch):
  before, after, metrics = stepped
  (loss, (p, batch_stats)), gradients = jax.jit(
    jax.value_and_grad(plain_loss, has_aux=True)
  )(before.params, before.batch_stats, batch)
  assert metrics['loss'] == pytest.approx(float(loss), rel=1e-5)
  # Adam's first moment after one step is a tenth of the gradient.
  jax.tree.map(
    lambda mu, g: np.testing.assert_allclose(
      mu, 0.1 * g, rtol=1e-3, atol=1e-6 + 1e-4 * np.abs(g).max()
    ),
    after.optimizer.mu,
    gradients,
  )
  jax.tree.map(
    lambda found, expected: np.testing.assert_allclose(
      found, expected, rtol=1e-4, atol=1e-5
    ),
    after.batch_stats,
    batch_stats,
  )
  # Its first step moves every parameter by the learning rate at most.
  moved = jax.tree.map(
    lambda a, b: np.abs(a - b).max(), after.params, before.params
  )
  assert 0.9 * RATE < max(jax.tree.leaves(moved)) < 1.01 * RATE
  assert after.step == 1
  histogram = thresholds.histogram(
    np.asarray(p)[batch['weight'] > 0], (batch['mask'] > 0)[batch['weight'] > 0]
  )
  # A pixel at the very edge of a bin may fall on either side.
  assert np.abs(metrics['histogram'] - histogram).sum() < 10
  assert metrics['histogram'].sum() == batch['weight'].sum()


def test_steps_of_one_model_are_compiled_once(stepped, batch, monkeypatch):
  """Whatever their rates: the trials of a search need not wait for it again."""
  before, after, _ = stepped
  monkeypatch.setattr(step, 'step_of_a_device', None)
  train_step = step.make_train_step(
    MAPPED.clone(batch_norm_momentum=0.5),
    optimizer=ADAM,
    learning_rate=2 * RATE,
    l2=L2,
  )
  faster, _ = train_step(step.replicate(before), step.shard(batch), WEIGHT)
  kernels = [s.params['conv_4']['kernel'] for s in (before, after, faster)]
  np.testing.assert_allclose(
    kernels[2] - kernels[0], 2 * (kernels[1] - kernels[0]), atol=1e-6
  )


def test_what_has_no_weight_does_not_count(stepped, batch):
  before, _, metrics = stepped
  train_step = step.make_train_step(
    MAPPED, optimizer=ADAM, learning_rate=RATE, l2=L2
  )
  mask = np.where(batch['weight'] > 0, batch['mask'], 1 - batch['mask'])
  _, other = train_step(
    step.replicate(before), step.shard({**batch, 'mask': mask}), WEIGHT
  )
  assert other['loss'] == metrics['loss']
  np.testing.assert_array_equal(other['histogram'], metrics['histogram'])


def test_the_plateau_scales_the_step(stepped, batch):
  before, after, _ = stepped
  train_step = step.make_train_step(
    MAPPED, optimizer=ADAM, learning_rate=RATE, l2=L2
  )
  halved = before.replace(
    plateau=before.plateau._replace(scale=np.float32(0.5))
  )
  slower, _ = train_step(step.replicate(halved), step.shard(batch), WEIGHT)
  kernels = [s.params['conv_4']['kernel'] for s in (before, after, slower)]
  np.testing.assert_allclose(
    kernels[2] - kernels[0], 0.5 * (kernels[1] - kernels[0]), atol=1e-6
  )


def test_the_average_keeps_less_in_the_first_steps(stepped, batch):
  before, _, _ = stepped
  train_step = step.make_train_step(
    MAPPED,
    optimizer=ADAM,
    learning_rate=RATE,
    l2=L2,
    average_decay=0.2,
  )
  current, expected = before, before.params['conv_4']['kernel']
  # (1 + n) / (10 + n) for the first step, then the decay itself.
  for keep in (2 / 11, 0.2, 0.2):
    current, _ = train_step(
      step.replicate(jax.device_get(current)), step.shard(batch), WEIGHT
    )
    latest = np.asarray(current.params['conv_4']['kernel'])
    expected = keep * expected + (1 - keep) * latest
    found = np.asarray(current.moving_average['params']['conv_4']['kernel'])
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-7)
  assert not np.allclose(found, latest, atol=1e-4)


def test_without_average_the_last_step_is_scored(stepped):
  _, after, _ = stepped
  jax.tree.map(
    np.testing.assert_array_equal,
    after.moving_average,
    {'params': after.params, 'batch_stats': after.batch_stats},
  )


def test_a_batch_in_which_nothing_is_labelled_teaches_nothing(batch, stepped):
  before, _, _ = stepped
  train_step = step.make_train_step(
    MAPPED, optimizer=ADAM, learning_rate=RATE, l2=L2
  )
  unlabelled = {**batch, 'weight': np.zeros_like(batch['weight'])}
  after, metrics = train_step(
    step.replicate(before), step.shard(unlabelled), WEIGHT
  )
  kernels = [
    module['kernel'] for module in before.params.values() if 'kernel' in module
  ]
  penalty = 0.5 * L2 * sum((kernel**2).sum() for kernel in kernels)
  assert float(metrics['loss']) == pytest.approx(penalty, rel=1e-5)
  assert metrics['histogram'].sum() == 0
  assert all(np.isfinite(one).all() for one in jax.tree.leaves(after.params))
