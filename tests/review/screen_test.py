"""The review in real browsers, used as a person uses it."""

import json
import shutil

import numpy as np
import pytest
import reviews
import tifffile
import tiny

from defectseg_jax.review.review import Review
from defectseg_jax.sessions.folder import SessionFolder
from tests.review import screens

pytest.importorskip('playwright.sync_api')

# One worker, so that the browser is started once.
pytestmark = [pytest.mark.xdist_group('browser'), pytest.mark.slow]

AWKWARD = '<b>x & "y" #1[0]'
SHAPE = 360, 480
PLACES = [(r, c) for r in range(40, 340, 60) for c in range(40, 460, 60)]


@pytest.fixture(scope='module')
def session(tmp_path_factory):
  """Two images, in which the network found all discs."""
  there = reviews.discs(PLACES, SHAPE, 12)
  masks = dict.fromkeys((AWKWARD, 'z'), (there, there))
  made = tmp_path_factory.mktemp('session') / 'results'
  return doubted(reviews.write_session(made, masks), 'z')


# What predict says of an image that a network does not know.
REASON = 'the objects are smaller than those it was trained on; it has no '
REASON += 'numbers (--include=NAME takes them all the same)'
WARNINGS = {
  'network_does_not_apply': REASON,
  'overlap_not_corrected': 'objects may hide others: the number density is '
  'at least so large, and no correction is known for this shape',
  'connectivity_matters': 'objects that touch at corners are counted as one; '
  'counted apart there would be 12% more of them',
  'outliers_replaced': '17 pixels far brighter than all around were replaced',
}


def doubted(folder, name):
  """A session as predict leaves it where the network does not apply."""
  told = json.loads((folder / 'summary.json').read_text())
  for row in told['images']:
    row['applies'] = 'does not apply' if row['image'] == name else 'applies'
  told['warnings'] = [
    {'image': name, 'name': kind, 'message': message}
    for kind, message in WARNINGS.items()
  ]
  session = SessionFolder(folder, overwrite=False)
  with session.hold():
    session.put(
      {'summary.json': lambda to: to.write_text(json.dumps(told))},
    )
  return folder


@pytest.fixture
def folder(session, tmp_path):
  return shutil.copytree(session, tmp_path / 'results')


@pytest.fixture(scope='module')
def looked_at(session, tmp_path_factory):
  """A server that several tests share."""
  folder = tmp_path_factory.mktemp('shared') / 'results'
  made = screens.Served(shutil.copytree(session, folder))
  yield made
  made.close()


@pytest.fixture
def served(folder):
  made = screens.Served(folder)
  yield made
  made.close()


def mask_of(folder, name=AWKWARD):
  return tifffile.imread(folder / 'masks' / f'{name}.tif')


def stop(screen, served):
  """Ends the program by the page's button."""
  screen.page.evaluate('document.getElementById("stop").click()')
  screen.until('document.getElementById("ended").open')
  served.ended()


@pytest.mark.parametrize('name', screens.NAMES)
def test_ten_objects_by_mouse_the_same_by_keyboard_and_all_undone(
  name, browsers, folder, served
):
  before = mask_of(folder)
  with screens.screen(name, browsers) as screen:
    screen.open(served.url)
    assert screen.page.evaluate('document.querySelector("h1 b")') is None
    checked = screen.page.evaluate(
      'program.check.places.map(({id, row, column}) => [id, row, column])'
    )
    objects = [one for one in checked if one[0]][:10]
    assert len(objects) == 10
    for _, row, column in objects:
      screen.click(row, column)
      screen.settle()
    assert screen.text('changes') == '10 of 35 objects corrected by hand'
    by_mouse = screen.page.evaluate('program.stage.image.data.numbers.row')
    for _ in objects:
      screen.press('Control+z')
    screen.settle()
    assert screen.text('changes') == '0 of 35 objects corrected by hand'
    assert screen.page.evaluate('document.getElementById("undo").disabled')
    # The keyboard alone: to the next place to check, and a click there.
    chosen = {one[0] for one in objects}
    for number, _, _ in checked:
      screen.press('n')
      if number in chosen:
        screen.press('Space')
        screen.settle()
    assert screen.text('changes') == '10 of 35 objects corrected by hand'
    by_key = screen.page.evaluate('program.stage.image.data.numbers.row')
    assert by_key == by_mouse
    screen.press('Enter')
    screen.settle()
    assert screen.text('progress') == '1 of 2 accepted'
    stop(screen, served)
  after = mask_of(folder)
  assert not after[before == 0].any()
  with Review.open(folder) as review:
    document = review.document(AWKWARD)
    assert document.done
    assert {one.id for one in document.objects() if one.state == 'out'} == (
      chosen
    )
    assert len(np.unique(document.ids)) - 1 == 25
    assert ((document.ids > 0) == (after > 0)).all()
    numbers = document.numbers()
    assert json.loads(json.dumps(numbers['row'])) == by_mouse


