"""The folder of a search: its trials, and what came out of each.

  search.json   every setting of the search
  journal.log   Optuna's record: what each trial drew and how it ended
  trials/0007/  an ordinary run, and outcome.json once it has ended
  trials.csv, search.html
  best/         a copy of the best run, with its test set scored

Optuna keeps what was drawn, and the IU of each trial. Whether a worker is at a
trial stands in the trial's folder (runtime/leases.py), because Optuna's journal
does not know which workers have died.
"""

import contextlib
import csv
import io
import json
import pathlib
from collections.abc import Iterator, Sequence
from typing import Any

import ml_collections
import optuna

from defectseg_jax.disk import read_regular, sweep
from defectseg_jax.errors import InputError
from defectseg_jax.files import json_text, write_text, write_whole
from defectseg_jax.runs.workdir import (
  Workdir,
  flat_fields,
  require_same_fields,
  said_fields,
)
from defectseg_jax.runtime.worker_lock import lock_workers
from defectseg_jax.search.journal import open_journal
from defectseg_jax.search.outcomes import (
  Outcome,
  read_outcome,
  write_outcome,
)
from defectseg_jax.search.rounds import Trial
from defectseg_jax.search.settings import search_settings
from defectseg_jax.search.space import (
  Distribution,
  search_space,
  trial_sampler,
)


