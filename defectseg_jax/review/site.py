"""What each address of the review answers."""

import functools
import io
import json
import pathlib
from collections.abc import Callable, Mapping
from typing import Any, Protocol
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from defectseg_jax.errors import InputError, system_error_text
from defectseg_jax.review import figures
from defectseg_jax.review.change import (
  Change,
  OutdatedError,
  require_version,
)
from defectseg_jax.review.desk import Desk
from defectseg_jax.review.document import Document

_BROWSER = pathlib.Path(__file__).parent / 'browser'
_TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
}
_TEACHING = ('start', 'stop', 'accept', 'refuse')


class Teaching(Protocol):
  """What learns from corrections."""

  def start(self) -> None:
    """Begins."""

  def stop(self) -> None:
    """Stops; what was learned so far is kept."""

  def accept(self) -> None:
    """Takes what it proposes."""

  def refuse(self) -> None:
    """Leaves everything as it is."""

  def proposal(self, name: str) -> pathlib.Path | None:
    """The mask that is proposed for an image; None without one."""

  def state(self) -> Mapping[str, Any]:
    """How far it is, ready for JSON."""
    ...


class Site:
  """The page, and what it asks for."""

  def __init__(
    self, desk: Desk, teaching: Teaching, stop: Callable[[], None]
  ) -> None:
    """Reads the page's files: no other file is ever opened for an address.

    Args:
      desk: with the images.
      teaching: that learns from corrections.
      stop: called when the page's button is pressed.
    """
    self._desk, self._teaching, self._stop = desk, teaching, stop
    self._files = {
      path.name: (path.read_bytes(), _TYPES[path.suffix])
      for path in sorted(_BROWSER.iterdir())
      if path.suffix in _TYPES
    }

  def app(self) -> Starlette:
    """Answers requests whose path has no token any more."""
    image = '/api/images/{name}'
    return Starlette(
      routes=[
        Route('/', self._page),
        Route('/api/state', _answer(self._state)),
        Route('/api/images', _answer(self._images)),
        Route('/api/order', _answer(self._order)),
        Route(image, _answer(self._image)),
        Route(f'{image}/numbers', _answer(self._numbers)),
        Route(f'{image}/check', _answer(self._check)),
        Route(
          f'{image}/tile/{{level:int}}/{{row:int}}/{{column:int}}',
          _answer(self._tile),
        ),
        *(
          Route(f'{image}/{verb}', _answer(answer), methods=['POST'])
          for verb, answer in (
            ('operations', self._operation),
            ('undo', self._undo),
            ('redo', self._redo),
          )
        ),
        Route('/api/teach', _answer(self._taught)),
        Route('/api/teach', _answer(self._teach), methods=['POST']),
        Route('/api/handover/{kind}', _answer(self._handed_over)),
        Route('/api/figures/{file}', _answer(self._figure)),
        Route('/api/stop', _answer(self._stopped), methods=['POST']),
        Route('/{file}', self._page),
      ]
    )

  async def _page(self, request: Request) -> Response:
    file = request.path_params.get('file', 'index.html')
    if file not in self._files:
      return _problem(404, 'there is no such page; open the first one')
    content, kind = self._files[file]
    return Response(content, media_type=kind)

  def _state(self, _: Request, __: Any) -> Any:
    return {
      'versions': self._desk.state(),
      'teaching': self._teaching.state().get('phase'),
      'save_error': self._desk.review.save_error,
    }

  def _images(self, _: Request, __: Any) -> Any:
    return self._desk.images()

  def _order(self, _: Request, __: Any) -> Any:
    return self._desk.order(self._teaching.state().get('next', ()))

  def _image(self, request: Request, _: Any) -> Any:
    return self._desk.image(request.path_params['name'])

  def _numbers(self, request: Request, _: Any) -> Response:
    name = request.path_params['name']
    return self._and_prepare(name, self._desk.numbers(name))

  def _check(self, request: Request, _: Any) -> Any:
    return self._desk.check(request.path_params['name'])

  def _tile(self, request: Request, _: Any) -> Response:
    where = request.path_params
    name, kind = where['name'], request.query_params.get('kind', '')
    proposed = self._teaching.proposal(name) if kind == 'proposal' else None
    place = where['level'], where['row'], where['column']
    content = self._desk.tile(name, kind, place, proposed)
    return Response(content, media_type='application/octet-stream')

  def _operation(self, request: Request, body: Any) -> Any:
    return self._change(request, lambda document: document.apply(body))

  def _undo(self, request: Request, body: Any) -> Any:
    return self._change(request, _at_version(body, Document.undo))

  def _redo(self, request: Request, body: Any) -> Any:
    return self._change(request, _at_version(body, Document.redo))

  def _change(
    self, request: Request, make: Callable[[Document], Change]
  ) -> Response:
    name = request.path_params['name']
    return self._and_prepare(name, self._desk.change(name, make))

  def _and_prepare(self, name: str, found: Any) -> Response:
    """Once the answer is sent, and the person looks, the next is made ready."""
    answer = _json(found)
    answer.background = BackgroundTask(self._desk.prepare, name)
    return answer

  def _taught(self, _: Request, __: Any) -> Any:
    return dict(self._teaching.state())

  def _teach(self, _: Request, body: Any) -> Any:
    what = body.get('what') if isinstance(body, dict) else None
    if what not in _TEACHING:
      raise InputError(f'what: give one of {", ".join(_TEACHING)}')
    getattr(self._teaching, what)()
    return dict(self._teaching.state())

  def _handed_over(self, request: Request, _: Any) -> Response:
    # It brings JAX, for which the first picture need not wait.
    from defectseg_jax.review import handover

    kind = request.path_params['kind']
    stream = io.BytesIO()
    with self._desk.lock:
      handover.write(self._desk.review, kind, stream)
    return _file(stream.getvalue(), handover.FILE_NAMES[kind])

  def _figure(self, request: Request, _: Any) -> Response:
    name, _dot, kind = request.path_params['file'].rpartition('.')
    with self._desk.lock:
      content = figures.figure(self._desk.review.document(name), kind)
    return _file(content, f'{name}.{kind}')

  def _stopped(self, _: Request, __: Any) -> Any:
    self._stop()
    return {}


