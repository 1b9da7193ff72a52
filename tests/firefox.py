"""Firefox, driven through what it brings for that: Marionette.

Playwright asks for a Firefox of its own, or for commands that Debian's does not
know. Marionette is a socket that takes WebDriver's commands as JSON. Here is as
much of it as the tests of the review need, under the names that Playwright
gives to a page.
"""

import base64
import contextlib
import itertools
import json
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time

import tiny

# WebDriver's names of keys; what is one letter is itself.
_KEYS = {
  'Control': '\ue009',
  'Shift': '\ue008',
  'Alt': '\ue00a',
  'Enter': '\ue007',
  'Escape': '\ue00c',
  'Space': ' ',
  'Tab': '\ue004',
  'PageUp': '\ue00e',
  'PageDown': '\ue00f',
  'ArrowLeft': '\ue012',
  'ArrowUp': '\ue013',
  'ArrowRight': '\ue014',
  'ArrowDown': '\ue015',
}
_PREFERENCES = {
  'marionette.port': 0,
  'app.normandy.enabled': False,
  'app.update.auto': False,
  'browser.shell.checkDefaultBrowser': False,
  'browser.startup.page': 0,
  'datareporting.policy.dataSubmissionEnabled': False,
  'devtools.console.stdout.content': True,
  'extensions.getAddons.cache.enabled': False,
  'nimbus.rollouts.enabled': False,
  'messaging-system.rsexperimentloader.enabled': False,
  'services.settings.server': 'data:,',
  'network.captive-portal-service.enabled': False,
  'network.connectivity-service.enabled': False,
  'browser.safebrowsing.malware.enabled': False,
  'browser.safebrowsing.phishing.enabled': False,
  'toolkit.telemetry.enabled': False,
}


class Mouse:
  """The mouse of a page."""

  def __init__(self, page):
    self._page = page
    self._held = False

  def move(self, x, y, steps=1):
    del steps  # It moves in one step.
    self._act({'type': 'pointerMove', 'x': round(x), 'y': round(y)})

  def down(self):
    self._act({'type': 'pointerDown', 'button': 0})

  def up(self):
    self._act({'type': 'pointerUp', 'button': 0})

  def click(self, x, y):
    self.move(x, y)
    self.down()
    self.up()

  def _act(self, *actions):
    self._page.perform('pointer', 'mouse', list(actions))


class Keyboard:
  """The keyboard of a page."""

  def __init__(self, page):
    self._page = page

  def press(self, keys):
    names = [_KEYS.get(key, key) for key in keys.split('+') if key]
    downs = [{'type': 'keyDown', 'value': name} for name in names]
    ups = [{'type': 'keyUp', 'value': name} for name in reversed(names)]
    self._page.perform('key', 'keyboard', downs + ups)


class Page:
  """What is seen of one window.

  Attributes:
    mouse, keyboard: as Playwright's.
    said: what the page wrote to its console, and errors.
  """

  def __init__(self, *, width, height, dark=False):
    """Starts a Firefox of its own, with a new profile."""
    self._folder = tempfile.TemporaryDirectory()
    profile = pathlib.Path(self._folder.name)
    preferences = {
      **_PREFERENCES,
      'layout.css.prefers-color-scheme.content-override': 0 if dark else 1,
    }
    profile.joinpath('user.js').write_text(
      ''.join(
        f'user_pref({json.dumps(name)}, {json.dumps(value)});\n'
        for name, value in preferences.items()
      )
    )
    self._log = (profile / 'log').open('w+')
    self._process = subprocess.Popen(
      [
        *(shutil.which('firefox-esr') or shutil.which('firefox'), '--headless'),
        *('--no-remote', '--marionette', '--profile', str(profile)),
        *('--width', str(width), '--height', str(height)),
      ],
      stdout=self._log,
      stderr=subprocess.STDOUT,
    )
    self._numbers = itertools.count()
    self._socket = self._connect(profile / 'MarionetteActivePort')
    self._receive()
    self._do('WebDriver:NewSession', {'capabilities': {}})
    self._fit(width, height)
    self.mouse, self.keyboard = Mouse(self), Keyboard(self)

  @property
  def said(self):
    self._log.seek(0)
    lines = self._log.read().splitlines()
    return [
      line
      for line in lines
      if line.startswith(('console.', 'JavaScript error'))
      # Firefox's own, which finds no server to ask.
      and 'RSLoader' not in line
      and 'resource://' not in line
      and 'chrome://' not in line
    ]

  @property
  def url(self):
    return self._do('WebDriver:GetCurrentURL')['value']

  def goto(self, url):
    self._do('WebDriver:Navigate', {'url': url})

  def reload(self):
    self._do('WebDriver:Refresh')

  def evaluate(self, expression):
    """The value of an expression, or of the promise that it is.

    Content security policies forbid eval to a page, and not to who drives it.
    """
    script = (
      'const [done] = [...arguments].slice(-1);'
      f'Promise.resolve({expression}).then(value => done([value]), '
      'error => done([null, String(error)]))'
    )
    answer = self._do(
      'WebDriver:ExecuteAsyncScript',
      {'script': script, 'args': [], 'sandbox': None},
    )['value']
    # The page may have gone meanwhile.
    value, *error = answer or [None]
    assert not error, error
    return value

  def screenshot(self, path):
    taken = self._do('WebDriver:TakeScreenshot', {'full': False})['value']
    pathlib.Path(path).write_bytes(base64.b64decode(taken))

  def perform(self, kind, name, actions):
    self._do(
      'WebDriver:PerformActions',
      {'actions': [{'type': kind, 'id': name, 'actions': actions}]},
    )

  def close(self):
    with contextlib.suppress(OSError, AssertionError, EOFError):
      self._do('Marionette:Quit', {'flags': ['eForceQuit']})
    self._socket.close()
    try:
      self._process.wait(10)
    except subprocess.TimeoutExpired:
      self._process.kill()
      self._process.wait()
    self._log.close()
    # Its own processes may write for a moment longer.
    with contextlib.suppress(OSError):
      self._folder.cleanup()

  def _fit(self, width, height):
    """The window is larger than the page in it."""
    inner = self.evaluate('[innerWidth, innerHeight]')
    self._do(
      'WebDriver:SetWindowRect',
      {
        'width': 2 * width - inner[0],
        'height': 2 * height - inner[1],
      },
    )

  def _connect(self, port_file):
    end = time.monotonic() + tiny.HANGS_S
    while time.monotonic() < end:
      assert self._process.poll() is None, 'Firefox did not start'
      if port_file.exists() and port_file.read_text().strip():
        port = int(port_file.read_text())
        return socket.create_connection(('127.0.0.1', port), tiny.HANGS_S)
      time.sleep(0.05)
    raise TimeoutError('Firefox does not listen')

  def _do(self, command, parameters=None):
    number = next(self._numbers)
    text = json.dumps([0, number, command, parameters or {}]).encode()
    self._socket.sendall(b'%d:%s' % (len(text), text))
    _, answered, error, result = self._receive()
    assert answered == number
    assert error is None, error
    return result

  def _receive(self):
    """One message: its length, a colon, and JSON."""
    length = b''
    while not length.endswith(b':'):
      byte = self._socket.recv(1)
      if not byte:
        raise EOFError('Firefox has ended')
      length += byte
    text = b''
    while len(text) < int(length[:-1]):
      text += self._socket.recv(int(length[:-1]) - len(text))
    return json.loads(text)
