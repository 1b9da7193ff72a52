"""Who may talk to the server: the page that it opened itself, nobody else.

A browser also runs the pages of others, and they can send requests to
127.0.0.1. So each address holds a random token that they cannot know; `Host`
must be this machine's own name, which a name that was rebound to 127.0.0.1 is
not; and what changes anything must say that it comes from our own page.
"""

import asyncio
import hmac
import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, Response

# A stroke of 20,000 points, each written with all its digits, has 900 kB.
MOST_BODY_BYTES = 2 * 2**20
# A page of our own sends its body at once; by eye.
_BODY_SECONDS = 20.0
# An address that a browser opens is short.
_MOST_ADDRESS_BYTES = 4096
# A port that is forwarded has another number on the other side, so any port
# will do.
_OWN_NAMES = ('127.0.0.1', 'localhost')

_POLICY = '; '.join(
  [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' blob: data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ]
)
_HEADERS = {
  'content-security-policy': _POLICY,
  'x-content-type-options': 'nosniff',
  # The address holds the token.
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
}

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]


def new_token() -> str:
  """What stands in the address, and cannot be guessed."""
  return secrets.token_urlsafe(24)


class Guard:
  """Lets through what our own page asks for, with the token taken off."""

  def __init__(self, app: App, token: str) -> None:
    """Takes what is to be guarded.

    Args:
      app: what answers; it sees paths without the token, and bodies as a whole.
      token: that each path must begin with.
    """
    self._app = app
    self._token = token.encode()

  async def __call__(
    self, scope: Message, receive: Receive, send: Send
  ) -> None:
    """Answers one request."""
    refusal = self._refusal(scope)
    body = b''
    if refusal is None and scope['method'] == 'POST':
      read = await _body_of(scope, receive)
      if isinstance(read, Response):
        refusal = read
      else:
        body = read
    if refusal is not None:
      # What it may still send is not waited for.
      refusal.headers['connection'] = 'close'
      await refusal(scope, receive, _with_headers(send))
      return
    path = scope['path'].split('/', 2)[2]
    given = {**scope, 'path': f'/{path}', 'raw_path': None, 'root_path': ''}
    await self._app(given, _once(body, receive), _with_headers(send))

  def _refusal(self, scope: Message) -> Response | None:
    """Why a request is not answered; None where it is."""
    headers = Headers(scope=scope)
    if scope['type'] != 'http' or 'upgrade' in headers:
      return _refuse(403, 'there are no websockets here')
    host = headers.getlist('host')
    if len(host) != 1 or _name_of(host[0]) not in _OWN_NAMES:
      return _refuse(403, 'this is not the name that the server was opened by')
    if len(scope.get('raw_path') or b'') > _MOST_ADDRESS_BYTES:
      return _refuse(414, 'the address is too long')
    parts = scope['path'].split('/', 2)
    given = parts[1].encode('utf-8', 'replace') if len(parts) == 3 else b''
    if not hmac.compare_digest(given, self._token):
      return _refuse(
        404,
        'there is nothing here; open the address that the program printed',
      )
    if scope['method'] not in ('GET', 'HEAD', 'POST'):
      return _refuse(405, 'only GET and POST are answered')
    if scope['method'] == 'POST' and headers.getlist('origin') != [
      f'http://{host[0]}'
    ]:
      return _refuse(403, 'another page asks for this')
    return None


def _name_of(host: str) -> str:
  """The name in `localhost:8765`; '' where the port is no number."""
  name, colon, port = host.partition(':')
  return name.lower() if not colon or port.isdecimal() else ''


def _refuse(status: int, why: str) -> Response:
  return PlainTextResponse(f'{why}\n', status)


async def _body_of(scope: Message, receive: Receive) -> bytes | Response:
  """The body, or the answer to one that is too large or never ends."""
  too_large = _refuse(413, f'more than {MOST_BODY_BYTES} bytes are not taken')
  said = Headers(scope=scope).get('content-length', '0')
  if not said.isdecimal() or int(said[:20]) > MOST_BODY_BYTES:
    return too_large
  parts, size = [], 0
  try:
    async with asyncio.timeout(_BODY_SECONDS):
      while True:
        message = await receive()
        if message['type'] != 'http.request':
          return _refuse(400, 'the body ended before its time')
        parts.append(message.get('body', b''))
        size += len(parts[-1])
        if size > MOST_BODY_BYTES:
          return too_large
        if not message.get('more_body', False):
          return b''.join(parts)
  except TimeoutError:
    return _refuse(408, 'the body did not come')


def _once(body: bytes, receive: Receive) -> Receive:
  """Gives the body that was read already, then what else comes."""
  given = False

  async def receive_again() -> Message:
    nonlocal given
    if given:
      return await receive()
    given = True
    return {'type': 'http.request', 'body': body, 'more_body': False}

  return receive_again


def _with_headers(send: Send) -> Send:
  """Every answer has them, refusals and files too."""

  async def send_with(message: Message) -> None:
    if message['type'] == 'http.response.start':
      before = [(k, v) for k, v in message['headers'] if k.decode() not in own]
      message = {**message, 'headers': before + list(added)}
    await send(message)

  own = _HEADERS
  added = [(k.encode(), v.encode()) for k, v in own.items()]
  return send_with
