"""The folder of a session of several defects: a folder for each, and a page."""

import pathlib
from collections.abc import Sequence

from defectseg_jax.errors import InputError
from defectseg_jax.sessions.folder import SessionFolder


class TogetherFolder(SessionFolder):
  """What is of all defects together; each defect has a session below.

  together.json names the files, as session.json does those of a session. So a
  folder of several defects is not taken for that of one, and the other way
  round.
  """

  INDEX = 'together.json'

  def session(self, defect: str) -> SessionFolder:
    """The session of one defect."""
    return SessionFolder(self.path / defect, overwrite=self.overwrite)

  def require_defects(self, defects: Sequence[str]) -> None:
    """Raises InputError if others were looked for here before."""
    before = (self.asked or {}).get('defects', defects)
    others = [one for one in before if one not in defects]
    if others:
      raise InputError(
        f'{self.path}: holds {", ".join(others)}, too, of which no network is '
        'named; name all networks, or give another --output'
      )


def require_alone(folder: pathlib.Path) -> None:
  """Raises InputError if a session is one of several defects.

  Args:
    folder: of a session that one network is to do.
  """
  if (folder.parent / TogetherFolder.INDEX).exists() and folder.exists():
    raise InputError(
      f'{folder}: is a part of the session of several defects in '
      f'{folder.parent}; name all its networks and --output={folder.parent}, '
      'or give another --output'
    )
