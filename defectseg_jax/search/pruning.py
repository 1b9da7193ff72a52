"""When a trial of a search is given up."""

from collections.abc import Callable, Sequence

import optuna

from defectseg_jax.search.settings import SearchSettings
from defectseg_jax.training.progress import Progress


class MedianRule:
  """Gives a trial up that stays below the median: Optuna's MedianPruner.

  Attributes:
    pruned_after: the number of epochs after which the trial was given up; 0 if
      it was not.
  """

  def __init__(
    self,
    settings: SearchSettings,
    complete_trials: Callable[[], Sequence[Sequence[float]]],
  ) -> None:
    """Begins a trial.

    Args:
      settings: `prune_after_epochs` is read.
      complete_trials: is called after an epoch; the development IU of each
        epoch, of each trial that is complete.
    """
    self._after = settings.prune_after_epochs
    self._complete_trials = complete_trials
    self.pruned_after = 0

  def __call__(self, progress: Progress) -> bool:
    """Whether to give the trial up, of which this is the progress."""
    if self._after and progress.epochs >= self._after:
      pruner = optuna.pruners.MedianPruner(
        n_startup_trials=1, n_warmup_steps=self._after - 1
      )
      others = optuna.create_study(direction='maximize', pruner=pruner)
      for ious in self._complete_trials():
        others.add_trial(_optuna_trial(ious, max(ious)))
      ious = [row['dev_iu'] for row in progress.history]
      if pruner.prune(others, _optuna_trial(ious)):
        self.pruned_after = progress.epochs
    return bool(self.pruned_after)


def _optuna_trial(
  ious: Sequence[float], value: float | None = None
) -> optuna.trial.FrozenTrial:
  """A trial with the IU of each epoch, from 0; complete if it has a value."""
  states = optuna.trial.TrialState
  return optuna.trial.create_trial(
    state=states.RUNNING if value is None else states.COMPLETE,
    value=value,
    intermediate_values=dict(enumerate(ious)),
  )
