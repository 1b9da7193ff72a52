"""The folder of a search: its trials, and what came out of each.

  search.json   every setting of the search
  journal.log   Optuna's record: what each trial drew and how it ended
  trials/0007/  an ordinary run, and outcome.json once it has ended
  trials.csv, search.html
  best/         a copy of the best run, with its test set scored

Optuna holds what was drawn and the values; whether a trial is being trained is
said by its folder (leases.py), which Optuna has no part in: its journal
knows no worker that died.
"""

import contextlib
import csv
import dataclasses
import io
import json
import pathlib
from collections.abc import Iterator, Mapping
from typing import Any

import ml_collections
import optuna
from optuna.storages.journal import JournalFileBackend, JournalFileSymlinkLock

from defectseg_jax.errors import InputError
from defectseg_jax.files import LockHeldError, json_text, lock, write_whole
from defectseg_jax.runs.workdir import Workdir, flat_fields, require_same_fields
from defectseg_jax.search.rounds import Planned
from defectseg_jax.search.space import search_space, trial_sampler

# By eye: longer than anything that is done under the lock takes, for one worker
# and for all that may stand in line.
_LINK_GRACE_S = 120
_LOCK_WAIT_S = 600.0


@dataclasses.dataclass(frozen=True)
class Outcome:
  """How a trial ended.

  Attributes:
    state: complete, pruned or failed.
    dev_iu: of its best epoch; None if it is not complete.
    best_epoch: counted from 1; None likewise.
    threshold: chosen on the development set; None likewise.
    epochs: that it trained.
    reason: why it failed; ''.
  """

  state: str
  dev_iu: float | None = None
  best_epoch: int | None = None
  threshold: float | None = None
  epochs: int = 0
  reason: str = ''