def _at_version(
  body: Any, step: Callable[[Document], Change]
) -> Callable[[Document], Change]:
  """Undoes or redoes what the page shows, and not another window's."""

  def change(document: Document) -> Change:
    given = body.get('version') if isinstance(body, dict) else None
    require_version(document.name, given, document.version)
    return step(document)

  return change


def _answer(
  find: Callable[[Request, Any], Any],
) -> Callable[[Request], Any]:
  """Answers in JSON, from a thread; what is wrong in one line."""

  @functools.wraps(find)
  async def answer(request: Request) -> Response:
    body = await request.body()
    return await run_in_threadpool(_found, find, request, body)

  return answer


def _found(
  find: Callable[[Request, Any], Any], request: Request, body: bytes
) -> Response:
  try:
    given = _read_json(body) if request.method == 'POST' else None
    found = find(request, given)
  except OutdatedError as error:
    return _refusal(request, 409, str(error))
  except InputError as error:
    return _refusal(request, 400, str(error))
  except (OSError, MemoryError) as error:
    # The disk is full, or gone: nothing was answered, so nothing is lost.
    text = system_error_text(error)
    return _problem(507, text or f'{type(error).__name__}: {error}')
  return found if isinstance(found, Response) else _json(found)


def _read_json(body: bytes) -> Any:
  try:
    return json.loads(body)
  except (ValueError, RecursionError) as error:
    raise InputError('the body: is no JSON; reload the page') from error


def _json(found: Any) -> Response:
  # NaN is no JSON; what cannot be given is None already.
  text = json.dumps(found, separators=(',', ':'), allow_nan=False)
  return Response(text, media_type='application/json')


def _file(content: bytes, name: str) -> Response:
  """For the browser to save; a name may hold any letter."""
  return Response(
    content,
    media_type='application/octet-stream',
    headers={
      'content-disposition': f"attachment; filename*=UTF-8''{quote(name)}"
    },
  )


def _refusal(request: Request, status: int, text: str) -> Response:
  """What a person asked for cannot be done, as a click beside an object."""
  if request.method == 'POST':
    # A browser would write another status into its console, as a fault.
    return _json({'refused': status, 'error': text})
  return _problem(status, text)


def _problem(status: int, text: str) -> Response:
  return JSONResponse({'error': text}, status)
