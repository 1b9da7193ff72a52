"""Fingers and a pen on the picture, as a tablet's screen tells of them."""

import pytest
import reviews

from tests.review import screens

pytest.importorskip('playwright.sync_api')

pytestmark = [pytest.mark.xdist_group('browser'), pytest.mark.slow]

SHAPE = 360, 480
VIEW = '[program.stage.view.scale, program.stage.view.row, '
VIEW += 'program.stage.view.column]'


@pytest.fixture(scope='module')
def served(tmp_path_factory):
  mask = reviews.discs([(60, 60), (200, 300)], SHAPE, 12)
  folder = tmp_path_factory.mktemp('touch') / 'results'
  made = screens.Served(reviews.write_session(folder, {'x': (mask, mask)}))
  yield made
  made.close()


@pytest.fixture
def screen(served, browser):
  with screens.screen('chromium', (browser, None)) as screen:
    screen.open(served.url)
    yield screen


class Fingers:
  """Fingers and a pen of Chromium, by its own protocol."""

  def __init__(self, screen):
    self._told = screen.page.context.new_cdp_session(screen.page)

  def touch(self, kind, *places):
    points = [{'x': x, 'y': y, 'id': n} for n, (x, y) in enumerate(places)]
    self._told.send(
      'Input.dispatchTouchEvent',
      {'type': f'touch{kind}', 'touchPoints': points},
    )

  def drag(self, *ways):
    """All at once, each finger from its first place to its last."""
    for step, places in enumerate(zip(*ways, strict=True)):
      self.touch('Move' if step else 'Start', *places)
    self.touch('End')

  def pen(self, kind, place, **more):
    self._told.send(
      'Input.dispatchMouseEvent',
      {
        'type': f'mouse{kind}',
        'pointerType': 'pen',
        **dict(zip('xy', place)),
        **({} if kind == 'Moved' else {'button': 'left', 'clickCount': 1}),
        **({'buttons': 1, 'force': 0.5} if kind != 'Released' else {}),
        **more,
      },
    )


def between(start, end, steps=4):
  return [
    tuple(a + (b - a) * step / steps for a, b in zip(start, end))
    for step in range(steps + 1)
  ]


def version(screen):
  return screen.page.evaluate('program.stage.image.version')


def test_two_fingers_move_and_zoom_what_is_under_them(screen):
  fingers, before = Fingers(screen), version(screen)
  screen.press('b')
  places = [(150, 200), (150, 280)]
  start = [screen.at(*place) for place in places]
  # Apart to three times the distance, and 40 to the right and 30 down.
  middle = [(a + b) / 2 for a, b in zip(*start)]
  end = [
    tuple(m + 3 * (s - m) + by for s, m, by in zip(one, middle, (40, 30)))
    for one in start
  ]
  scale = screen.page.evaluate('program.stage.view.scale')
  fingers.drag(*map(between, start, end))
  screen.settle()
  assert screen.page.evaluate('program.stage.view.scale') == pytest.approx(
    3 * scale, rel=0.01
  )
  for place, where in zip(places, end):
    assert screen.at(*place) == pytest.approx(where, abs=2)
  # No further apart they move it alone.
  shift = screen.page.evaluate(VIEW)
  fingers.drag(*(between(one, (one[0] - 60, one[1] + 20)) for one in end))
  screen.settle()
  scale, row, column = screen.page.evaluate(VIEW)
  assert scale == pytest.approx(shift[0], rel=0.01)
  assert (row - shift[1]) * scale == pytest.approx(-20, abs=2)
  assert (column - shift[2]) * scale == pytest.approx(60, abs=2)
  # Nothing of it was a stroke.
  assert version(screen) == before
  assert not screen.page.evaluate('program.editor.drawing')


def test_the_picture_stays_where_it_is_from_tool_to_tool(screen):
  # Words that need a line more pushed it from under the finger.
  place = screen.at(120, 60)
  for key in 'vgbelpdxmr':
    screen.press(key)
    # What is laid out anew is told after the next frame.
    screen.page.evaluate(
      'new Promise(then => requestAnimationFrame(() => setTimeout(then)))'
    )
    assert screen.at(120, 60) == place, key


def test_one_finger_draws_with_a_brush_and_moves_when_one_looks(screen):
  fingers, before = Fingers(screen), version(screen)
  start, end = screen.at(120, 60), screen.at(120, 130)
  fingers.drag(between(start, end))
  screen.settle()
  assert version(screen) == before
  assert screen.at(120, 60) == pytest.approx(end, abs=2)
  screen.press('0', 'b')
  screen.settle()
  start, end = screen.at(120, 60), screen.at(120, 130)
  fingers.drag(between(start, end))
  screen.settle()
  assert version(screen) == before + 1
  top, left, bottom, right = screen.page.evaluate(
    '[...program.stage.image.objects.values()].at(-1).box'
  )
  assert (left, right) == pytest.approx((52, 138), abs=2)
  assert (top, bottom) == pytest.approx((112, 128), abs=2)
  # A tap on an object takes it out.
  screen.press('v')
  fingers.drag([screen.at(200, 300)])
  screen.settle()
  assert version(screen) == before + 2
  assert 'taken out' in screen.text('last')
  screen.press('Control+z', 'Control+z')
  screen.settle()


def test_a_pen_draws_also_with_a_hand_on_the_screen(screen):
  fingers, before = Fingers(screen), version(screen)
  screen.press('b')
  fingers.touch('Start', screen.at(320, 400))
  way = between(screen.at(280, 60), screen.at(280, 130))
  fingers.pen('Pressed', way[0])
  for place in way[1:]:
    fingers.pen('Moved', place)
  fingers.touch('Move', screen.at(324, 404))
  fingers.touch('End')
  fingers.pen('Released', way[-1])
  screen.settle()
  assert version(screen) == before + 1
  _, left, _, right = screen.page.evaluate(
    '[...program.stage.image.objects.values()].at(-1).box'
  )
  assert (left, right) == pytest.approx((52, 138), abs=2)