@pytest.mark.parametrize('name', screens.NAMES)
def test_a_bare_image_is_labelled_and_a_kill_loses_the_stroke_alone(
  name, browsers, tmp_path, request
):
  folder = tmp_path / 'labels'
  pixels, _ = reviews.foil(reviews.discs(PLACES, SHAPE, 12))
  for bare in 'az':
    tifffile.imwrite(tmp_path / f'{bare}.tif', pixels)
  served = screens.Served(folder, tmp_path / 'a.tif', tmp_path / 'z.tif')
  request.addfinalizer(served.close)
  with screens.screen(name, browsers) as screen:
    screen.open(served.url)
    screen.press('PageDown')
    screen.until('program.stage.image.name === "z"')
    screen.settle()
    screen.press('p')
    for place in ((20, 20), (20, 60), (60, 60), (60, 20)):
      screen.click(*place)
    screen.press('Enter')
    screen.settle()
    screen.press('l')
    ring = 2 * np.pi * np.arange(24) / 24
    outline = np.stack([100 + 12 * np.sin(ring), 100 + 12 * np.cos(ring)], 1)
    screen.draw(outline.tolist())
    screen.settle()
    screen.press('b')
    screen.draw([(160, 40), (160, 70), (160, 100)])
    screen.settle()
    screen.press('r')
    for place in ((240, 240), (240, 300), (300, 300), (300, 240)):
      screen.click(*place)
    screen.press('Enter')
    screen.settle()
    assert screen.page.evaluate('program.stage.image.version') == 4
    objects = screen.page.evaluate(
      '[...program.stage.image.objects.values()].map(one => one.box)'
    )
    expected = [[20, 20, 60, 60], [88, 88, 113, 113]]
    assert len(objects) == 3
    for box, right in zip(objects, expected):
      assert np.abs(np.subtract(box, right)).max() <= 2
    # In the middle of a stroke.
    screen.press('b')
    screen.draw([(200, 40), (200, 90)], lift=False)
    served.kill()
    screen.page.mouse.up()
    screen.until(
      'document.getElementById("problem-text").textContent'
      '.includes("does not answer")'
    )
    served.start()
    screen.open(f'{served.url}#z')
    assert screen.page.evaluate('program.stage.image.name') == 'z'
    assert screen.page.evaluate('program.stage.image.version') == 4
    assert objects == screen.page.evaluate(
      '[...program.stage.image.objects.values()].map(one => one.box)'
    )
    screen.press('Control+z', 'Control+z')
    screen.settle()
    screen.page.reload()
    screen.settle()
    assert screen.page.evaluate('program.stage.image.version') == 6
    assert screen.page.evaluate('program.stage.image.objects.size') == 2
    stop(screen, served)
  with Review.open(folder) as review:
    document = review.document('z')
    assert not document.regions.any()
    assert document.ids[40, 40] and document.ids[100, 100]
    assert not document.ids[160, 60]


