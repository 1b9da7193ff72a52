"""The images of one session, looked at by several processes.

Each takes a file that nobody is at, until there is none left. Then one of them
writes the session of all, as a process alone would have: which of them looked
at what cannot be seen in it.
"""

import contextlib
import dataclasses
import pathlib
import time
from collections.abc import Callable, Iterator, Sequence

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress

from defectseg_jax.micrographs.files import files_by_stem
from defectseg_jax.runs.how_made import provenance_of_use
from defectseg_jax.runs.run import Run
from defectseg_jax.runtime.leases import DEAD_AFTER_S, Leases
from defectseg_jax.sessions.corrections import Corrections
from defectseg_jax.sessions.folder import SessionFolder
from defectseg_jax.sessions.given import Given
from defectseg_jax.sessions.image_update import (
  Network,
  OnTiles,
  Task,
  Update,
  is_current,
  look_at,
  update_each,
  update_files,
)
from defectseg_jax.sessions.predict_images import predict_file, tell_file
from defectseg_jax.sessions.session_image import SessionImage
from defectseg_jax.sessions.shares import Shares

# By eye: a file server bears the questions.
_LOOK_AGAIN_S = 1.0


@contextlib.contextmanager
def share_images(
  given: Given,
  run: Run,
  output: SessionFolder,
  console: Console,
  check_interruption: Callable[[], None],
) -> Iterator[Update | None]:
  """Looks at files that nobody is at, until all are done by somebody.

  Args:
    given: the files.
    run: the network.
    output: of the session of all; what is done there is not done again.
    console: where the progress goes.
    check_interruption: called after each batch of tiles; may raise Stopped.

  Yields:
    What takes from there what was found, for this process to write the session
    of all in the block; None where another does.

  Raises:
    InputError: a file of somebody else is in the way.
    Stopped: the user asked to stop; others may take what this one was at.
  """
  shares = Shares(output.path, Leases())
  _look_at_open(
    *(shares, given, run, output),
    console=console,
    check_interruption=check_interruption,
  )
  with shares.page(given.paths) as ours:
    yield _update_from(shares) if ours else None


def _look_at_open(
  shares: Shares,
  given: Given,
  run: Run,
  output: SessionFolder,
  *,
  console: Console,
  check_interruption: Callable[[], None],
) -> None:
  """Takes one file after another; as of `share_images`."""
  worker = _Worker(shares, given, run, output, check_interruption)
  waited_for: list[pathlib.Path] | None = None
  with Progress(
    *Progress.get_default_columns(),
    console=console,
    disable=not console.is_terminal,
    transient=True,
  ) as progress:
    bar = progress.add_task('predicting', total=len(given.paths))

    def show(name: str, part: float = 0.0) -> None:
      completed = len(shares.done) + part
      progress.update(bar, description=escape(name), completed=completed)

    while left := [one for one in given.paths if one not in shares.done]:
      file = shares.take(left)
      if file is not None:
        failures = worker.do(file, show)
        tell_file(console, (len(shares.done), len(given.paths)), file, failures)
        continue
      check_interruption()
      left = [one for one in left if one not in shares.done]
      show('waiting for other processes')
      if left and left != waited_for:
        _tell_waiting(console, left)
      waited_for = left
      time.sleep(_LOOK_AGAIN_S if left else 0.0)


def _update_from(shares: Shares) -> Update:
  """Takes what was found from there; what was changed since is looked for."""

  def update(tasks: Sequence[Task], on_tiles: OnTiles) -> list[SessionImage]:
    return [
      update_files(
        one,
        one.key,
        lambda one=one: shares.found(one) or look_at(one, on_tiles),
      )
      for one in tasks
    ]

  return update


@dataclasses.dataclass(frozen=True, eq=False)
class _Worker:
  """What a process needs for one file after another; as of `share_images`."""

  shares: Shares
  given: Given
  run: Run
  output: SessionFolder
  check_interruption: Callable[[], None]

  def do(
    self, file: pathlib.Path, show: Callable[[str, float], None]
  ) -> dict[str, str]:
    """Looks at a file that is ours; returns why images could not be done."""
    done = False
    try:
      failures = self._do(file, show)
      done = True
    finally:
      self.shares.give_back(file, done=done)
    return failures

  def _do(
    self, file: pathlib.Path, show: Callable[[str, float], None]
  ) -> dict[str, str]:
    def on_tiles(tiles: int, count: int) -> None:
      show(f'predicting {file.name}', tiles / count)
      self.check_interruption()

    show(f'predicting {file.name}', 0.0)
    part = self.shares.part(file)
    with part.hold():
      part.begin(provenance_of_use(self.run.provenance, self.run.engine))
      corrections = Corrections(
        part, files_by_stem([file]), self.given.request.mask_values
      )
      _, failures = predict_file(
        file,
        [Network(self.run, part, corrections)],
        self.given.scales,
        self.given.screening,
        update=self._unless_done,
        on_tiles=on_tiles,
      )
    return failures

  def _unless_done(
    self, tasks: Sequence[Task], on_tiles: OnTiles
  ) -> list[SessionImage]:
    """As `update_each`; nothing where the session of all has it already."""
    # Another process may have written it since.
    folder = SessionFolder(self.output.path, overwrite=self.output.overwrite)
    done = []
    for task in tasks:
      there = dataclasses.replace(task.network, folder=folder)
      if is_current(dataclasses.replace(task, network=there), task.key):
        done.append(task.image)
      else:
        done += update_each([task], on_tiles)
    return done


def _tell_waiting(console: Console, files: Sequence[pathlib.Path]) -> None:
  """Says whom this process waits for."""
  more = f' and {len(files) - 1} more' if len(files) > 1 else ''
  console.print(
    f'Waiting for other processes, which are at {escape(files[0].name)}{more}; '
    f'one that died is given up after {DEAD_AFTER_S:.0f} s at most.',
    soft_wrap=True,
  )
