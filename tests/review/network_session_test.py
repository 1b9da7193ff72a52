"""A session that a network made: corrected, measured anew, and learnt from."""

import hashlib
import json
import re
import shutil

import numpy as np
import pytest
import reviews
import tifffile
import tiny
from devices import take_one_device
from scipy import ndimage
from sessions import by_image, predict_images

from configs import voids
from defectseg_jax.micrographs.writing import write_tiff
from defectseg_jax.review.lesson import Lesson
from defectseg_jax.review.lesson_program import _judge
from defectseg_jax.review.review import Review
from tests.review import screens
from tests.review.numbers_test import quantified, require_same

pytestmark = [pytest.mark.xdist_group('browser'), pytest.mark.slow]

NAMES = 'abcd'
OWN = [[100, 100], [100, 130], [130, 130], [130, 100]]


@pytest.fixture(scope='module')
def made(trained_run, tmp_path_factory):
  """Four micrographs, as predict leaves them; never changed."""
  folder = tmp_path_factory.mktemp('predicted')
  (folder / 'images').mkdir()
  for seed, name in enumerate(NAMES):
    pixels, _ = tiny.foil(30 + seed)
    write_tiff(folder / f'images/{name}.tif', pixels, pixel_size_nm=0.5)
  with pytest.MonkeyPatch.context() as patch:
    take_one_device(patch)
    assert predict_images(trained_run, folder / 'out', [folder / 'images'])
  return folder / 'out'


@pytest.fixture
def session(made, tmp_path):
  return shutil.copytree(made, tmp_path / 'out')


def masks_of(folder):
  return {name: tifffile.imread(folder / f'masks/{name}.tif') for name in NAMES}


def network_of(run):
  """A digest of all files of a run."""
  return [
    (path.name, hashlib.sha256(path.read_bytes()).digest())
    for path in sorted(run.rglob('*'))
    if path.is_file()
  ]


def test_window_summary_and_quantify_agree_on_what_was_corrected(
  session, tmp_path
):
  with Review.open(session) as review:
    document = review.document('a')
    first, second = document.objects()[:2]
    row, column = np.argwhere(document.ids == first.id)[0].tolist()
    reviews.apply(document, 'toggle', row=row, column=column)
    reviews.apply(document, 'polygon', points=OWN, erase=False, id=None)
    top, left, bottom, right = second.box
    cut = [[top - 2, (left + right) / 2], [bottom + 2, (left + right) / 2]]
    reviews.apply(document, 'split', points=cut)
    window = document.numbers()
    untouched = review.document('b').numbers()['row']
    review.write_results()
    assert document.numbers()['row'] == pytest.approx(
      window['row'], nan_ok=True
    )
  assert window['changes'] in (session / 'report.html').read_text()
  # summary.csv has six digits.
  summary = by_image(session)
  require_same(window['row'], summary['a'], digits=5)
  require_same(untouched, summary['b'], digits=5)
  numbers = quantified(session, tmp_path / 'numbers', voids)
  require_same(window['row'], numbers['a'], digits=5)
  with Review.open(session) as review:
    again = review.document('a').numbers()
  assert again['row']['count'] == window['row']['count']
  assert again['changes'] == window['changes']


def test_fewer_than_three_images_judge_nothing(tmp_path):
  lesson = Lesson('voids', ['a', 'b'], [], ['c'], '')
  found = _judge(tmp_path, lesson, None, None)  # pyright: ignore
  assert found['better'] is None and found['before'] is None
  assert 'nobody can tell whether it is better' in found['text']
  assert 'accept 3 images or more' in found['text']


def accept_all_but_the_last(screen):
  screen.page.evaluate('document.getElementById("teach-box").open = true')
  screen.page.click('#teach-start')
  screen.until(
    'document.getElementById("problem-text").textContent'
    '.includes("no image is accepted yet")'
  )
  for number, name in enumerate('abc', 1):
    screen.page.click('#accept')
    screen.until(f'program.list.accepted === {number}')
    screen.settle()
    if number < 3:
      screen.until(
        'document.getElementById("teach-text").textContent'
        f'.startsWith("{number} of 3 images accepted that are needed to tell '
        'whether it gets better")'
      )
    screen.page.click('#next')
    screen.until(f'program.stage.image.name !== "{name}"')
    screen.settle()


def learn(screen):
  """What the page tells, from the first step to the question."""
  screen.page.click('#teach-start')
  screen.until('program.teach.works')
  assert screen.page.is_visible('#teach-bar')
  assert screen.page.is_visible('#teach-stop')
  screen.until(
    '["ready", "failed"].includes(program.teach.phase)', tiny.HANGS_S
  )
  said = screen.text('teach-text')
  assert screen.page.evaluate('program.teach.phase') == 'ready', said
  screen.settle()
  return said