class Study:
  """A search that is under way or done.

  Attributes:
    path: of its folder.
    config: of the search; a trial's is made of it.
    settings: of the search.
    space: Optuna's distributions, by field.
    table: trials.csv.
    page: search.html.
    best: the folder of the best run.
  """

  def __init__(
    self,
    path: str | pathlib.Path,
    config: ml_collections.ConfigDict,
    *,
    storage: str | None = None,
  ) -> None:
    """Opens the study; makes it if it is new.

    Args:
      path: new, empty, or of the same search.
      config: of the search.
      storage: URL of a database; None for a journal in the folder.

    Raises:
      InputError: another config made it, it cannot be read or written, or the
        search space makes no sense.
    """
    # A link, as Optuna's lock is one, leads nowhere from a relative path.
    self.path = pathlib.Path(path).expanduser().absolute()
    # Of a ConfigDict nobody knows the types of the fields.
    self.config: Any = config
    self.settings = search_settings(self.config.search)
    self.space = search_space(self.settings.space, flat_fields(config))
    self.table = self.path / 'trials.csv'
    self.page = self.path / 'search.html'
    self.best = self.path / 'best'
    self._settings = self.path / 'search.json'
    self._require_config()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    with self._explain_errors(storage), self.lock():
      sweep(self.path)
      self._optuna = optuna.create_study(
        storage=storage or open_journal(self.path / 'journal.log'),
        study_name=str(self.path) if storage else 'search',
        direction='maximize',
        load_if_exists=True,
      )

  def folder(self, number: int) -> pathlib.Path:
    """Where a trial is trained."""
    return self.path / 'trials' / f'{number:04d}'

  def lock(self) -> contextlib.AbstractContextManager[None]:
    """Keeps the other workers from planning and claiming meanwhile.

    Raises:
      InputError: another worker has held the lock for minutes.
    """
    return lock_workers(self.path / '.lock')

  def draw(self, trials: Sequence[Trial]) -> None:
    """Draws the values of the trials that have none. Call it under the lock.

    Args:
      trials: all that are planned, by number.

    Raises:
      InputError: the locks of the file system did not keep another worker out.
    """
    for trial in trials[len(self._optuna.get_trials(deepcopy=False)) :]:
      self._optuna.sampler = trial_sampler(
        seed=self.config.seed, number=trial.number
      )
      asked = self._optuna.ask({**self._space_of(trial)})
      if asked.number != trial.number:
        raise InputError(
          f'{self.path}: two workers drew trial {trial.number} at once: the '
          'locks of this file system do not reach other machines; give a new '
          '--workdir on one where they do (NFSv4, Lustre mounted with flock), '
          'or use one machine'
        )
      asked.set_user_attr('round', trial.round)
      asked.set_user_attr('parent', trial.parent)

  def trial_config(self, trial: Trial) -> ml_collections.ConfigDict:
    """The config of a trial's run: that of the search, with what was drawn.

    Args:
      trial: whose values were drawn.

    Returns:
      A copy. A warm-started trial has its parent's architecture.
    """
    config: Any = self.config.copy_and_resolve_references()
    drawn = dict(self._optuna.get_trials(deepcopy=False)[trial.number].params)
    if trial.parent is not None:
      config.init_from = str(self.folder(trial.parent))
      config.model.name = self._architecture(trial.parent)
    config.update_from_flattened_dict(drawn)
    config.seed = (config.seed + trial.number) % 2**31
    return config

  def tell(self, number: int, outcome: Outcome) -> None:
    """Keeps how a trial ended. Call it under the lock.

    Args:
      number: of the trial. If it has an outcome already, that one stays.
      outcome: how it ended.
    """
    write_outcome(self.folder(number), outcome)
    self._tell_optuna(number, outcome)

  def tell_missing(self) -> None:
    """Tells Optuna what dead workers did not. Call it under the lock."""
    trials = self._optuna.get_trials(deepcopy=False)
    for number, outcome in self.outcomes().items():
      if not trials[number].state.is_finished():
        self._tell_optuna(number, outcome)

  def outcomes(self) -> dict[int, Outcome]:
    """How each trial ended that has ended, by number.

    Raises:
      InputError: an outcome.json is damaged.
    """
    count = len(self._optuna.get_trials(deepcopy=False))
    read = {n: read_outcome(self.folder(n)) for n in range(count)}
    return {n: outcome for n, outcome in read.items() if outcome is not None}

  def ious(self) -> dict[int, float | None]:
    """The best development IU of each trial that has ended, for `plan`."""
    return {n: outcome.dev_iu for n, outcome in self.outcomes().items()}

  def complete_trials(self) -> list[list[float]]:
    """The development IU of each epoch, of each trial that is complete."""
    return [
      self.dev_ious(number)
      for number, outcome in self.outcomes().items()
      if outcome.state == 'complete'
    ]

  def dev_ious(self, number: int) -> list[float]:
    """The development IU of each epoch that a trial has trained."""
    try:
      path = Workdir(self.folder(number)).history
      text = read_regular(path).decode()
    except FileNotFoundError:
      return []
    return [float(row['dev_iu']) for row in csv.DictReader(io.StringIO(text))]

  def _tell_optuna(self, number: int, outcome: Outcome) -> None:
    states = {
      'complete': optuna.trial.TrialState.COMPLETE,
      'pruned': optuna.trial.TrialState.PRUNED,
      'failed': optuna.trial.TrialState.FAIL,
    }
    self._optuna.tell(
      number,
      outcome.dev_iu,
      state=states[outcome.state],
      skip_if_finished=True,
    )

  def _space_of(self, trial: Trial) -> dict[str, Distribution]:
    """Weights fit one architecture: a warm start does not choose another."""
    if trial.parent is None:
      return self.space
    return {k: v for k, v in self.space.items() if k != 'model.name'}

  def _architecture(self, parent: int) -> str:
    fields = json.loads(read_regular(self.folder(parent) / 'config.json'))
    return fields['model']['name']

  def _require_config(self) -> None:
    """Writes search.json, or refuses the folder of another search."""
    wanted = json.loads(json_text(_fields_of_search(self.config)))
    before = self._read_settings()
    if before is None:
      self._begin(wanted)
      # Another worker may have begun it just now, with another config.
      before = self._read_settings()
    require_same_fields(
      said_fields(before or {}), said_fields(wanted), where=self._settings
    )

  def _read_settings(self) -> dict[str, Any] | None:
    try:
      return json.loads(read_regular(self._settings))
    except FileNotFoundError:
      return None
    except (OSError, ValueError) as error:
      raise InputError(
        f'{self._settings}: cannot be read ({error}); give another --workdir'
      ) from error

  def _begin(self, settings: dict[str, Any]) -> None:
    try:
      self.path.mkdir(parents=True, exist_ok=True)
      others = [p for p in self.path.iterdir() if not p.name.startswith('.')]
      if others and not self._settings.exists():
        raise InputError(
          f'{self.path}: holds files, but no search.json of a search; give '
          '--workdir a new or empty folder'
        )
      with self.lock():
        if not self._settings.exists():
          with write_whole(self._settings) as temporary:
            write_text(temporary, json_text(settings))
    except OSError as error:
      raise InputError(
        f'{self.path}: cannot be written to ({error.strerror}); give another '
        '--workdir'
      ) from error

  @contextlib.contextmanager
  def _explain_errors(self, storage: str | None) -> Iterator[None]:
    """Says in one line that a journal is damaged or a database not there."""
    try:
      yield
    except InputError:
      raise
    # Whatever a database's driver raises.
    except Exception as error:
      where = '--storage' if storage else self.path / 'journal.log'
      reason = ' '.join(str(error).split())[:300]
      remedy = (
        'check the URL, and that its driver is installed'
        if storage
        else 'bring back a copy that was whole, or give another --workdir'
      )
      raise InputError(
        f'{where}: cannot be read ({type(error).__name__}: {reason}); {remedy}'
      ) from error


def _fields_of_search(config: ml_collections.ConfigDict) -> dict[str, Any]:
  """Every field that changes what comes out: not what is done with masks.

  Nor how many trials a process trains at once: as with the number of workers,
  those who share a search may differ in it.
  """
  fields = config.to_dict()
  del fields['quantification']
  del fields['search']['parallel']
  return flat_fields(fields)
