"""A run's folder: whose it is, and what its files are called."""

import contextlib
import json
import pathlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import ml_collections

from defectseg_jax.disk import read_regular
from defectseg_jax.errors import InputError
from defectseg_jax.files import (
  claim,
  csv_text,
  json_text,
  write_text,
  write_whole,
)
from defectseg_jax.reporting.provenance import Provenance, current_provenance

# The key of config.json that is no field of a config.
_PROVENANCE = 'provenance'
# Fields that runs of 0.2.0 have not, and what those runs did.
_ADDED = {'data.mask_class': '', 'data.mask_ignore': ''}


class Workdir:
  """The folder of one run.

  Attributes:
    path: of the folder.
    config: config.json, all fields of the run, and how it was made.
    history: history.csv, an epoch a row.
    test_metrics: test_metrics.json.
    dev_detection: dev_detection.json, objects of the development set that the
      network found, missed and invented.
    seen_sizes: seen_sizes.json, of pixels and objects in training.
    references: references.csv, how the network does where the truth is known.
    report: report.html, the page of the test set.
    figures: the folder of pictures.
    events: the folder of TensorBoard's events.
  """

  def __init__(self, path: str | pathlib.Path) -> None:
    """Names the files; touches nothing."""
    self.path = pathlib.Path(path).expanduser()
    self.config = self.path / 'config.json'
    self.history = self.path / 'history.csv'
    self.test_metrics = self.path / 'test_metrics.json'
    self.dev_detection = self.path / 'dev_detection.json'
    self.seen_sizes = self.path / 'seen_sizes.json'
    self.references = self.path / 'references.csv'
    self.report = self.path / 'report.html'
    self.figures = self.path / 'figures'
    self.events = self.path / 'events'

  def require_config(self, config: ml_collections.ConfigDict) -> None:
    """Refuses a folder that another config made.

    Raises:
      InputError: config.json differs (the fields are named) or is no JSON, or
        the path is no folder or one that this program did not make.
    """
    if self.path.exists() and not self.path.is_dir():
      raise InputError(f'{self.path}: is a file; give --workdir a folder')
    if not self.config.exists():
      if self.path.exists() and any(_not_hidden(self.path)):
        raise InputError(
          f'{self.path}: holds files, but no config.json of a run; give '
          '--workdir a new or empty folder'
        )
      return
    require_same_fields(
      _of_training(self._content()[0]),
      _of_training(config.to_dict()),
      where=self.config,
    )

  def read_config(self) -> ml_collections.ConfigDict:
    """The config of the run that made the folder.

    Raises:
      InputError: there is none, it is no JSON, or an older version made it.
    """
    fields = self._content()[0]
    if 'data' in fields:
      added = {name.removeprefix('data.'): v for name, v in _ADDED.items()}
      fields['data'] = {**added, **fields['data']}
    config = ml_collections.ConfigDict(fields)
    if 'quantification' not in config:
      raise InputError(
        f'{self.config}: has no section quantification, as runs of older '
        'versions; give --config and the flags of that run as well'
      )
    return config

  def read_provenance(self) -> Provenance | None:
    """How the run was made; None where version 0.1.0 made it.

    Raises:
      InputError: there is no config.json, or it is no JSON.
    """
    return Provenance.from_json(self._content()[1])

  def write_config(
    self, config: ml_collections.ConfigDict, provenance: Provenance
  ) -> None:
    """Writes config.json whole."""
    self.write_json(
      self.config, {**config.to_dict(), _PROVENANCE: provenance.to_json()}
    )

  def note_test_score(self, score: Mapping[str, Any]) -> None:
    """Adds the test score to how the run was made.

    Args:
      score: as `Provenance` has it.
    """
    fields, made = self._content()
    made = {**(made or current_provenance().to_json()), 'test_score': score}
    self.write_json(self.config, {**fields, _PROVENANCE: made})

  def _content(self) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """The fields of config.json, and apart from them how it was made."""
    try:
      content = json.loads(read_regular(self.config))
      made = content.pop(_PROVENANCE, None)
      return with_tuples(content), made
    except FileNotFoundError as error:
      raise InputError(
        f'{self.config}: there is no such file; give --workdir the folder of '
        'a run, or train one first'
      ) from error
    except (ValueError, AttributeError) as error:
      raise InputError(
        f'{self.config}: is no JSON ({error}); give another --workdir'
      ) from error

  @contextlib.contextmanager
  def claim(
    self, config: ml_collections.ConfigDict, *, training_data: str | None = None
  ) -> Iterator[None]:
    """Makes the folder, and keeps other processes out of it meanwhile.

    Args:
      config: of the run.
      training_data: of its network, in words, for config.json.

    Raises:
      InputError: another process is at work in it, it cannot be made, or a
        folder of it is a link, which leads elsewhere.
    """
    for folder in (self.figures, self.events, self.path / 'checkpoints'):
      if folder.is_symlink():
        raise InputError(
          f'{folder}: is a link, and nothing is written outside of the folder '
          'of a run; put the folder itself there, or give another --workdir'
        )
    with claim(self.path, flag='--workdir'):
      if not self.config.exists():
        self.write_config(
          config, current_provenance(training_data=training_data)
        )
      yield

  def write_json(self, path: pathlib.Path, content: Any) -> None:
    """Writes a JSON file whole."""
    with write_whole(path) as temporary:
      write_text(temporary, json_text(content))

  def write_history(self, rows: Sequence[dict[str, Any]]) -> None:
    """Writes history.csv whole: all epochs so far, floats to the last bit."""
    with write_whole(self.history) as temporary:
      write_text(temporary, csv_text(rows, digits=None))


