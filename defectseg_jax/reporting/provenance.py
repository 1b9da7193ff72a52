"""Where numbers come from: the program, the command, the network, its data.

It stands in config.json, session.json and summary.json, and on every page
under "How it was made", so that a number can be traced and made again.
"""

import dataclasses
import datetime
import importlib.metadata
import os
import pathlib
import shlex
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import defectseg_jax

_VERSIONS_OF = ('numpy', 'scipy', 'scikit-image')
# launch/local.sh says here how it was called.
_LAUNCHER = 'DEFECTSEG_LAUNCHER'


@dataclasses.dataclass(frozen=True, kw_only=True)
class Provenance:
  """How something was made.

  Attributes:
    version: of the program.
    commit: of the checkout that it ran from, with `-dirty` if files differed;
      None for an installed package.
    date: on which it was begun, as 2026-11-26.
    command: to be pasted into a shell; None where there was none, as in a
      notebook.
    folder: in which the command was given.
    training_data: of the network, in words; None if there is no network.
    test_score: of the network: `iu_mean`, `iu_std` and `images` of the test
      set; None if it was not scored.
    engine: what computed the network, with its version; None if there is no
      network, or an older version noted none.
  """

  version: str
  commit: str | None
  date: str
  command: str | None
  folder: str
  training_data: str | None = None
  test_score: Mapping[str, Any] | None = None
  engine: str | None = None

  def to_json(self) -> dict[str, Any]:
    """What JSON holds of it."""
    return dataclasses.asdict(self)

  @classmethod
  def from_json(cls, content: Mapping[str, Any] | None) -> 'Provenance | None':
    """Reads what `to_json` gave; None where an older version wrote none."""
    names = {field.name for field in dataclasses.fields(cls)}
    try:
      return cls(**{k: v for k, v in (content or {}).items() if k in names})
    except TypeError:
      return None

  def rows(self) -> dict[str, str]:
    """Label and text for a page."""
    commit = f', commit {self.commit}' if self.commit else ''
    rows = {
      'command': self.command or 'none: called as a library',
      'in folder': self.folder,
      'program': f'defectseg_jax {self.version}{commit}',
      'date': self.date,
    }
    if self.engine is not None:
      rows['engine'] = self.engine
    if self.training_data is not None:
      rows['trained on'] = self.training_data
      rows['test score'] = score_text(self.test_score)
    return rows


def current_provenance(
  *,
  training_data: str | None = None,
  test_score: Mapping[str, Any] | None = None,
  engine: str | None = None,
) -> Provenance:
  """What is being made now, by this process.

  Args:
    training_data: of the network that is used, in words.
    test_score, engine: as `Provenance` has them.

  Examples:
    >>> current_provenance().version == defectseg_jax.__version__
    True
  """
  return Provenance(
    version=defectseg_jax.__version__,
    commit=_commit(),
    date=datetime.date.today().isoformat(),
    command=_command(),
    folder=os.getcwd(),
    training_data=training_data,
    test_score=test_score,
    engine=engine,
  )


def score_text(score: Mapping[str, Any] | None) -> str:
  """A test score in words.

  Examples:
    >>> score_text({'iu_mean': 0.767, 'iu_std': 0.085, 'images': 4})
    'IU 76.7 ± 8.5 % over 4 test images'
    >>> score_text({'iu_mean': 0.5, 'iu_std': None, 'images': 1})
    'IU 50.0 % on 1 test image'
    >>> score_text(None)
    'not scored'
  """
  if not score:
    return 'not scored'
  if score['iu_mean'] is None:
    return 'IU not defined: no defect in the test set'
  mean, images = 100 * score['iu_mean'], score['images']
  if images == 1 or score['iu_std'] is None:
    return f'IU {mean:.1f} % on {images} test image{"s" * (images > 1)}'
  return (
    f'IU {mean:.1f} ± {100 * score["iu_std"]:.1f} % over {images} test images'
  )


def settings_text(settings: Mapping[str, Any]) -> str:
  """Settings in one line.

  Examples:
    >>> settings_text({'invert': False, 'background': 'gaussian'})
    'invert False, background gaussian'
  """
  return ', '.join(f'{name} {value}' for name, value in settings.items())


def versions_text() -> str:
  """Names and versions of the packages that numbers of masks depend on."""
  return ', '.join(
    f'{name} {importlib.metadata.version(name)}' for name in _VERSIONS_OF
  )


def _command() -> str | None:
  """The command as it can be given again; None without one."""
  program = pathlib.Path(sys.argv[0] if sys.argv else '')
  words = shlex.join(sys.argv[1:])
  if os.environ.get(_LAUNCHER):
    return f'{shlex.quote(os.environ[_LAUNCHER])} {words}'
  if program.name == 'main.py' and program.parent.name == 'defectseg_jax':
    return f'python -m defectseg_jax.main {words}'
  if program.name == 'defectseg':
    return f'defectseg {words}'
  return None


def _commit() -> str | None:
  """Of the checkout that the package lies in; None without one, or git."""
  root = pathlib.Path(__file__).parents[2]
  if not (root / '.git').exists():
    return None
  try:
    done = subprocess.run(
      ['git', 'describe', '--always', '--dirty', '--exclude=*', '--abbrev=12'],
      cwd=root,
      capture_output=True,
      encoding='utf-8',
      timeout=10,
      check=False,
    )
  except (OSError, subprocess.TimeoutExpired):
    return None
  return done.stdout.strip() or None
