"""The server of a review: on this machine alone, for one page.

It ends when its page's button is pressed, or when the program is asked to stop.
"""

import asyncio
import os
import socket
import sys
import threading
import webbrowser
from collections.abc import Callable

import uvicorn
from rich.console import Console
from uvicorn.protocols.http.h11_impl import H11Protocol

from defectseg_jax.errors import InputError
from defectseg_jax.review.desk import Desk
from defectseg_jax.review.guard import Guard, new_token
from defectseg_jax.review.review import Review
from defectseg_jax.review.site import Site, Teaching

_HOST = '127.0.0.1'
# A browser opens six; two windows, and a flood is turned away.
_MOST_CONNECTIONS = 48
# Who connects says what it wants within so many seconds; by eye.
_SILENT_SECONDS = 10
_MOST_HEADER_BYTES = 16 * 2**10
# How often somebody who asks the program to stop is listened to.
_LISTEN_SECONDS = 0.1
# What is being written then is finished.
_END_SECONDS = 10


def serve(
  review: Review,
  *,
  teaching: Teaching,
  port: int = 0,
  open_browser: bool = True,
  check_interruption: Callable[[], None],
  console: Console | None = None,
) -> None:
  """Serves a review until its page's button is pressed.

  Args:
    review: that is shown and edited.
    teaching: what learns from corrections.
    port: to listen on; 0 takes one that is free.
    open_browser: whether the page is opened.
    check_interruption: called ten times a second; may raise Stopped.
    console: where the address is printed.

  Raises:
    InputError: the port is taken.
    Stopped: the user asked to stop.
  """
  listener = _listen(port)
  pressed = threading.Event()
  token = new_token()
  server = _create_server(
    Guard(Site(Desk(review), teaching, pressed.set).app(), token)
  )
  thread = threading.Thread(
    target=server.run, kwargs={'sockets': [listener]}, daemon=True
  )
  thread.start()
  address = f'http://{_HOST}:{listener.getsockname()[1]}/{token}/'
  try:
    _tell(address, console or Console(), open_browser=open_browser)
    while thread.is_alive() and not pressed.wait(_LISTEN_SECONDS):
      check_interruption()
  finally:
    server.should_exit = True
    thread.join(_END_SECONDS)
    listener.close()


class _Protocol(H11Protocol):
  """Answers at once, and does not wait for ever for who says nothing."""

  def connection_made(self, transport: asyncio.Transport) -> None:  # pyright: ignore
    super().connection_made(transport)
    # The head of an answer and its body are two packets. Without this, the body
    # waits up to 40 ms until the browser has said that the head is there.
    connection = transport.get_extra_info('socket')
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    self.timeout_keep_alive_task = self.loop.call_later(
      _SILENT_SECONDS, self.timeout_keep_alive_handler
    )


def _create_server(app: Guard) -> uvicorn.Server:
  return uvicorn.Server(
    uvicorn.Config(
      app,
      http=_Protocol,
      # Without it there is nothing that a flood of them could fill.
      ws='none',
      loop='asyncio',
      lifespan='off',
      limit_concurrency=_MOST_CONNECTIONS,
      h11_max_incomplete_event_size=_MOST_HEADER_BYTES,
      timeout_keep_alive=_SILENT_SECONDS,
      timeout_graceful_shutdown=_END_SECONDS,
      access_log=False,
      log_config=None,
      # A fault of the program is told; who was turned away is not.
      log_level='error',
      server_header=False,
      proxy_headers=False,
    )
  )


def _listen(port: int) -> socket.socket:
  try:
    return socket.create_server((_HOST, port), backlog=_MOST_CONNECTIONS)
  except (OSError, OverflowError) as error:
    raise InputError(
      f'--port={port}: cannot listen on {_HOST} ({error}); give another port, '
      'or --port=0 for one that is free'
    ) from error


def _tell(address: str, console: Console, *, open_browser: bool) -> None:
  console.print(f'Review: {address}', soft_wrap=True, highlight=False)
  console.print('Ctrl-C, or Stop on the page, ends it.')
  if open_browser and not (_has_screen() and webbrowser.open(address)):
    console.print('No browser opened here: open that address yourself.')


def _has_screen() -> bool:
  """Without one `webbrowser` may take a browser of the terminal, and wait."""
  names = 'DISPLAY', 'WAYLAND_DISPLAY'
  return sys.platform != 'linux' or any(map(os.environ.get, names))
