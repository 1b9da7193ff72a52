"""--mode=predict with several networks: all defects of the same micrographs."""

import dataclasses
import pathlib
from collections.abc import Sequence
from typing import Any, Protocol

from rich.console import Console
from rich.markup import escape

from defectseg_jax.runs.workdir import Workdir
from defectseg_jax.runtime.interruption import Interruption, Stopped
from defectseg_jax.sessions.given import Given
from defectseg_jax.sessions.predict_session import Part, read_run
from defectseg_jax.sessions.requests import PredictRequest
from defectseg_jax.sessions.tables import print_tables
from defectseg_jax.sessions.together.folder import TogetherFolder
from defectseg_jax.sessions.together.session import (
  Together,
  predict_defects,
)


class Source(Protocol):
  """A network, and what it was trained with."""

  @property
  def config(self) -> Any:
    """Its own."""

  @property
  def workdir(self) -> Workdir | None:
    """Of its run; None where the request names a network."""


def predict_together(
  sources: Sequence[Source],
  requests: Sequence[PredictRequest],
  console: Console,
  interruption: Interruption,
) -> bool:
  """Predicts, measures and reports a session of several defects.

  Args:
    sources: the networks.
    requests: what each is asked for; they differ by network and folder, which
      is below that of all.
    console: where the tables go.
    interruption: asked now and then whether to stop.

  Returns:
    Whether every image could be done.

  Raises:
    InputError: a run, a flag or a folder is wrong.
    Stopped: a signal asked the process to stop; what is done is kept.
  """
  path = pathlib.Path(requests[0].output).parent
  folder = TogetherFolder(path, overwrite=requests[0].overwrite)
  given = [Given.of(one) for one in requests]
  with console.status('Reading the networks'):
    parts = [
      _part(folder, *one) for one in zip(sources, requests, given, strict=True)
    ]
  interruption.defer_exit()
  try:
    with folder.hold():
      together = predict_defects(
        parts, folder, console=console, check_interruption=interruption.check
      )
  except Stopped:
    console.print(
      'Stopped. The same command goes on from here: '
      f'{escape(str(folder.path))}',
      soft_wrap=True,
    )
    raise
  _tell(together, folder, console)
  return all(one.complete for one in together.results)


def _part(
  folder: TogetherFolder, source: Source, request: PredictRequest, given: Given
) -> Part:
  run = read_run(source.config, source.workdir, request)
  note = (
    'Looked for together with other defects: ../report.html says which pixels '
    'that two networks claimed were given to one of them, and what lies at '
    'what.'
  )
  given = dataclasses.replace(given, remarks=[*given.remarks, note])
  asked = source.config, source.workdir
  return Part(given, run, folder.session(run.settings.defect), asked)


def _tell(together: Together, folder: TogetherFolder, console: Console) -> None:
  """Prints the tables of all defects, then what is of all together."""
  for one in together.results:
    print_tables(one.numbers, console)
  for sentence in (*together.associations, *together.claims):
    console.print(escape(sentence), soft_wrap=True)
  page = escape(str(folder.path / 'report.html'))
  console.print(f'Page: {page}', soft_wrap=True)
