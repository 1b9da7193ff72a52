"""Runs whose steps are one program, beside the same runs alone."""

import threading

import jax
import numpy as np
import optax
import pytest
from tiny_network import Shallow

from defectseg_jax.errors import InputError
from defectseg_jax.training import schedules, state, step
from defectseg_jax.training.together import Together

# One worker, so that each program is compiled once.
pytestmark = [pytest.mark.xdist_group('together'), pytest.mark.slow]

ADAM = optax.scale_by_adam()
COUNT = 3
# The second run ends early, the third later.
STEPS = {0: 100, 1: 20, 2: 40}
# Of each run: all that runs of one program may differ in.
RATES = [
  {'learning_rate': 1e-3, 'l2': 1e-3, 'average_decay': 0.9},
  {'learning_rate': 3e-3, 'l2': 1e-5, 'average_decay': 0.0},
  {'learning_rate': 3e-4, 'l2': 1e-1, 'average_decay': 0.5},
]
DROPOUT, MOMENTUM, WEIGHTS = (0.3, 0.05, 0.1), (0.9, 0.5, 0.7), (2.0, 9.0, 5.0)


def model(run):
  return Shallow(
    dropout_rate=DROPOUT[run],
    batch_norm_momentum=MOMENTUM[run],
    axis_name=step.DEVICES,
  )


def batch(run, number):
  """A batch whose bright pixels are defect, beside noise."""
  rng = np.random.default_rng([run, number])
  mask = (rng.random((4, 8, 8, 1)) < 0.2).astype(np.uint8)
  noise = rng.normal(size=mask.shape)
  return step.shard(
    {
      'image': (2 * mask + noise).astype(np.float32),
      'mask': mask,
      'weight': np.ones_like(mask),
    }
  )


def train(run, make_train_step, steps):
  """The losses of a run, and its last state, on the host."""
  current = step.replicate(
    state.create_train_state(
      model(run),
      optimizer=ADAM,
      plateau=schedules.plateau_decay(factor=0.5, patience_epochs=9),
      seed=run,
    )
  )
  train_step = make_train_step(model(run), optimizer=ADAM, **RATES[run])
  losses = []
  for number in range(steps):
    current, metrics = train_step(current, batch(run, number), WEIGHTS[run])
    losses.append(float(metrics['loss']))
  return losses, jax.device_get(current)


def train_together(steps_of):
  """As `train`, of the runs by number, in threads; or what each raised."""
  together = Together(COUNT)
  found = {}

  def work(run, steps):
    try:
      with together.work():
        found[run] = train(
          run, lambda *a, **b: together.make_train_step(run, *a, **b), steps
        )
    except Exception as error:
      found[run] = error

  threads = [
    threading.Thread(target=work, args=each) for each in steps_of.items()
  ]
  together.expect(len(threads))
  for thread in threads:
    thread.start()
  for thread in threads:
    thread.join()
  return found


@pytest.fixture(scope='module')
def found():
  """What came of the three runs together."""
  return train_together(STEPS)


def test_a_run_has_the_losses_that_it_has_alone(found):
  for run, steps in STEPS.items():
    losses, last = found[run]
    alone, last_alone = train(run, step.make_train_step, steps)
    np.testing.assert_allclose(losses, alone, rtol=1e-4)
    assert losses[-1] < 0.9 * losses[0]
    assert last.step == last_alone.step == steps


def test_the_first_loss_is_that_of_a_model_with_its_own_dropout(found):
  """Written plainly, with the rate as a constant of the model."""
  run = 0
  alone = model(run).clone(axis_name=None)
  variables = state.create_variables(alone, seed=run)
  one = jax.tree.map(lambda x: x.reshape(-1, 8, 8, 1), batch(run, 0))
  key = jax.random.fold_in(jax.random.key(run), 0)
  logits, _ = alone.apply(
    variables,
    one['image'],
    train=True,
    mutable=['batch_stats'],
    rngs={'dropout': key},
  )
  p, y = jax.nn.sigmoid(logits), one['mask']
  pixels = -WEIGHTS[run] * y * np.log(p) - (1 - y) * np.log(1 - p)
  kernels = [
    layer['kernel']
    for layer in variables['params'].values()
    if 'kernel' in layer
  ]
  penalty = sum((np.asarray(kernel) ** 2).sum() for kernel in kernels)
  expected = pixels.mean() + 0.5 * RATES[run]['l2'] * penalty
  assert found[run][0][0] == pytest.approx(float(expected), rel=1e-5)


def test_a_run_has_the_same_bits_whoever_else_is_there(found):
  (losses, last) = train_together({2: 20, 0: 35})[0]
  again, last_again = train_together({0: 35, 1: 5})[0]
  assert losses == again == found[0][0][:35]
  jax.tree.map(np.testing.assert_array_equal, last, last_again)


def test_one_that_fails_lets_the_others_go_on(found, monkeypatch):
  make_batch = batch

  def fail_late(run, number):
    if run == 1 and number == 3:
      raise OSError('the disk is full')
    return make_batch(run, number)

  monkeypatch.setitem(globals(), 'batch', fail_late)
  others = train_together({0: 10, 1: 10})
  assert isinstance(others[1], OSError)
  assert others[0][0] == found[0][0][:10]


def test_one_that_diverges_leaves_the_others_their_bits(found, monkeypatch):
  make_batch = batch

  def diverge(run, number):
    made = make_batch(run, number)
    if run == 1 and number == 3:
      made['image'][:] = np.nan
    return made

  monkeypatch.setitem(globals(), 'batch', diverge)
  others = train_together({0: 10, 1: 10})
  assert np.isnan(others[1][0][3:]).all()
  assert others[0][0] == found[0][0][:10]


@pytest.mark.parametrize(
  ('text', 'kind', 'expected'),
  [
    ('RESOURCE_EXHAUSTED: 80 GiB', InputError, 'config.search.parallel=3: a'),
    ('INTERNAL: lost', jax.errors.JaxRuntimeError, 'INTERNAL: lost'),
  ],
)
def test_a_step_that_cannot_be_taken_ends_all(
  monkeypatch, text, kind, expected
):
  def fails(*_):
    raise jax.errors.JaxRuntimeError(text)

  monkeypatch.setattr(
    'defectseg_jax.training.together.make_steps', lambda *_: fails
  )
  for error in train_together({0: 2, 2: 2}).values():
    assert type(error) is kind and str(error).startswith(expected)
