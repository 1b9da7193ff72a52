"""--mode=evaluate: scores a trained run's test set, and draws it."""

import ml_collections
from rich.console import Console

from defectseg_jax.runs import test_set
from defectseg_jax.runs.workdir import Workdir


def evaluate(
  config: ml_collections.ConfigDict, workdir: Workdir, console: Console
) -> None:
  """Runs the job.

  Args:
    config: of the run.
    workdir: of a run that was trained for one epoch at least.
    console: where the table goes.

  Raises:
    InputError: as `test_set.evaluate`.
  """
  test_set.evaluate(config, workdir, console)
