"""Asks another process for the images of a file, and outlives its end."""

import builtins
import contextlib
import logging
import os
import pathlib
import signal
import subprocess
import sys
import warnings
from collections.abc import Iterator
from typing import IO, Any, cast

import numpy as np

from defectseg_jax.errors import InputError, file_error, open_error
from defectseg_jax.micrographs.annotations.shapes import Annotation
from defectseg_jax.micrographs.formats.frame import Frame
from defectseg_jax.micrographs.reader.bell import create_bell, ring
from defectseg_jax.micrographs.reader.box import (
  Emptier,
  PipeEmptier,
  create_box,
  create_emptier,
)
from defectseg_jax.micrographs.reader.clock import Clock
from defectseg_jax.micrographs.reader.limits import Limits, limits_of
from defectseg_jax.micrographs.reader.messages import (
  MessageError,
  read_end,
  receive,
  receive_frame,
  send,
)
from defectseg_jax.micrographs.reader.plain import read_ahead
from defectseg_jax.micrographs.reader.shapes import receive_shapes
from defectseg_jax.micrographs.reader.signals import without_signals

# Not -m, nor `multiprocessing`: whoever asks may be a notebook, a script that
# does not guard its main part, or know the package by a path of its own.
_PROGRAM = (
  'import sys; sys.path[:] = {path}; '
  'from defectseg_jax.micrographs.reader.program import main; '
  'main({box}, {bell})'
)
_ENVIRONMENT = {
  # Its libraries need no threads of linear algebra, which take memory.
  'OPENBLAS_NUM_THREADS': '1',
  'OMP_NUM_THREADS': '1',
  # By eye: it keeps so much for the next file. To ask for it anew, page by
  # page, takes a tenth of the time of unpacking.
  'MALLOC_MMAP_THRESHOLD_': str(2**25),
  'MALLOC_TRIM_THRESHOLD_': str(2**26),
}


