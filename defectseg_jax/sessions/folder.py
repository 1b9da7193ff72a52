"""The folder of a session: who wrote its files, and which images are done.

One process at a time works in it.

session.json names every file that the program wrote, with its checksum, and
what each image was made from; while somebody works there, lines beside it do,
too (index_log.py). A session that was interrupted goes on from there. A file
that is not what the program wrote belongs to somebody else. If it is a mask, a
set of regions or a mask of the specimen, it was corrected, and counts as it
stands; any other file is left alone, and the program stops with its name.
"""

import contextlib
import pathlib
import shutil
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any

from defectseg_jax import disk
from defectseg_jax.errors import InputError
from defectseg_jax.files import claim, write_whole
from defectseg_jax.reporting.provenance import Provenance
from defectseg_jax.sessions.index import (
  MASKS,
  ROIS,
  VALID,
  Done,
  Index,
  path_inside,
  read_index,
  require_new,
)
from defectseg_jax.sessions.index_file import IndexFile


class SessionFolder:
  """The files of one session.

  Attributes:
    path: of the folder.
    overwrite: whether files of others, and corrections, may be replaced.
    asked: what for, as `Asked.to_json` gives it; None where nobody noted it.
  """

  INDEX = 'session.json'

  def __init__(self, path: str | pathlib.Path, *, overwrite: bool) -> None:
    """Looks at what is there; writes nothing yet.

    Args:
      path: of a new or empty folder, or of a session that is to go on.
      overwrite: whether files of others, and corrected masks, may be replaced.

    Raises:
      InputError: the folder holds something else, which must not be replaced.
    """
    self.path = pathlib.Path(path).expanduser()
    self._file = IndexFile(self.path / self.INDEX)
    self.overwrite = overwrite
    self._done: dict[str, Done] = {}
    self._results: list[str] = []
    self._provenance: dict[str, Any] | None = None
    self.asked: Any = None
    # More than one checksum of a file only while it is being replaced.
    self._written: dict[str, list[str]] = {}
    self._look()

  @contextlib.contextmanager
  def hold(self) -> Iterator[None]:
    """Makes the folder, and keeps other processes out of it meanwhile.

    Raises:
      InputError: another process is at work there, the folder cannot be made,
        or it is not a session's any more.
    """
    is_new = not self.path.exists()
    try:
      with claim(self.path, flag='--output'):
        # Another process may have worked there since.
        self._look()
        try:
          yield
        finally:
          self._file.gather(self._all)
    finally:
      if is_new:
        # Unless something was written.
        with contextlib.suppress(OSError):
          self.path.rmdir()

  @property
  def names(self) -> list[str]:
    """Of the images that are done, in the order in which they were."""
    return list(self._done)

  def begin(self, provenance: Provenance, asked: Any = None) -> None:
    """Writes session.json, before any other file: it says whose they are."""
    self._provenance, self.asked = provenance.to_json(), asked
    self._file.write(self._all())

  def require_unchanged(self) -> None:
    """InputError if somebody changed what is not to be corrected."""
    corrigible = f'{MASKS}/', f'{ROIS}/', f'{VALID}/'
    self.claim([f for f in self._written if not f.startswith(corrigible)])

  def require_images(self, stems: Collection[str]) -> None:
    """Refuses a folder with images of files that this session does not have.

    Args:
      stems: of the session's files.

    Raises:
      InputError: it has such images, and they must not be removed.
    """
    others = [n for n, done in self._done.items() if done.stem not in stems]
    if others and not self.overwrite:
      raise InputError(
        f'{self.path}: holds results of {others[0]}'
        + (f' and {len(others) - 1} more' if len(others) > 1 else '')
        + ', which --input does not name; name all images, give another '
        '--output, or give --overwrite to remove them'
      )
    for name in others:
      self._remove(self._done.pop(name).files)

  def drop(self, files: Iterable[str]) -> None:
    """Removes files of an image; raises InputError if somebody changed one."""
    files = list(files)
    self.claim(files)
    self._remove(files)

  def record_of(self, name: str) -> Done | None:
    """What is known of an image that was done before."""
    return self._done.get(name)

  def edits_of(self, name: str) -> Mapping[str, Any]:
    """What a review did to an image's mask, if it shows that still."""
    edits = self._done[name].edits if name in self._done else {}
    mask = self._at(f'{MASKS}/{name}.tif')
    if not edits or disk.file_checksum(mask) != edits['mask']:
      return {}
    return edits

  def is_whole(self, done: Done) -> bool:
    """Whether all files of an image exist and may stay."""
    return all(self._at(file).is_file() for file in done.files) and not (
      self.overwrite and any(map(self.differs, done.files))
    )

  def is_corrected(self, file: str) -> bool:
    """Whether a mask or a set of regions was corrected, and is kept."""
    known = file in self._written or file.startswith(f'{ROIS}/')
    return not self.overwrite and known and self.differs(file)

  def wrote(self, file: str) -> bool:
    """Whether the program wrote a file, which somebody may have changed."""
    return file in self._written

  def claim(self, files: Iterable[str]) -> None:
    """Refuses to replace a file that is not what the program wrote.

    Args:
      files: paths below the folder.

    Raises:
      InputError: one of them is such a file.
    """
    for file in files:
      if self.overwrite or not self.differs(file):
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
        file: renamed.enter_context(write_whole(self._at(file)))
        for file in writers
      }
      for file, write in writers.items():
        write(made[file])
      self._expect(made)

  def note_done(self, name: str, done: Done) -> None:
    """Writes down that an image is done."""
    self._done[name] = done
    self._settle(done.files, name)

  @contextlib.contextmanager
  def new_results(self) -> Iterator[pathlib.Path]:
    """A folder to write results to.

    When the block ends well they come in the place of those of an earlier
    session.

    Yields:
      Its path; it is removed.

    Raises:
      InputError: a file of somebody else is in the way.
    """
    made = self.path / disk.temporary_name()
    made.mkdir()
    try:
      yield made
      self._take_results(made)
    finally:
      shutil.rmtree(made, ignore_errors=True)

  def _look(self) -> None:
    """Reads what is known of the folder, or refuses one of somebody else."""
    if self.path.exists() and not self.path.is_dir():
      raise InputError(f'{self.path}: is a file; give --output a folder')
    self._file.whole = True
    if self._file.path.exists():
      found = read_index(self._file.path)
      self._done, self._results, self._written = found[:3]
      self._provenance, self.asked = found.provenance, found.asked
    elif not self.overwrite:
      require_new(self.path)

  def _at(self, file: str) -> pathlib.Path:
    """Where a file is; raises InputError if a link leads out of the folder."""
    return path_inside(self.path, file)

  def _take_results(self, made: pathlib.Path) -> None:
    files = disk.files_below(made)
    before, self._file.whole = self._results, True
    self._results = sorted({*before, *files})
    kept = {
      file
      for file in self._results
      if file.startswith(f'{ROIS}/') and self.is_corrected(file)
    }
    files = [file for file in files if file not in kept]
    self.claim({*self._results} - kept)
    disk.sync_tree(made)
    self._expect({file: made / file for file in files})
    for file in files:
      self._at(file).parent.mkdir(parents=True, exist_ok=True)
      (made / file).replace(self._at(file))
    self._remove(set(before) - set(files) - kept)
    self._results = sorted({*files, *kept})
    for folder in {self.path, *(self._at(file).parent for file in files)}:
      disk.sync(folder)
    self._file.whole = True
    self._settle(files)

  def differs(self, file: str) -> bool:
    """Whether a file exists and is not what the program wrote."""
    path = self._at(file)
    return path.exists() and not (
      path.is_file() and disk.file_checksum(path) in self._written.get(file, ())
    )

  def _expect(self, made: Mapping[str, pathlib.Path]) -> None:
    """Notes files before they are in place: so a killed session knows them."""
    for file, path in made.items():
      self._written.setdefault(file, []).append(disk.file_checksum(path))
    self._note(made)

  def _settle(self, files: Collection[str], *names: str) -> None:
    """Forgets the checksums that files had before; notes images, too."""
    for file in files:
      self._written[file] = self._written[file][-1:]
    self._note(files, *names)

  def _remove(self, files: Iterable[str]) -> None:
    for file in files:
      self._at(file).unlink(missing_ok=True)
      self._written.pop(file, None)
      self._file.whole = True

  def _note(self, files: Iterable[str], *names: str) -> None:
    """Brings what is known of files and images to the disk."""
    done = {name: self._done[name] for name in names}
    written = {file: self._written[file] for file in files}
    self._file.note(done, written, self._all)

  def _all(self) -> Index:
    known = self._done, self._results, self._written
    return Index(*known, self._provenance, self.asked)
