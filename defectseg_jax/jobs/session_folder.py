"""The folder of a session: whose its files are, and which images are done.

session.json names every file that the program wrote, and what each image was
made from. A session that was interrupted goes on from there; a file that it
does not name is somebody else's, and is left alone.
"""

import json
import pathlib
import shutil
from collections.abc import Collection, Sequence
from typing import Any

from defectseg_jax.errors import InputError
from defectseg_jax.jobs.outputs import json_text, written_whole


class SessionFolder:
  """The files of one session.

  Attributes:
    path: of the folder.
  """

  def __init__(self, path: str | pathlib.Path, *, overwrite: bool):
    """Looks at what is there; writes nothing yet.

    Args:
      path: new, empty, or of a session that is to go on.
      overwrite: whether files of others may be replaced.

    Raises:
      InputError: there is something else, and it must not be replaced.
    """
    self.path = pathlib.Path(path).expanduser()
    self._index = self.path / 'session.json'
    self._overwrite = overwrite
    self._done: dict[str, dict[str, Any]] = {}
    self._results: list[str] = []
    if self.path.exists() and not self.path.is_dir():
      raise InputError(f'{self.path}: is a file; give --output a folder')
    if self._index.exists():
      self._read()
    elif not overwrite and self.path.exists() and any(self.path.iterdir()):
      raise InputError(
        f'{self.path}: holds files that are not of a session; give --output '
        'another folder, or --overwrite to write there all the same'
      )

  def begin(self) -> None:
    """Makes the folder.

    Raises:
      InputError: it cannot be made.
    """
    try:
      self.path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
      raise InputError(
        f'{self.path}: cannot be written to ({error.strerror}); give another '
        '--output'
      ) from error

  def require_images(self, stems: Collection[str]) -> None:
    """Refuses a folder with images of files that this session has not.

    Args:
      stems: of the session's files.

    Raises:
      InputError: there are, and they must not be removed.
    """
    others = [n for n, done in self._done.items() if done['stem'] not in stems]
    if others and not self._overwrite:
      raise InputError(
        f'{self.path}: holds results of {others[0]}'
        + (f' and {len(others) - 1} more' if len(others) > 1 else '')
        + ', which --input does not name; name all images, give another '
        '--output, or --overwrite to remove them'
      )
    for name in others:
      for file in self._done.pop(name)['files']:
        (self.path / file).unlink(missing_ok=True)

  def is_done(self, name: str, key: str) -> bool:
    """Whether all files of an image are there, made from the same."""
    found = self._done.get(name)
    return (
      found is not None
      and found['key'] == key
      and all((self.path / file).exists() for file in found['files'])
    )

  def claim(self, files: Sequence[str]) -> None:
    """Refuses to replace a file that the program did not write.

    Raises:
      InputError: one is there.
    """
    own = {*self._results, 'session.json'}
    own |= {file for done in self._done.values() for file in done['files']}
    for file in files:
      if (
        not self._overwrite and file not in own and (self.path / file).exists()
      ):
        raise InputError(
          f'{self.path / file}: is there already, and not of this session; '
          'move it, or give --overwrite'
        )

  def note_done(
    self, name: str, *, stem: str, key: str, files: Sequence[str]
  ) -> None:
    """Writes down that an image is done, from a file of that stem."""
    self._done[name] = {'stem': stem, 'key': key, 'files': list(files)}
    self._write()

  def take_results(self, made: pathlib.Path) -> None:
    """Moves what was made of all images here, in place of what was before.

    Args:
      made: a folder inside the session's, which is gone afterwards.

    Raises:
      InputError: a file of somebody else is in the way.
    """
    files = sorted(
      str(path.relative_to(made)) for path in made.rglob('*') if path.is_file()
    )
    self.claim(files)
    before, self._results = self._results, files
    # Named before they are there: should this be cut short, they are known.
    self._results = sorted({*before, *files})
    self._write()
    for file in files:
      (self.path / file).parent.mkdir(parents=True, exist_ok=True)
      (made / file).replace(self.path / file)
    for file in before:
      if file not in files:
        (self.path / file).unlink(missing_ok=True)
    self._results = files
    self._write()
    shutil.rmtree(made)

  def _read(self):
    try:
      content = json.loads(self._index.read_text())
      self._done, self._results = content['images'], content['results']
    except (ValueError, KeyError, TypeError) as error:
      raise InputError(
        f'{self._index}: is damaged; give another --output, or remove it and '
        'give --overwrite'
      ) from error

  def _write(self):
    with written_whole(self._index) as temporary:
      temporary.write_text(
        json_text({'images': self._done, 'results': self._results})
      )
