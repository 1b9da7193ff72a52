"""When a trial of a search is given up."""

import optuna

from defectseg_jax.search.study import Study
from defectseg_jax.training.progress import Progress


class Judge:
  """Whether a trial is to be given up: Optuna's rule of the median.

  Attributes:
    hopeless: after how many epochs it was to be; 0 if it was not.
  """

  def __init__(self, study: Study):
    """Begins a trial.

    Args:
      study: `config.search.prune_after_epochs` is read, and the histories of
        the trials that are complete.
    """
    self._study = study
    self._after = study.config.search.prune_after_epochs
    self.hopeless = 0

  def __call__(self, progress: Progress) -> bool:
    """Whether to give the trial up, of which this is the progress."""
    if self._after and progress.epochs >= self._after:
      pruner = optuna.pruners.MedianPruner(
        n_startup_trials=1, n_warmup_steps=self._after - 1
      )
      others = optuna.create_study(direction='maximize', pruner=pruner)
      for number, outcome in self._study.outcomes().items():
        if outcome.state == 'complete':
          ious = self._study.dev_ious(number)
          others.add_trial(_curve(ious, max(ious)))
      if pruner.prune(others, _curve([r['dev_iu'] for r in progress.history])):
        self.hopeless = progress.epochs
    return bool(self.hopeless)


def _curve(ious, value=None):
  """A trial of Optuna's with the IU of each epoch, from 0."""
  states = optuna.trial.TrialState
  return optuna.trial.create_trial(
    state=states.RUNNING if value is None else states.COMPLETE,
    value=value,
    intermediate_values=dict(enumerate(ious)),
  )