def test_a_second_window_sees_what_the_first_did(browsers, looked_at):
  with (
    screens.screen('chromium', browsers) as one,
    screens.screen('chromium', browsers) as other,
  ):
    one.open(looked_at.url)
    other.open(looked_at.url)
    one.click(*PLACES[0])
    one.settle()
    # What is asked for before it was seen is not done.
    other.page.evaluate(
      "program.editor.send({kind: 'toggle', row: 40, column: 160})"
    )
    other.until('program.stage.image.version === 1')
    other.settle()
    assert other.text('changes') == '1 of 35 objects corrected by hand'
    assert 'another window' in other.text('problem-text')
    one.click(*PLACES[1])
    other.until('program.stage.image.version === 2')


def test_the_verdict_stands_beside_the_numbers_and_warnings_are_open(
  browsers, looked_at
):
  seen = """(id => { const box = document.getElementById(id)
    .getBoundingClientRect(); return box.height > 0 && box.top >= 0 &&
    box.bottom <= innerHeight && box.right <= innerWidth; })"""
  with screens.screen('chromium', browsers) as screen:
    screen.open(f'{looked_at.url}#z')
    assert screen.text('verdict-word') == 'does not apply'
    assert screen.text('verdict') == REASON
    assert screen.page.evaluate(
      '[...document.querySelectorAll("#warnings li")].map('
      'one => one.textContent)'
    ) == [
      f'{kind.replace("_", " ")} {message}'
      for kind, message in list(WARNINGS.items())[1:]
    ]
    for part in ('verdict', 'headlines', 'changes', 'warnings'):
      assert screen.page.evaluate(f'{seen}("{part}")'), part
    # The one that the network does not know teaches most.
    names = '[...document.querySelectorAll("#images .name")]'
    names += '.map(one => one.textContent)'
    assert screen.page.evaluate(names) == [AWKWARD, 'z']
    screen.page.click('#order')
    screen.until(f'{names}[0] === "z"')
    # One object corrected, and all others are the network's.
    screen.click(*PLACES[0])
    screen.settle()
    assert screen.text('verdict-word') == 'does not apply'
    assert 'still as the network found it' in screen.text('verdict')
    screen.press('Enter')
    screen.settle()
    assert not screen.page.is_visible('#verdict')
    screen.press('Control+z', 'Control+z')
    screen.settle()
    assert screen.text('verdict') == REASON
    screen.press('PageDown')
    screen.until('program.stage.image.name !== "z"')
    screen.settle()
    assert not screen.page.is_visible('#verdict')


@pytest.mark.parametrize(
  ('size', 'dark'), [((1280, 720), False), ((2560, 1440), True)]
)
def test_nothing_is_cut_off_and_everybody_can_use_it(
  browsers, looked_at, size, dark
):
  script = tiny.ROOT / '.venv/npm/node_modules/axe-core/axe.min.js'
  if not script.exists():
    pytest.skip('axe-core is not installed: npm could not be reached')
  width, height = size
  with screens.screen(
    'chromium', browsers, width=width, height=height, dark=dark
  ) as screen:
    screen.open(looked_at.url)
    assert screen.page.evaluate(
      '[document.documentElement.scrollWidth, '
      'document.documentElement.scrollHeight]'
    ) == [width, height]
    outside = """[...document.querySelectorAll('header button, #tools button')]
      .filter(one => { const box = one.getBoundingClientRect();
        return box.left < 0 || box.top < 0 || box.right > innerWidth ||
          box.bottom > innerHeight; }).map(one => one.id)"""
    assert screen.page.evaluate(outside) == []
    keys = "[...document.querySelectorAll('#tools button > kbd')]"
    assert (
      screen.page.evaluate(f'{keys}.map(one => one.textContent).join("")')
      == 'VGBELPDXMR'
    )
    screen.page.evaluate(
      "document.querySelectorAll('aside details').forEach("
      'one => { one.open = true; })'
    )
    screen.page.evaluate(script.read_text())
    for key in (None, '?'):
      if key:
        screen.press(key)
      found = screen.page.evaluate(
        'axe.run().then(found => found.violations.map('
        '({id, impact, nodes}) => [id, impact, nodes.map(n => n.html)]))'
      )
      assert found == []
