"""The process that reads files for another one.

It is started by `process`, answers a request after the other, and ends with
whoever started it.
"""

import contextlib
import functools
import logging
import os
import pathlib
import warnings
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

from defectseg_jax.errors import InputError
from defectseg_jax.micrographs.formats.opening import frames_of, memory_error
from defectseg_jax.micrographs.reader.bell import wait_for
from defectseg_jax.micrographs.reader.bounds import (
  bounded_time,
  limit_memory,
  prepare_bounds,
)
from defectseg_jax.micrographs.reader.box import (
  BoxError,
  Filler,
  PipeFiller,
  create_filler,
)
from defectseg_jax.micrographs.reader.messages import (
  End,
  MessageError,
  receive,
  send,
  send_frame,
)


def main(box: int | None, bell: int | None) -> None:
  """Answers requests until nobody is there to ask.

  Args:
    box: descriptor of what the numbers are put into; None for the pipe.
    bell: of what is rung for each request, if anything is.
  """
  requests = os.fdopen(0, 'rb', buffering=0)
  answers = os.fdopen(os.dup(1), 'wb', buffering=0)
  filler = create_filler(box, answers, requests)
  _prepare()
  with contextlib.suppress(BoxError, MessageError, OSError):
    send(answers, {'is': 'ready'})
    while True:
      wait_for(bell, requests)
      _answer(receive(requests), answers, filler)
      filler.finish()
  # What libraries would do at the end may hang after a damaged file.
  os._exit(0)


def _prepare() -> None:
  """Sees that nothing but answers is said, and that others go before us."""
  # What C libraries say of a damaged file is no answer, and no message either.
  nowhere = os.open(os.devnull, os.O_WRONLY)
  for stream in (1, 2):
    os.dup2(nowhere, stream)
  prepare_bounds()
  # Linux ends this process first when memory is short: it costs one file.
  with contextlib.suppress(OSError):
    pathlib.Path('/proc/self/oom_score_adj').write_text('1000')


def _answer(
  request: dict[str, Any], answers: BinaryIO, filler: Filler | PipeFiller
) -> None:
  """Reads a file: its images one by one, or its outlines; how it ended."""
  if request['folder']:
    os.chdir(request['folder'])
  limit_memory(request['memory_bytes'])
  fault, path = None, pathlib.Path(request['path'])
  times = request['processor_s'], request['seconds']
  with _remarks() as (log, caught), bounded_time(*times) as paused:
    try:
      for send_one in _found(request['what'], path, answers, filler):
        # Whoever asked may be slow to take it.
        with paused():
          send_one()
    except InputError as error:
      fault = str(error)
    except MemoryError:
      fault = str(memory_error(path))
  end = End(
    fault,
    log.kept,
    [(one.category.__name__, str(one.message)) for one in caught],
  )
  send(answers, {'is': 'end', **end._asdict()})


def _found(
  what: str,
  path: pathlib.Path,
  answers: BinaryIO,
  filler: Filler | PipeFiller,
) -> Iterator[Callable[[], None]]:
  """What sends an image after the other, or the outlines of a file."""
  if what == 'images':
    for frame in frames_of(path):
      yield functools.partial(send_frame, answers, frame, path, filler.put)
    return
  # Only now: they load more than images need.
  from defectseg_jax.micrographs.reader.outlines import shapes_of
  from defectseg_jax.micrographs.reader.shapes import send_shapes

  yield functools.partial(send_shapes, answers, shapes_of(path), filler.put)


class _Log(logging.Handler):
  """Keeps what libraries log: who, how grave, and what."""

  def __init__(self) -> None:
    super().__init__(logging.WARNING)
    self.kept: list[tuple[str, int, str]] = []

  def emit(self, record: logging.LogRecord) -> None:
    self.kept.append((record.name, record.levelno, record.getMessage()))


@contextlib.contextmanager
def _remarks() -> Iterator[tuple[_Log, list[warnings.WarningMessage]]]:
  """What libraries log and warn of meanwhile."""
  log, root = _Log(), logging.getLogger()
  root.addHandler(log)
  try:
    with warnings.catch_warnings(record=True) as caught:
      yield log, caught
  finally:
    root.removeHandler(log)
