"""The loop by itself, with a step whose losses are given."""

import dataclasses

import jax.numpy as jnp
import numpy as np
import pytest

from defectseg_jax.evaluation import thresholds
from defectseg_jax.training import loop, schedules
from defectseg_jax.training.progress import Progress
from defectseg_jax.training.settings import TrainingSettings
from defectseg_jax.training.state import TrainState

SETTINGS = TrainingSettings(
  epochs=3, learning_rate=0.5, positive_weight=9.0, positive_weight_decay=0.5
)


@pytest.fixture(autouse=True, params=[0, 1])
def unread(request, monkeypatch):
  """As on a CPU, and as on a GPU: nothing that is saved may differ."""
  monkeypatch.setattr(loop, 'most_unread', lambda: request.param)
  return request.param


@dataclasses.dataclass
class Caller:
  """What the loop is given, and what it did with it."""

  losses: list[float]
  stop_before: int = 10**9
  told_to_stop_at: int = 10**9
  progress: Progress = dataclasses.field(default_factory=lambda: Progress('f'))
  opened: list[int] = dataclasses.field(default_factory=list)
  weights: list[float] = dataclasses.field(default_factory=list)
  saved: list[tuple[int, int]] = dataclasses.field(default_factory=list)

  def run(self, first_step=0):
    plateau = schedules.plateau_decay(factor=0.5, patience_epochs=10)
    average = {'params': {}, 'batch_stats': {}}
    state = TrainState(
      step=jnp.int32(first_step),
      moving_average=average,
      optimizer=(),
      plateau=plateau.init({}),
      rng=jnp.zeros(2, jnp.uint32),
      **average,
    )
    return loop.train_and_evaluate(
      state,
      self.progress,
      train_step=self._step,
      plateau=plateau,
      batches_from=self._batches_from,
      dev_histograms=lambda params, batch_stats: histograms(),
      steps_per_epoch=2,
      settings=SETTINGS,
      save=lambda state, progress: self.saved.append(
        (int(state.step), progress.epochs)
      ),
      listener=loop.Listener(
        step=lambda epoch, number, loss: None,
        epoch=lambda progress: None,
        should_stop=lambda: len(self.weights) >= self.stop_before,
      ),
    )

  def _batches_from(self, step):
    self.opened.append(step)
    while True:
      yield {'image': np.zeros((4, 1, 1, 1), np.float32)}

  def _step(self, state, batch, positive_weight, stop=False):
    self.weights.append(positive_weight)
    metrics = {
      'loss': jnp.float32(self.losses[int(state.step)]),
      'histogram': jnp.asarray(histograms()[0]),
      'stop': jnp.int32(int(state.step) >= self.told_to_stop_at),
    }
    return state.replace(step=state.step + 1), metrics


def histograms():
  """Of one image: two background pixels, and two of a defect."""
  counts = np.zeros((1, 2, thresholds.BINS), int)
  counts[0, 0, [10, 700]] = 1
  counts[0, 1, [650, 900]] = 1
  return counts


def test_each_epoch_is_saved_with_its_weight_and_its_mean_loss():
  caller = Caller(losses=[4, 2, 1, 1, 0, 0])
  assert caller.run()
  assert caller.weights == [9, 9, 5, 5, 3, 3]
  assert caller.saved == [(2, 1), (4, 2), (6, 3)]
  assert [row['loss'] for row in caller.progress.history] == [3, 1, 0]
  weights = [row['positive_weight'] for row in caller.progress.history]
  assert weights == [9, 5, 3]
  assert caller.progress.best_step == 2
  # Above 650 there are two defect pixels and one of the background.
  assert caller.progress.best_iu == 2 / 3
  assert caller.opened == [0]


def test_a_run_that_was_stopped_goes_on_within_its_epoch():
  caller = Caller(losses=[4, 2, 1, 1, 0, 0], stop_before=3)
  assert not caller.run()
  assert caller.saved == [(2, 1), (3, 1)]
  caller.stop_before = 10**9
  assert caller.run(first_step=3)
  assert caller.opened == [0, 3]
  assert [row['loss'] for row in caller.progress.history] == [3, 1, 0]


def test_a_finished_run_opens_no_batches():
  caller = Caller(losses=[], progress=Progress('f', epochs=3))
  assert caller.run(first_step=6)
  assert caller.opened == []


@pytest.mark.parametrize('loss', [float('nan'), float('inf')])
def test_a_run_that_diverges_says_where_and_saves_nothing(loss):
  caller = Caller(losses=[4, 2, 1, loss])
  with pytest.raises(
    loop.Diverged, match=r'step 4 \(epoch 2\).*learning_rate=0\.5'
  ):
    caller.run()
  assert caller.saved == [(2, 1)]


def test_no_step_is_lost_when_another_process_asks_to_stop(unread):
  """Each process learns it when it reads the step, at the same one."""
  caller = Caller(losses=[4, 2, 1, 1, 0, 0], told_to_stop_at=2)
  assert not caller.run()
  last = 3 + unread
  assert caller.saved == [(2, 1), (last, 1)]
  assert caller.progress.losses == [1] * (last - 2)
  caller.told_to_stop_at = 10**9
  assert caller.run(first_step=last)
  assert [row['loss'] for row in caller.progress.history] == [3, 1, 0]
