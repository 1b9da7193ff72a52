"""A review that is served, and browsers that look at it."""

import contextlib
import re
import signal
import subprocess
import sys
import time

import pytest
import tiny

# Without the command line: its imports would take most of a test's time.
_SERVE = """
import sys
from defectseg_jax.review import teaching
from defectseg_jax.review.review import Review
from defectseg_jax.review.server import serve
bare = None
if len(sys.argv) > 2:
  from defectseg_jax.review.bare import Bare
  bare = Bare(sys.argv[2:], 'voids', 0.5, 100.0)
teaching._PROGRAM = 'tests.review.tiny_lesson'
with Review.open(sys.argv[1], bare=bare) as review:
  pupil = teaching.Teaching(review, steps=3)
  serve(review, teaching=pupil, open_browser=False,
        check_interruption=lambda: None)
  pupil.stop()
"""
NAMES = 'chromium', 'firefox'


class Served:
  """A process that serves a folder.

  Attributes:
    url: of its page.
  """

  def __init__(self, folder, *images):
    """Starts it; images are labelled from nothing."""
    self._folder = folder
    self.start(*images)

  def start(self, *images):
    self._process = subprocess.Popen(
      [sys.executable, '-u', '-c', _SERVE, self._folder, *images],
      cwd=tiny.ROOT,
      # What learns takes one device.
      env={**tiny.environment(), 'COLUMNS': '300'},
      stdout=subprocess.PIPE,
      stderr=subprocess.STDOUT,
      text=True,
    )
    said = []
    for line in self._process.stdout:
      said.append(line)
      if found := re.search(r'http://\S+', line):
        self.url = found[0]
        return
    raise AssertionError(''.join(said))

  def kill(self):
    """As the machine would, without a word."""
    self._process.send_signal(signal.SIGKILL)
    self._process.wait()

  def ended(self):
    """What it said after its button was pressed."""
    said, _ = self._process.communicate(timeout=tiny.HANGS_S)
    assert self._process.returncode == 0, said
    return said

  def close(self):
    self._process.kill()
    self._process.communicate()


class Screen:
  """A page of a review in one of the browsers.

  Attributes:
    page: Playwright's, or as much of it as `firefox.Page` has.
  """

  def __init__(self, page, said):
    self.page, self._said = page, said

  def open(self, url):
    """Opens it, and waits for the first picture."""
    self.page.goto(url)
    # The page before may still be there, and idle.
    self.until(f'location.href.startsWith({url!r})')
    self.settle()

  def settle(self):
    """Waits until all that was asked for is done and drawn."""
    self.until(
      'document.readyState === "complete" && !!window.program?.stage.image'
      ' && program.stage.frames > 0 && !program.stage.image.waiting'
      ' && !program.stage.image.measuring'
      ' && program.stage.image.store.fresh && program.check.loaded'
      ' && document.getElementById("stage").ariaBusy === "false"'
    )

  def until(self, expression, timeout_s=tiny.HANGS_S / 10):
    began = time.monotonic()
    while not self.page.evaluate(expression):
      waited = time.monotonic() - began
      assert waited < timeout_s, (expression, self.said)
      # To ask costs, and what takes long may be seen a little later.
      time.sleep(max(0.02, waited / 20))

  def text(self, name):
    """What is written in an element of the page."""
    return self.page.evaluate(
      f'document.getElementById({name!r}).textContent.trim()'
    )

  def press(self, *keys):
    for key in keys:
      self.page.keyboard.press(key)

  def at(self, row, column):
    """Where a place of the image is in the window."""
    return self.page.evaluate(
      f'(([x, y]) => {{ const box = program.stage.canvas'
      f'.getBoundingClientRect(); return [box.left + x, box.top + y]; }})'
      f'(program.stage.view.toStage({row}, {column}))'
    )

  def click(self, row, column):
    self.page.mouse.click(*self.at(row, column))

  def draw(self, points, *, lift=True):
    """Draws from place to place with the button down."""
    mouse = self.page.mouse
    mouse.move(*self.at(*points[0]))
    mouse.down()
    for point in points[1:]:
      mouse.move(*self.at(*point))
    if lift:
      mouse.up()

  @property
  def said(self):
    """What the browser complained of."""
    return self._said()


@contextlib.contextmanager
def screen(name, browsers, *, width=1280, height=720, dark=False):
  """A window of a browser; it must have nothing to complain of.

  Args:
    name: chromium or firefox.
    browsers: Playwright's Chromium, and a started Firefox or None.
    width, height: of the page.
    dark: whether the person likes it so.
  """
  if name == 'firefox':
    page = browsers[1]
    if page is None:
      pytest.skip('firefox is not installed')
    before = len(page.said)
    yield Screen(page, lambda: page.said[before:])
    said = page.said[before:]
    page.goto('about:blank')
  else:
    said = []
    page = browsers[0].new_page(
      viewport={'width': width, 'height': height},
      color_scheme='dark' if dark else 'light',
    )
    page.on('console', lambda message: said.append(message.text))
    page.on('pageerror', lambda error: said.append(str(error)))
    yield Screen(page, lambda: said)
    page.close()
  left = [one for one in said if 'ERR_CONNECTION_REFUSED' not in one]
  assert left == []
