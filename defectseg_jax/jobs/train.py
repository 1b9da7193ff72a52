"""--mode=train: from micrographs to a scored test set."""

import ml_collections
from rich.console import Console

from defectseg_jax.runs.fit import fit
from defectseg_jax.runs.test_set import score_test_set
from defectseg_jax.runs.workdir import Workdir
from defectseg_jax.runtime import processes
from defectseg_jax.runtime.interruption import Interruption


def train(
  config: ml_collections.ConfigDict,
  workdir: Workdir,
  console: Console,
  interruption: Interruption,
) -> None:
  """Trains, or goes on training, then scores the test set.

  Args:
    config: of the run.
    workdir: new, or of the same run.
    console: where the progress and the table go.
    interruption: asked after each step whether to stop.

  Raises:
    InputError: as `fit`.
  """
  fitted = fit(
    config, workdir, console, interruption, splits=('train', 'dev', 'test')
  )
  processes.disconnect()
  if not processes.is_first():
    return
  # Training is saved to its end, or to where it was stopped; scoring again
  # costs little.
  interruption.allow_exit()
  # A run that was stopped has ended above; nobody asked to give it up.
  assert fitted is not None
  with workdir.claim(config):
    score_test_set(
      config,
      workdir,
      console,
      regions=fitted.data.regions,
      progress=fitted.progress,
    )
