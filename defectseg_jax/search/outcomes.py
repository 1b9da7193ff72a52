"""How a trial ended: outcome.json in its folder."""

import dataclasses
import json
import pathlib

from defectseg_jax.disk import read_regular
from defectseg_jax.errors import InputError
from defectseg_jax.files import json_text, write_text, write_whole

_FILE = 'outcome.json'


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


def read_outcome(folder: pathlib.Path) -> Outcome | None:
  """How the trial of a folder ended; None if it has not.

  Raises:
    InputError: outcome.json is damaged.
  """
  path = folder / _FILE
  if not path.exists():
    return None
  try:
    return Outcome(**json.loads(read_regular(path)))
  except (ValueError, TypeError) as error:
    raise InputError(
      f'{path}: is damaged ({error}); remove it, and the trial is looked at '
      'again'
    ) from error


def write_outcome(folder: pathlib.Path, outcome: Outcome) -> None:
  """Writes outcome.json, if there is none: what was written first stands."""
  path = folder / _FILE
  if not path.exists():
    with write_whole(path) as temporary:
      write_text(temporary, json_text(dataclasses.asdict(outcome)))
