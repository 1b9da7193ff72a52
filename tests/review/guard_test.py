"""Who is turned away: by sockets, since no well-behaved client attacks."""

import contextlib
import http.client
import json
import pathlib
import re
import socket
import threading

import pytest
import tiny
from rich.console import Console

from defectseg_jax.errors import InputError
from defectseg_jax.review import guard, server
from defectseg_jax.review.review import ReviewImage


class Stub:
  """As much of a review as is asked for here."""

  path, defect = pathlib.Path('results'), 'voids'
  save_error = ''
  images = (ReviewImage('foil', 8, 8, False, 0, None, None, 0),)

  def document(self, name):
    raise InputError(f'{name}: the session has no such image')


class NoTeaching:
  """Nobody learns."""

  def state(self):
    return {'phase': 'idle'}


class Lines:
  """Where the program prints its address."""

  def __init__(self):
    self.address = None
    self.printed = threading.Event()

  def write(self, text):
    if found := re.search(r'http://\S+', text):
      self.address = found[0]
      self.printed.set()

  def flush(self):
    pass


@contextlib.contextmanager
def served(review):
  """Host, port and token of a review that is served meanwhile."""
  lines, ended = Lines(), threading.Event()

  class Ended(Exception):
    pass

  def check():
    if ended.is_set():
      raise Ended

  def run():
    with contextlib.suppress(Ended):
      server.serve(
        review,
        teaching=NoTeaching(),
        open_browser=False,
        check_interruption=check,
        console=Console(file=lines, width=300),
      )

  thread = threading.Thread(target=run)
  thread.start()
  try:
    assert lines.printed.wait(tiny.HANGS_S)
    yield re.fullmatch(r'http://(.*):(\d+)/(.*)/', lines.address).groups()
  finally:
    ended.set()
    thread.join(tiny.HANGS_S)
    assert not thread.is_alive()


@pytest.fixture(scope='module')
def site():
  with served(Stub()) as found:
    yield found


def raw(site, *lines, body=b''):
  """What the server answers to bytes, until it closes."""
  with socket.create_connection(site[:2], tiny.HANGS_S) as one:
    one.sendall('\r\n'.join([*lines, '', '']).encode('latin-1') + body)
    return read_all(one)


def read_all(one):
  parts = []
  with contextlib.suppress(ConnectionResetError):
    while part := one.recv(65536):
      parts.append(part)
  return b''.join(parts)


def get(site, path, *headers, method='GET', body=b''):
  """Status and body of a request that names the right host."""
  answer = raw(
    site,
    f'{method} {path} HTTP/1.1',
    f'Host: {site[0]}:{site[1]}',
    'Connection: close',
    *headers,
    body=body,
  )
  head, _, content = answer.partition(b'\r\n\r\n')
  return int(head.split()[1]), content, head.decode().lower()


def post(site, path, body, *headers, origin=None):
  return get(
    site,
    path,
    f'Origin: {origin or f"http://{site[0]}:{site[1]}"}',
    f'Content-Length: {len(body)}',
    *headers,
    method='POST',
    body=body,
  )


def test_the_body_of_an_answer_does_not_wait_for_its_head(monkeypatch):
  delays, made = [], server._Protocol.connection_made

  def connection_made(self, transport):
    made(self, transport)
    connection = transport.get_extra_info('socket')
    delays.append(
      not connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    )

  monkeypatch.setattr(server._Protocol, 'connection_made', connection_made)
  with served(Stub()) as (host, port, token):
    connection = http.client.HTTPConnection(host, port, timeout=10)
    connection.request('GET', f'/{token}/api/images')
    assert connection.getresponse().status == 200
    connection.close()
  assert delays == [False]


def test_the_page_needs_nothing_from_outside_and_leaves_no_cookie(site):
  status, content, head = get(site, f'/{site[2]}/')
  assert status == 200
  assert b'<canvas' in content
  assert "default-src 'none'" in head
  assert "script-src 'self'" in head
  assert 'x-content-type-options: nosniff' in head
  assert 'referrer-policy: no-referrer' in head
  assert 'set-cookie' not in head
  assert len(site[2]) >= 32
  status, content, _ = get(site, f'/{site[2]}/api/images')
  assert status == 200
  assert json.loads(content)['images'][0]['name'] == 'foil'


@pytest.mark.parametrize(
  'path', ['/', '//', '/api/images', '/wrong/', '/{half}/', '/{token}', '*']
)
def test_without_the_token_there_is_nothing(site, path):
  path = path.format(half=site[2][:-1], token=site[2])
  status, content, head = get(site, path)
  assert status in (400, 404)
  assert b'canvas' not in content
  assert site[2] not in content.decode() + head


@pytest.mark.parametrize(
  'hosts',
  [
    ['evil.example'],
    ['evil.example:{port}'],
    ['127.0.0.1.evil.example:{port}'],
    ['127.0.0.1:{port}', 'evil.example'],
    ['localhost:{port}@evil.example'],
    [],
  ],
)
def test_a_name_that_was_rebound_is_refused(site, hosts):
  answer = raw(
    site,
    f'GET /{site[2]}/api/images HTTP/1.1',
    *(f'Host: {host.format(port=site[1])}' for host in hosts),
    'Connection: close',
  )
  assert answer.split()[1] in (b'400', b'403')
  assert b'foil' not in answer