class Reader:
  """The other process, started when it is needed, and anew if it died."""

  def __init__(self) -> None:
    self._process: subprocess.Popen[bytes] | None = None
    self._emptier: Emptier | PipeEmptier | None = None
    self._bell: int | None = None
    self._clock = Clock()
    # Whether the last image stood in its file as it is. One folder mostly has
    # files of one kind, and what is packed is read ahead in vain.
    self._is_plain = True
    self._is_ready = False

  def shapes(self, path: pathlib.Path) -> list[Annotation]:
    """Reads what was drawn, in a file of outlines.

    Args:
      path: a regular file with a suffix that is known.

    Raises:
      InputError: as `frames`.
    """
    (found,) = self._read(path, 'shapes')
    return found

  def frames(self, path: pathlib.Path) -> Iterator[Frame]:
    """Reads the images of a file.

    Nothing else can be read meanwhile. Whoever does not take all images ends
    the other process.

    Args:
      path: a regular file, or a folder of images, with a suffix that is known.

    Yields:
      At least one; of a damaged file some may come before the error.

    Raises:
      InputError: the file is damaged or no image; or reading it crashed, took
        more memory or more time than a file of its size may take.
    """
    return self._read(path, 'images')

  def _read(self, path: pathlib.Path, what: str) -> Iterator[Any]:
    try:
      limits = limits_of(path)
    except OSError as error:
      raise open_error(path, error) from error
    try:
      self._ask(path, what, limits)
      # Meanwhile, so that the other process's work takes no time.
      ahead = read_ahead(path) if self._is_plain else None
      yield from self._answered(path, limits, ahead)
    except MessageError as error:
      raise self._death(path, limits, error) from error
    except InputError:
      raise
    except MemoryError as error:
      # The rest of the images is still on its way.
      self.stop()
      raise file_error(
        path,
        'its images need more memory than a file of its size may take, or than'
        ' this machine has',
        'save fewer of them in one file',
      ) from error
    # Also where whoever asked takes no more images, or Ctrl-C: what is on its
    # way would be taken for the next file's.
    except BaseException:
      self.stop()
      raise

  def stop(self) -> None:
    """Ends it; it keeps nothing that anybody needs."""
    process, self._process, self._is_ready = self._process, None, False
    if process is not None:
      process.kill()
      self._close(process)
      process.wait()

  def forget(self) -> None:
    """Leaves it to the process that this one was forked from."""
    if self._process is not None:
      self._close(self._process)
      # It is no child of this process, which cannot wait for it.
      self._process.returncode = 0
      self._process = None

  def start(self) -> None:
    """Starts it, unless it runs; it loads its libraries meanwhile."""
    if self._process is not None and self._process.poll() is None:
      return
    self.stop()
    path = [os.path.abspath(one) for one in sys.path]
    box, bell = create_box(), create_bell()
    passed = [one for one in (box, bell) if one is not None]
    try:
      with without_signals() as flags:
        self._process = subprocess.Popen(
          [
            *(sys.executable, '-c'),
            _PROGRAM.format(path=path, box=box, bell=bell),
          ],
          bufsize=0,
          pass_fds=passed,
          stdin=subprocess.PIPE,
          stdout=subprocess.PIPE,
          env=os.environ | _ENVIRONMENT,
          creationflags=flags,
        )
    # Whatever it was, nobody else would close them.
    except BaseException:
      for one in passed:
        os.close(one)
      raise
    self._bell = bell
    streams = cast(Any, self._process)
    self._emptier = create_emptier(box, streams.stdout, streams.stdin)

  @property
  def _answers(self) -> Any:
    assert self._process is not None
    return self._process.stdout

  def _ask(self, path: pathlib.Path, what: str, limits: Limits) -> None:
    request = {
      'what': what,
      'path': str(path),
      'folder': '' if path.is_absolute() else os.getcwd(),
      **limits._asdict(),
    }
    for attempt in range(2):
      try:
        self.start()
        if not self._is_ready:
          self._is_ready = receive(self._answers) == {'is': 'ready'}
        assert self._process is not None
        send(cast(Any, self._process.stdin), request)
        ring(self._bell)
        return
      except (OSError, MessageError) as error:
        # It may have died since the last file, which is not this one's fault.
        self.stop()
        if attempt:
          raise file_error(
            path,
            f'the process that reads files does not start ({error})',
            'see that memory and processes are left, and try again',
          ) from error

  def _answered(
    self, path: pathlib.Path, limits: Limits, ahead: np.ndarray | None
  ) -> Iterator[Frame | list[Annotation]]:
    assert self._emptier is not None
    take, count, left = self._emptier.take, 0, limits.memory_bytes
    assert self._process is not None
    self._clock = Clock(limits.seconds, self._process.kill)
    while (message := self._receive()).get('is') in ('frame', 'shapes'):
      count += 1
      if message['is'] == 'shapes':
        yield receive_shapes(message, take, most_bytes=left)
        continue
      self._is_plain = message.get('offset') is not None
      frame = receive_frame(message, path, take, most_bytes=left, ahead=ahead)
      left -= frame.values.nbytes
      yield frame
      # Where it is no longer needed, it makes room for the next one; and no two
      # images are the same bytes, wherever the file says they stand.
      del frame
      ahead = None
    end = read_end(message)
    for name, level, text in end.log:
      logging.getLogger(name).log(level, '%s', text)
    for category, text in end.warnings:
      warnings.warn(text, _category(category), stacklevel=2)
    if end.error is not None:
      raise InputError(end.error)
    if not count:
      raise file_error(path, 'it holds no image', 'export it again')

  def _receive(self) -> dict[str, Any]:
    """What it says next; it ends where it takes longer than it may."""
    with self._clock.running():
      return receive(self._answers)

  def _close(self, process: subprocess.Popen[bytes]) -> None:
    for stream in (process.stdin, process.stdout):
      with contextlib.suppress(OSError):
        cast(IO[bytes], stream).close()
    assert self._emptier is not None
    self._emptier.close()
    if self._bell is not None:
      os.close(self._bell)

  def _death(
    self, path: pathlib.Path, limits: Limits, error: MessageError
  ) -> InputError:
    """What the end of the other process says of the file."""
    assert self._process is not None
    try:
      code = self._process.wait(timeout=1)
    except subprocess.TimeoutExpired:
      code = 0
    self.stop()
    ended_by = signal.Signals(-code).name if code < 0 else ''
    if ended_by == 'SIGPROF':
      return file_error(
        path,
        f'it was not read after {limits.processor_s:.0f} s of computing',
        'it is damaged: copy or export it again',
      )
    if ended_by == 'SIGALRM' or self._clock.is_over:
      return file_error(
        path,
        f'it was not read after {limits.seconds:.0f} s',
        'copy it to a quicker disk, or see whether it is damaged',
      )
    if ended_by == 'SIGKILL':
      return file_error(
        path,
        'the system ended the process that read it, as it does where memory is'
        ' short',
        'close other programs, or crop the image; it may be damaged, too',
      )
    # Windows says so by a number.
    what = f'{code:#x}' if code > 255 else ended_by or str(error)
    return file_error(
      path,
      f'it crashes the library that reads it ({what})',
      'it is damaged: copy or export it again',
    )


def _category(name: str) -> type[Warning]:
  """The warning of that name, if it is one of Python's own."""
  found = getattr(builtins, name, None)
  if isinstance(found, type) and issubclass(found, Warning):
    return found
  return UserWarning