class Study:
  """A search that is under way or done.

  Attributes:
    path: of its folder.
    config: of the search.
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
  ):
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
    self.config = config
    self.space = search_space(config)
    self.table = self.path / 'trials.csv'
    self.page = self.path / 'search.html'
    self.best = self.path / 'best'
    self._settings = self.path / 'search.json'
    self._require_config()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    with self._readable(storage):
      self._optuna = optuna.create_study(
        storage=storage or self._journal(),
        study_name=str(self.path) if storage else 'search',
        direction='maximize',
        load_if_exists=True,
      )

  def folder(self, number: int) -> pathlib.Path:
    """Where a trial is trained."""
    return self.path / 'trials' / f'{number:04d}'

  @contextlib.contextmanager
  def lock(self) -> Iterator[None]:
    """Keeps the other workers from planning and claiming meanwhile.

    Raises:
      InputError: a worker has had the lock for minutes.
    """
    with contextlib.ExitStack() as held:
      path = self.path / '.lock'
      try:
        has_locks = held.enter_context(lock(path, wait_s=_LOCK_WAIT_S))
      except LockHeldError as error:
        raise InputError(
          f'{path}: {error} has kept this search waiting for '
          f'{_LOCK_WAIT_S / 60:.0f} min; if it is not running, remove the file '
          'and give the same command again'
        ) from error
      if not has_locks:
        held.enter_context(self._link_lock())
      yield

  def draw(self, trials: list[Planned]) -> None:
    """Draws for the planned trials that were not drawn for yet. Locked only."""
    for trial in trials[len(self._optuna.get_trials(deepcopy=False)) :]:
      self._optuna.sampler = trial_sampler(
        seed=self.config.seed, number=trial.number
      )
      asked = self._optuna.ask(self._space_of(trial))
      if asked.number != trial.number:
        raise InputError(
          f'{self.path}: two workers drew trial {trial.number} at once: the '
          'locks of this file system do not reach other machines; give a new '
          '--workdir on one where they do (NFSv4, Lustre mounted with flock), '
          'or use one machine'
        )
      asked.set_user_attr('round', trial.round)
      asked.set_user_attr('parent', trial.parent)

  def trial_config(self, trial: Planned) -> ml_collections.ConfigDict:
    """The config of a trial's run: that of the search, with what was drawn.

    Args:
      trial: for which was drawn.

    Returns:
      A copy. A warm-started trial has its parent's architecture.
    """
    config = self.config.copy_and_resolve_references()
    drawn = dict(self._optuna.get_trials(deepcopy=False)[trial.number].params)
    if trial.parent is not None:
      config.init_from = str(self.folder(trial.parent))
      config.model.name = self._architecture(trial.parent)
    config.update_from_flattened_dict(drawn)
    config.seed = (config.seed + trial.number) % 2**31
    return config

  def tell(self, number: int, outcome: Outcome) -> None:
    """Keeps how a trial ended. Told twice, the first stands. Locked only."""
    path = self.folder(number) / 'outcome.json'
    if not path.exists():
      with write_whole(path) as temporary:
        temporary.write_text(json_text(dataclasses.asdict(outcome)))
    self._tell_optuna(number, outcome)

  def settle(self) -> None:
    """Tells Optuna what a worker that died could not. Locked only."""
    trials = self._optuna.get_trials(deepcopy=False)
    for number, outcome in self.outcomes().items():
      if not trials[number].state.is_finished():
        self._tell_optuna(number, outcome)

  def outcomes(self) -> dict[int, Outcome]:
    """Of all trials that have ended, by number.

    Raises:
      InputError: an outcome.json is damaged.
    """
    found = {}
    for number in range(len(self._optuna.get_trials(deepcopy=False))):
      path = self.folder(number) / 'outcome.json'
      if path.exists():
        try:
          found[number] = Outcome(**json.loads(path.read_text()))
        except (ValueError, TypeError) as error:
          raise InputError(
            f'{path}: is damaged ({error}); remove it, and the trial is '
            'looked at again'
          ) from error
    return found

  def dev_ious(self, number: int) -> list[float]:
    """The development IU of each epoch that a trial has trained."""
    try:
      text = Workdir(self.folder(number)).history.read_text()
    except FileNotFoundError:
      return []
    return [float(row['dev_iu']) for row in csv.DictReader(io.StringIO(text))]

  @contextlib.contextmanager
  def _link_lock(self) -> Iterator[None]:
    """Where the file system has no locks: a link, as for Optuna's journal.

    Unlike a lock it outlives its process, and is then taken over.
    """
    link = JournalFileSymlinkLock(str(self._settings), _LINK_GRACE_S)
    link.acquire()
    try:
      yield
    finally:
      # Another worker may have thought us dead.
      with contextlib.suppress(RuntimeError):
        link.release()

  def _tell_optuna(self, number, outcome):
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

  def _space_of(self, trial: Planned) -> Mapping[str, Any]:
    """Weights fit one architecture: a warm start does not choose another."""
    if trial.parent is None:
      return self.space
    return {k: v for k, v in self.space.items() if k != 'model.name'}

  def _architecture(self, parent):
    fields = json.loads((self.folder(parent) / 'config.json').read_text())
    return fields['model']['name']

  def _journal(self):
    return optuna.storages.JournalStorage(
      JournalFileBackend(str(self.path / 'journal.log'))
    )

  def _require_config(self):
    """Writes search.json, or refuses the folder of another search."""
    wanted = json.loads(json_text(_of_search(self.config)))
    before = self._read_settings()
    if before is None:
      self._begin(wanted)
      # Another worker may have begun it just now, with another config.
      before = self._read_settings()
    require_same_fields(before, wanted, where=self._settings)

  def _read_settings(self):
    try:
      return json.loads(self._settings.read_text())
    except FileNotFoundError:
      return None
    except (OSError, ValueError) as error:
      raise InputError(
        f'{self._settings}: cannot be read ({error}); give another --workdir'
      ) from error

  def _begin(self, settings):
    try:
      self.path.mkdir(parents=True, exist_ok=True)
      others = [p for p in self.path.iterdir() if not p.name.startswith('.')]
      if others and not self._settings.exists():
        raise InputError(
          f'{self.path}: holds files, but no search.json of a search; give '
          '--workdir a new or empty folder'
        )
      if not others:
        with write_whole(self._settings) as temporary:
          temporary.write_text(json_text(settings))
    except OSError as error:
      raise InputError(
        f'{self.path}: cannot be written to ({error.strerror}); give another '
        '--workdir'
      ) from error

  @contextlib.contextmanager
  def _readable(self, storage):
    """A damaged journal or an unreachable database has one line."""
    try:
      yield
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


def _of_search(config):
  """Every field but of what is done with masks: as of a run, and the search."""
  fields = config.to_dict()
  del fields['quantification']
  return flat_fields(fields)
