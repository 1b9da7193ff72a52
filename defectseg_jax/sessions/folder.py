"""The folder of a session: who wrote its files, and which images are done.

session.json names every file that the program wrote, with its checksum, and
what each image was made from. A session that was interrupted goes on from
there. A file that is not what the program wrote belongs to somebody else. If it
is a mask it was corrected, and it is measured as it stands; any other file is
left alone, and the program stops with its name.
"""

import contextlib
import dataclasses
import hashlib
import json
import pathlib
import shutil
from collections.abc import (
  Callable,
  Collection,
  Iterable,
  Mapping,
  Sequence,
)
from typing import Any

from defectseg_jax.errors import InputError
from defectseg_jax.files import json_text, write_whole
from defectseg_jax.reporting.provenance import Provenance

# The folder whose files people correct by hand.
MASKS = 'masks'


@dataclasses.dataclass(frozen=True)
class Done:
  """What is noted of an image that is done.

  Attributes:
    stem: of the file it was read from.
    key: checksum of the network and the pixels that its files were made from.
    mask_key: likewise of its mask; differs where a corrected mask was kept.
    pixel_size_nm: that stands in its files.
    files: paths below the session's folder.
    zooms: scales that its probabilities are taken from.
  """

  stem: str
  key: str
  mask_key: str
  pixel_size_nm: float
  files: list[str]
  zooms: Sequence[float] = (1.0,)


