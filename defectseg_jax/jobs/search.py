"""--mode=search: random trials, then rounds of warm starts from the best."""

import ml_collections
from rich.console import Console

from defectseg_jax.runs.data import read_data
from defectseg_jax.runs.settings import run_settings
from defectseg_jax.runtime.interruption import Interruption
from defectseg_jax.runtime.leases import Leases
from defectseg_jax.search.checks import require_searchable
from defectseg_jax.search.crew import Crew
from defectseg_jax.search.report import end_text, print_trials
from defectseg_jax.search.study import Study
from defectseg_jax.search.worker import Worker


def search(
  config: ml_collections.ConfigDict,
  path: str,
  console: Console,
  interruption: Interruption,
  *,
  storage: str | None = None,
) -> None:
  """Searches, or joins the workers of a search, until it is done.

  Args:
    config: of the search; its section `search` says what is tried.
    path: of the study's folder.
    console: where the progress and the table go.
    interruption: asked after each step whether to stop.
    storage: URL of a database for Optuna; None for a journal in the folder.

  Raises:
    InputError: the config, the search space, the data or the study is at
      fault; or every trial of the first round failed.
  """
  require_searchable(config)
  # Before a study is made that another config could then not take over.
  with console.status('Preparing the micrographs'):
    read_data(run_settings(config), splits=('train', 'dev', 'test'))
  study = Study(path, config, storage=storage)
  worker = Worker(study, Leases(), console, interruption)
  if study.settings.parallel > 1:
    finished = Crew(study, console, interruption).train_all()
  else:
    finished = worker.train_all()
  best = worker.score_best(finished)
  console.print(end_text(study, finished, best), soft_wrap=True)
  print_trials(study, finished, console)