def with_tuples(content: Any) -> Any:
  """What JSON holds of a config, with its ranges as a config has them.

  Examples:
    >>> with_tuples({'objects': {'diameter_px': [5.0, 80.0]}})
    {'objects': {'diameter_px': (5.0, 80.0)}}
  """
  if isinstance(content, Mapping):
    return {name: with_tuples(value) for name, value in content.items()}
  if isinstance(content, list | tuple):
    return tuple(with_tuples(value) for value in content)
  return content


def _not_hidden(folder: pathlib.Path) -> Iterator[pathlib.Path]:
  return (p for p in folder.iterdir() if not p.name.startswith('.'))


def _of_training(fields: dict[str, Any]) -> dict[str, Any]:
  """Every field but of what is done around a run: it is no part of it."""
  others = {'quantification', 'properties', 'search'}
  if fields.get('data', {}).get('source') != 'domain':
    # Nothing of it is read then, and runs of 0.2.0 have none.
    others |= {'domain'}
  kept = {k: v for k, v in fields.items() if k not in others}
  return said_fields(flat_fields(with_tuples(kept)))


def said_fields(fields: Mapping[str, Any]) -> dict[str, Any]:
  """Without fields that say nothing, and that folders of 0.2.0 have not.

  Args:
    fields: by dotted names.
  """
  return {
    name: value
    for name, value in fields.items()
    if name not in _ADDED or value != _ADDED[name]
  }


def require_same_fields(
  before: dict[str, Any], now: dict[str, Any], *, where: pathlib.Path
) -> None:
  """Raises InputError, with every field that differs, if any does.

  Args:
    before: fields by dotted names, as a folder was made with.
    now: as they are given.
    where: the file that holds the former.
  """
  differing = [
    f'config.{name} was {before.get(name, "absent")} and is now '
    f'{now.get(name, "absent")}'
    for name in sorted(before.keys() | now.keys())
    if before.get(name) != now.get(name)
  ]
  if differing:
    raise InputError(
      f'{where}: this folder was made with another config: '
      f'{"; ".join(differing)}; give another --workdir, or the same config'
    )


def flat_fields(tree: Any, prefix: str = '') -> dict[str, Any]:
  """Fields of a config, nested, to their values by dotted names."""
  leaves = {}
  for name, value in tree.items():
    if isinstance(value, dict | ml_collections.ConfigDict):
      leaves |= flat_fields(value, f'{prefix}{name}.')
    else:
      leaves[f'{prefix}{name}'] = value
  return leaves
