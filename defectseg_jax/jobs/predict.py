"""--mode=predict: a microscope's files to masks, numbers and a page."""

import contextlib
import pathlib

import ml_collections
from rich.console import Console
from rich.markup import escape

from defectseg_jax.runs.workdir import Workdir
from defectseg_jax.runtime.interruption import Interruption, Stopped
from defectseg_jax.sessions.folder import SessionFolder
from defectseg_jax.sessions.given import Given
from defectseg_jax.sessions.image_update import Update, update_each
from defectseg_jax.sessions.predict_session import predict_session, read_run
from defectseg_jax.sessions.requests import PredictRequest
from defectseg_jax.sessions.share_images import share_images
from defectseg_jax.sessions.tables import print_tables
from defectseg_jax.sessions.together.folder import require_alone

_STOPPED = 'Stopped. The same command goes on from here'


def predict(
  config: ml_collections.ConfigDict,
  workdir: Workdir | None,
  request: PredictRequest,
  console: Console,
  interruption: Interruption,
  *,
  share: bool = False,
) -> bool:
  """Predicts, measures and reports a session.

  What was done before in the same folder, of the same images by the same
  network, is not done again.

  Args:
    config: of the run; its `quantification` says how to measure.
    workdir: of the run; None where the request names a network.
    request: what is asked for.
    console: where the tables go.
    interruption: asked now and then whether to stop.
    share: whether other processes run the same command, and take images, too.
      One of them writes the numbers and the page.

  Returns:
    Whether every image could be done, and compared where it has a truth.

  Raises:
    InputError: the run, a flag or the folder is wrong. What cannot be read or
      has no scale does not end a session: it is listed with its reason.
    Stopped: a signal asked the process to stop; what is done is kept.
  """
  given = Given.of(request)
  folder = SessionFolder(request.output, overwrite=request.overwrite)
  require_alone(folder.path)
  with console.status('Reading the network'):
    run = read_run(config, workdir, request)
  interruption.defer_exit()
  try:
    with contextlib.ExitStack() as held:
      update: Update | None = update_each
      if share:
        told = console, interruption.check
        update = held.enter_context(share_images(given, run, folder, *told))
      if update is None:
        console.print('Every image is done; another process writes the page.')
        return True
      held.enter_context(folder.hold())
      results = predict_session(
        *(given, run, folder),
        asked=(config, workdir),
        update=update,
        console=console,
        check_interruption=interruption.check,
      )
  except Stopped:
    _tell(console, _STOPPED, folder.path)
    raise
  print_tables(results.numbers, console)
  _tell(console, 'Page', folder.path / 'report.html')
  return results.complete


def _tell(console: Console, what: str, path: pathlib.Path) -> None:
  console.print(f'{what}: {escape(str(path))}', soft_wrap=True)
