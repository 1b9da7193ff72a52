"""--mode=review: a session in the browser: look, correct, label, teach."""

from collections.abc import Callable

import ml_collections
from rich.console import Console
from rich.markup import escape

from defectseg_jax.errors import InputError
from defectseg_jax.jobs.predict import predict
from defectseg_jax.review.bare import Bare
from defectseg_jax.review.reported import unreported
from defectseg_jax.review.review import Review
from defectseg_jax.review.teaching import Teaching
from defectseg_jax.runs.settings import run_settings
from defectseg_jax.runs.workdir import Workdir
from defectseg_jax.runtime.interruption import Interruption, Stopped
from defectseg_jax.sessions.requests import ReviewRequest


def review(
  config: ml_collections.ConfigDict | None,
  workdir: Workdir | None,
  request: ReviewRequest,
  console: Console,
  interruption: Interruption,
) -> None:
  """Serves a session until its page's button, or Ctrl-C, ends it.

  Every change is on disk before it is shown, so both are good ends: what
  follows from the masks, as report.html, is made anew then, also what a killed
  one has left undone.

  Args:
    config: of the network; of what is labelled from nothing, or None.
    workdir: of the run; None where the request names a network, or there is
      none.
    request: what is asked for.
    console: where the address goes.
    interruption: asked now and then whether to stop.

  Raises:
    InputError: a flag, the folder or a file is wrong.
    Stopped: a signal asked the process to stop before the page was there.
  """
  serve = _serve()
  if request.predict is not None:
    assert config is not None
    # An image that could not be done is listed with its reason.
    predict(config, workdir, request.predict, console, interruption)
  interruption.defer_exit()
  with Review.open(request.output, bare=_bare(config, request)) as opened:
    teaching = Teaching(opened)
    try:
      serve(
        opened,
        teaching=teaching,
        port=request.port,
        open_browser=request.open_browser,
        check_interruption=interruption.check,
        console=console,
      )
    except Stopped:
      console.print('Stopping; all that was done is saved.')
    finally:
      teaching.stop()
    opened.save()
    if unreported(opened.path):
      with console.status('Measuring and drawing what was changed'):
        opened.write_results()
  page = escape(str(opened.path / 'report.html'))
  console.print(f'Page: {page}', soft_wrap=True)


def _bare(
  config: ml_collections.ConfigDict | None, request: ReviewRequest
) -> Bare | None:
  """What is labelled from nothing; None where there is a session."""
  if request.predict is not None or not request.images:
    return None
  assert config is not None
  settings = run_settings(config)
  return Bare(
    request.images,
    settings.defect,
    request.pixel_size_nm,
    request.thickness_nm,
    settings.quantification,
  )


def _serve() -> Callable[..., None]:
  """The server, whose packages need not be installed."""
  try:
    from defectseg_jax.review.server import serve
  except ModuleNotFoundError as error:
    raise InputError(
      f'--mode=review needs the package {error.name}; install it: pip install '
      '-r requirements-review.txt'
    ) from error
  return serve