class SessionFolder:
  """The files of one session.

  Attributes:
    path: of the folder.
  """

  def __init__(self, path: str | pathlib.Path, *, overwrite: bool) -> None:
    """Looks at what is there; writes nothing yet.

    Args:
      path: of a new or empty folder, or of a session that is to go on.
      overwrite: whether files of others, and corrected masks, may be replaced.

    Raises:
      InputError: the folder holds something else, which must not be replaced.
    """
    self.path = pathlib.Path(path).expanduser()
    self._index = self.path / 'session.json'
    self._overwrite = overwrite
    self._done: dict[str, Done] = {}
    self._results: list[str] = []
    self._provenance: dict[str, Any] | None = None
    # More than one checksum of a file only while it is being replaced.
    self._written: dict[str, list[str]] = {}
    if self.path.exists() and not self.path.is_dir():
      raise InputError(f'{self.path}: is a file; give --output a folder')
    if self._index.exists():
      self._read()
    elif not overwrite and self.path.exists() and any(self.path.iterdir()):
      raise InputError(
        f'{self.path}: holds files that are not of a session; give another '
        '--output, or give --overwrite to write there all the same'
      )

  def begin(self, provenance: Provenance) -> None:
    """Makes the folder.

    Args:
      provenance: how its files are made, for session.json.

    Raises:
      InputError: it cannot be made.
    """
    self._provenance = provenance.to_json()
    try:
      self.path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
      raise InputError(
        f'{self.path}: cannot be written to ({error.strerror}); give another '
        '--output'
      ) from error

  def require_unchanged(self) -> None:
    """Refuses to go on if somebody changed a file other than a mask.

    Raises:
      InputError: somebody did, and the file must not be replaced.
    """
    self.claim([f for f in self._written if not f.startswith(f'{MASKS}/')])

  def require_images(self, stems: Collection[str]) -> None:
    """Refuses a folder with images of files that this session does not have.

    Args:
      stems: of the session's files.

    Raises:
      InputError: it has such images, and they must not be removed.
    """
    others = [n for n, done in self._done.items() if done.stem not in stems]
    if others and not self._overwrite:
      raise InputError(
        f'{self.path}: holds results of {others[0]}'
        + (f' and {len(others) - 1} more' if len(others) > 1 else '')
        + ', which --input does not name; name all images, give another '
        '--output, or give --overwrite to remove them'
      )
    for name in others:
      self._remove(self._done.pop(name).files)

  def record_of(self, name: str) -> Done | None:
    """What is known of an image that was done before."""
    return self._done.get(name)

  def is_whole(self, done: Done) -> bool:
    """Whether all files of an image exist and may stay."""
    return all((self.path / file).exists() for file in done.files) and not (
      self._overwrite and any(map(self._differs, done.files))
    )

  def is_corrected(self, mask: str) -> bool:
    """Whether somebody corrected a mask of the session, and it is kept."""
    return not self._overwrite and mask in self._written and self._differs(mask)

  def claim(self, files: Iterable[str]) -> None:
    """Refuses to replace a file that is not what the program wrote.

    Args:
      files: paths below the folder.

    Raises:
      InputError: one of them is such a file.
    """
    for file in files:
      if self._overwrite or not self._differs(file):
        continue
      raise InputError(
        f'{self.path / file}: '
        + (
          'is not what the program wrote; move it to keep it, delete it to '
          'have it made anew'
          if file in self._written
          else 'is there already, and not of this session; move it, or give '
          '--overwrite'
        )
      )

  def put(
    self, writers: Mapping[str, Callable[[pathlib.Path], object]]
  ) -> None:
    """Writes files that were claimed; all of them appear together.

    Args:
      writers: by path below the folder, what writes the file to the path that
        it is given.
    """
    with contextlib.ExitStack() as renamed:
      made = {
        file: renamed.enter_context(write_whole(self.path / file))
        for file in writers
      }
      for file, write in writers.items():
        write(made[file])
      self._expect(made)

  def note_done(self, name: str, done: Done) -> None:
    """Writes down that an image is done."""
    self._done[name] = done
    self._settle(done.files)

  def take_results(self, made: pathlib.Path) -> None:
    """Moves new results here, in place of those of an earlier session.

    Args:
      made: the folder of the new results, inside the session's; it is removed.

    Raises:
      InputError: a file of somebody else is in the way.
    """
    files = sorted(
      str(path.relative_to(made)) for path in made.rglob('*') if path.is_file()
    )
    before = self._results
    self._results = sorted({*before, *files})
    self.claim(self._results)
    self._expect({file: made / file for file in files})
    for file in files:
      (self.path / file).parent.mkdir(parents=True, exist_ok=True)
      (made / file).replace(self.path / file)
    self._remove(set(before) - set(files))
    self._results = files
    self._settle(files)
    shutil.rmtree(made)

  def _differs(self, file: str) -> bool:
    """Whether a file exists and is not what the program wrote."""
    path = self.path / file
    return path.exists() and not (
      path.is_file() and _checksum(path) in self._written.get(file, ())
    )

  def _expect(self, made: Mapping[str, pathlib.Path]) -> None:
    """Notes files before they are in place: so a killed session knows them."""
    for file, path in made.items():
      self._written.setdefault(file, []).append(_checksum(path))
    self._write()

  def _settle(self, files: Iterable[str]) -> None:
    """Forgets the checksums that files had before."""
    for file in files:
      self._written[file] = self._written[file][-1:]
    self._write()

  def _remove(self, files: Iterable[str]) -> None:
    for file in files:
      (self.path / file).unlink(missing_ok=True)
      self._written.pop(file, None)

  def _read(self) -> None:
    try:
      content = json.loads(self._index.read_text())
      self._done = {n: Done(**one) for n, one in content['images'].items()}
      self._results, self._written = content['results'], content['written']
    except (ValueError, KeyError, TypeError, AttributeError) as error:
      raise InputError(
        f'{self._index}: is damaged, or of another version; give another '
        '--output, or remove it and give --overwrite'
      ) from error

  def _write(self) -> None:
    content = {
      'provenance': self._provenance,
      'images': {n: dataclasses.asdict(one) for n, one in self._done.items()},
      'results': self._results,
      'written': self._written,
    }
    with write_whole(self._index) as temporary:
      temporary.write_text(json_text(content))


def _checksum(path: pathlib.Path) -> str:
  with path.open('rb') as stream:
    return hashlib.file_digest(stream, 'sha256').hexdigest()
