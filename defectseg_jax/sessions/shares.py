"""Which files of a shared session are taken, and what was found in those done.

A session that several processes share has a folder beside it, `.NAME.share/`:

  claims/DIGEST/  whether a process is at a file (runtime/leases.py), and `done`
  parts/DIGEST/   a session of that file alone
  page/           whether a process writes the session of all
"""

import contextlib
import hashlib
import os
import pathlib
import shutil
from collections.abc import Iterator, Sequence

from defectseg_jax import disk
from defectseg_jax.micrographs.masks import read_mask
from defectseg_jax.micrographs.reading import read_frames
from defectseg_jax.runtime.leases import Leases
from defectseg_jax.runtime.worker_lock import lock_workers
from defectseg_jax.sessions.folder import SessionFolder
from defectseg_jax.sessions.image_update import Found, Task
from defectseg_jax.sessions.index import MASKS

_DIGITS = 20


class Shares:
  """The files of a session that several processes share.

  Attributes:
    done: files that are known to be done, by this process or another.
  """

  def __init__(self, output: pathlib.Path, leases: Leases) -> None:
    """Takes nothing yet.

    Args:
      output: folder of the session; on other machines by the same name.
      leases: of this process.
    """
    path = pathlib.Path(os.path.abspath(output))
    self._path = path.with_name(f'.{path.name}.share')
    self._leases = leases
    self.done: set[pathlib.Path] = set()

  def take(self, files: Sequence[pathlib.Path]) -> pathlib.Path | None:
    """The first that is not done and that nobody is at: it is ours now."""
    with self._lock():
      for file in files:
        if file in self.done:
          continue
        claim = self._of(file, 'claims')
        if (claim / 'done').exists():
          self.done.add(file)
        elif self._leases.take(claim):
          return file
    return None

  def give_back(self, file: pathlib.Path, *, done: bool) -> None:
    """Lets others have a file that `take` gave.

    Args:
      file: the file.
      done: whether nothing is left to do for it.
    """
    claim = self._of(file, 'claims')
    with self._lock():
      if done:
        (claim / 'done').touch()
        disk.sync(claim)
        self.done.add(file)
      self._leases.give_back(claim)

  def part(self, file: pathlib.Path) -> SessionFolder:
    """The session of a file alone."""
    return SessionFolder(self._of(file, 'parts'), overwrite=False)

  def found(self, task: Task) -> Found | None:
    """What the network found in an image; None if no part knows."""
    part, files = self.part(task.image.source), task.image.files()
    known = part.record_of(task.image.name)
    if (
      known is None
      or known.key != task.key
      # A process on another machine may have had another one.
      or known.engine != task.network.run.engine
      or not part.is_whole(known)
      or any(map(part.differs, known.files))
    ):
      return None
    return Found(
      read_mask(part.path / files[MASKS]),
      read_frames(part.path / files['probabilities'])[0].values,
      tuple(known.zooms),
      known.signs,
    )

  @contextlib.contextmanager
  def page(self, files: Sequence[pathlib.Path]) -> Iterator[bool]:
    """Inside of the block one process writes the session of all.

    When the block ends well, what was kept of the files is removed.

    Args:
      files: of the session.

    Yields:
      Whether it is this one.
    """
    page = self._path / 'page'
    with self._lock():
      ours = self._leases.take(page)
    if not ours:
      yield False
      return
    done = False
    try:
      yield True
      done = True
    finally:
      with self._lock():
        self._leases.give_back(page)
        if done:
          self._remove(files)

  def _remove(self, files: Sequence[pathlib.Path]) -> None:
    """Unless somebody is at one, who was given more files than we."""
    for file in files:
      if not self._leases.has_other_worker(self._of(file, 'claims')):
        for kind in ('parts', 'claims'):
          shutil.rmtree(self._of(file, kind), ignore_errors=True)
    with contextlib.suppress(OSError):
      for kind in ('parts', 'claims', 'page'):
        (self._path / kind).rmdir()
      (self._path / disk.LOCK).unlink()
      self._path.rmdir()

  def _of(self, file: pathlib.Path, kind: str) -> pathlib.Path:
    digest = hashlib.sha256(os.fsencode(os.path.abspath(file))).hexdigest()
    return self._path / kind / digest[:_DIGITS]

  @contextlib.contextmanager
  def _lock(self) -> Iterator[None]:
    with contextlib.ExitStack() as held:
      while True:
        disk.make_folder(self._path)
        # Whoever is done last may remove it just now.
        with contextlib.suppress(FileNotFoundError):
          held.enter_context(lock_workers(self._path / disk.LOCK))
          break
      yield