@pytest.mark.parametrize('host', ['localhost:9', '127.0.0.1', 'LOCALHOST:80'])
def test_a_port_that_is_forwarded_has_another_number(site, host):
  answer = raw(
    site,
    f'GET /{site[2]}/api/images HTTP/1.1',
    f'Host: {host}',
    'Connection: close',
  )
  assert answer.split()[1] == b'200'


@pytest.mark.parametrize(
  'origin',
  ['https://evil.example', 'null', 'http://localhost:1', 'http://127.0.0.1'],
)
def test_another_sites_page_changes_nothing(site, origin):
  body = b'{"kind": "toggle", "row": 0, "column": 0, "version": 1}'
  path = f'/{site[2]}/api/images/foil/operations'
  status, content, _ = post(site, path, body, origin=origin)
  assert status == 403
  assert b'another page' in content
  # Nor does what is no browser's.
  lengths = f'Content-Length: {len(body)}'
  assert get(site, path, lengths, method='POST', body=body)[0] == 403


@pytest.mark.parametrize(
  'path',
  [
    '../server.py',
    '%2e%2e/server.py',
    '..%2f..%2f..%2fetc%2fpasswd',
    '....//server.py',
    '%5c..%5cserver.py',
    'index.html%00.js',
    'api/images/..%2f..%2fsession.json',
    'api/images/%2fetc%2fpasswd/tile/0/0/0?kind=pixels',
    'api/figures/..%2f..%2fetc%2fpasswd.png',
    'api/handover/..%2fmasks',
  ],
)
def test_no_path_leads_to_other_files(site, path):
  status, content, _ = get(site, f'/{site[2]}/{path}')
  assert status in (400, 404)
  assert b'root:' not in content
  assert b'import ' not in content


def test_a_body_of_5_gb_is_refused_before_it_is_sent(site):
  status, content, head = get(
    site,
    f'/{site[2]}/api/images/foil/operations',
    f'Origin: http://{site[0]}:{site[1]}',
    f'Content-Length: {5 * 2**30}',
    method='POST',
  )
  assert status == 413
  assert str(guard.MOST_BODY_BYTES).encode() in content
  assert 'connection: close' in head


def test_a_body_without_a_length_is_read_no_farther_than_it_may_be(site):
  with socket.create_connection(site[:2], tiny.HANGS_S) as one:
    one.sendall(
      f'POST /{site[2]}/api/stop HTTP/1.1\r\nHost: {site[0]}:{site[1]}\r\n'
      f'Origin: http://{site[0]}:{site[1]}\r\n'
      'Transfer-Encoding: chunked\r\n\r\n'.encode()
    )
    chunk, sent = b'10000\r\n' + 2**16 * b'x' + b'\r\n', 0
    with contextlib.suppress(ConnectionError):
      while sent < 100 * guard.MOST_BODY_BYTES:
        one.sendall(chunk)
        sent += 2**16
    # What the system holds on its way comes on top.
    assert sent < 20 * guard.MOST_BODY_BYTES
  assert get(site, f'/{site[2]}/api/images')[0] == 200


def test_a_flood_of_websockets_leaves_the_page_answered(site):
  upgrade = (
    f'GET /{site[2]}/api/state HTTP/1.1\r\nHost: {site[0]}:{site[1]}\r\n'
    'Connection: Upgrade\r\nUpgrade: websocket\r\n'
    'Sec-WebSocket-Version: 13\r\n'
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n'
  )
  with contextlib.ExitStack() as opened:
    sockets = [
      opened.enter_context(socket.create_connection(site[:2], tiny.HANGS_S))
      for _ in range(300)
    ]
    answers = []
    for one in sockets:
      # The server may have closed what was one too many.
      with contextlib.suppress(ConnectionError):
        one.sendall(upgrade.encode())
    answers = [read_all(one)[:12] for one in sockets]
  assert {answer[9:] for answer in answers} <= {b'403', b'503', b''}
  assert get(site, f'/{site[2]}/api/images')[0] == 200


@pytest.mark.parametrize(
  'body',
  [b'', b'{', b'[' * 200_000, b'\xff\xfe', b'NaN', b'null', b'{"kind": 1}'],
  ids=range(7),
)
def test_nonsense_is_told_in_one_line(site, body):
  path = f'/{site[2]}/api/teach'
  status, content, _ = post(site, path, body)
  assert status == 200
  answer = json.loads(content)
  assert answer['refused'] == 400
  assert '\n' not in answer['error']


@pytest.mark.parametrize('name', ['foil', 'undo', 'teach'])
def test_an_image_that_cannot_be_opened_is_no_answer(site, name):
  status, content, _ = get(site, f'/{site[2]}/api/images/{name}')
  assert status == 400
  assert name in json.loads(content)['error']


@pytest.mark.parametrize('method', ['PUT', 'DELETE', 'TRACE', 'OPTIONS', 'X'])
def test_other_methods_are_refused(site, method):
  assert get(site, f'/{site[2]}/api/images', method=method)[0] == 405


def test_the_button_ends_it():
  with served(Stub()) as site:
    assert post(site, f'/{site[2]}/api/stop', b'{}')[0] == 200
  with pytest.raises(ConnectionRefusedError):
    http.client.HTTPConnection(*site[:2]).request('GET', '/')


def test_a_port_that_is_taken_is_told():
  with socket.create_server(('127.0.0.1', 0)) as taken:
    port = taken.getsockname()[1]
    with pytest.raises(InputError, match=f'--port={port}: .*give another'):
      server.serve(
        Stub(),
        teaching=NoTeaching(),
        port=port,
        check_interruption=lambda: None,
      )