def require_told(screen, said, lesson):
  """What is said is what the lesson's files have, and it is seen."""
  scores = json.loads((lesson / 'scores.json').read_text())
  one, other = (scores[when]['f1'] for when in ('before', 'after'))
  form = r'(better|as good|WORSE): F1 ([\d.]+) -> ([\d.]+), IU .* on 1 image'
  found = re.match(form + r' held back \(\d+ voids\)$', said)
  assert found is not None, said
  assert found[2] == f'{one:.2f}' and found[3] == f'{other:.2f}'
  words = {0: 'as good', 1: 'better', -1: 'WORSE'}
  change = other - one
  assert found[1] == words[int(abs(change) >= 0.005) * int(np.sign(change))]
  assert screen.text('teach-question').startswith('Take its objects in this im')
  counts = json.loads((lesson / 'masks/d.json').read_text())
  assert '{objects} objects: {new} new, {gone} gone'.format(
    **counts
  ) in screen.text('teach-proposals')
  for button in ('accept', 'refuse'):
    assert screen.page.is_visible(f'#teach-{button}')
  # Its outlines are on the picture, before anybody has answered.
  proposed = tifffile.imread(lesson / 'masks/d.tif') > 0
  tile = '[...program.stage.image.store.tiles.values()].find('
  tile += 'one => one.kind === "proposal" && one.level === 0)'
  shown = screen.page.evaluate(
    f'(({{data, width}}) => [...data].map(value => value ? 1 : 0))({tile})'
  )
  shown = np.reshape(shown, (258, 258))[1:-1, 1:-1]
  np.testing.assert_array_equal(shown > 0, proposed)
  return proposed


def coloured(screen):
  """How many pixels of the picture have the colour of what is proposed."""
  return screen.page.evaluate(
    """(() => {
      program.stage.draw();
      const {width, height} = program.stage.canvas;
      // A copy: who reads a canvas again and again is warned of it.
      const context = new OffscreenCanvas(width, height).getContext(
        '2d', {willReadFrequently: true});
      context.drawImage(program.stage.canvas, 0, 0);
      const {data} = context.getImageData(0, 0, width, height);
      let count = 0;
      for (let at = 0; at < data.length; at += 4) {
        if (data[at] > 220 && data[at + 1] < 140 && data[at + 2] > 220) count++;
      }
      return count;
    })()"""
  )


def push(screen, button):
  """Also where the browser has no driver that finds buttons."""
  screen.page.evaluate(f'document.querySelector({button!r}).click()')


def test_the_network_learns_from_what_was_accepted_and_asks(
  session, trained_run, browsers
):
  before, network = masks_of(session), network_of(trained_run)
  served = screens.Served(session)
  try:
    with screens.screen('chromium', browsers) as screen:
      screen.open(served.url)
      accept_all_but_the_last(screen)
      assert screen.page.evaluate('program.stage.image.name') == 'd'
      screen.press('p')
      for place in OWN:
        screen.click(*place)
      screen.press('Enter', 'v')
      screen.settle()
      ids = '[...program.stage.image.objects.keys()]'
      drawn = screen.page.evaluate(ids)
      version = screen.page.evaluate('program.stage.image.version')
      assert not coloured(screen)
      said = learn(screen)
      lesson = session / 'teaching/1'
      proposed = require_told(screen, said, lesson)
      assert coloured(screen) > 50
      # No: nothing is another than before.
      screen.page.click('#teach-refuse')
      screen.until('program.teach.phase === "idle"')
      screen.settle()
      assert not coloured(screen)
      assert screen.page.evaluate(ids) == drawn
      assert screen.page.evaluate('program.stage.image.version') == version
      assert json.loads((lesson / 'answer.json').read_text()) == {
        'accepted': False
      }
    # As if nobody had answered: what is learnt again would be the same.
    (lesson / 'answer.json').unlink()
    # The other browser is asked, where there is one.
    other = 'chromium' if browsers[1] is None else 'firefox'
    with screens.screen(other, browsers) as screen:
      screen.open(served.url)
      screen.until('program.teach.phase === "ready"')
      push(screen, '#teach-proposals button')
      screen.until('program.stage.image.name === "d"')
      screen.settle()
      assert screen.text('teach-text') == said
      assert screen.page.evaluate(ids) == drawn
      assert coloured(screen) > 50
      push(screen, '#teach-accept')
      screen.until(f'program.stage.image.version === {version + 1}')
      screen.settle()
      assert screen.page.evaluate('program.stage.image.data.lesson') == 1
      assert not coloured(screen)
      taken = screen.page.evaluate(ids)
      screen.press('Control+z')
      screen.settle()
      assert screen.page.evaluate(ids) == drawn
      screen.press('Control+Shift+z')
      screen.settle()
      assert screen.page.evaluate(ids) == taken
      push(screen, '#stop')
      screen.until('document.getElementById("ended").open')
      served.ended()
  finally:
    served.close()
  after = masks_of(session)
  for name in 'abc':
    np.testing.assert_array_equal(after[name], before[name])
  own = np.zeros(proposed.shape, bool)
  own[100:130, 100:130] = True
  shown = after['d'] > 0
  assert shown[own & (before['d'] == 0)].all()
  # What is proposed beside it is there, and nothing else.
  labels, _ = ndimage.label(proposed, np.ones((3, 3)))  # pyright: ignore
  beside = proposed & ~np.isin(labels, np.unique(labels[own]))
  assert shown[beside].all()
  assert not shown[~(proposed | own)].any()
  assert network_of(trained_run) == network
