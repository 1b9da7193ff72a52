"""The page in Chromium, opened from disk as a person opens it."""

import contextlib
import http.server
import re
import threading

import numpy as np
import pages
import pytest
import tiny

sync_api = pytest.importorskip('playwright.sync_api')

# One worker, so that the browser is started once.
pytestmark = [pytest.mark.xdist_group('browser'), pytest.mark.slow]
IMAGES = 20


@pytest.fixture(scope='module')
def written(tmp_path_factory):
  """The page's address and its images."""
  text, images = pages.session(IMAGES)
  path = tmp_path_factory.mktemp('page') / 'report <b>&.html'
  path.write_text(text, encoding='utf-8')
  return path.as_uri(), images


@pytest.fixture
def page(browser, written):
  """The page, which must say nothing and fetch nothing while it is used."""
  said, fetched = [], []
  opened = browser.new_page(viewport={'width': 1280, 'height': 900})
  opened.set_default_timeout(1000 * tiny.HANGS_S)
  opened.on('console', lambda message: said.append(message.text))
  opened.on('pageerror', lambda error: said.append(str(error)))
  opened.on('request', lambda request: fetched.append(request))
  opened.goto(written[0])
  yield opened
  assert opened.url.startswith('file:///')
  opened.close()
  assert not said
  # The page itself is fetched, and nothing else.
  assert fetched
  assert all(request.is_navigation_request() for request in fetched)


def current(page):
  return page.locator('.image.current')


def transform(page):
  """Zoom and place of the picture: a matrix's a, e and f."""
  return (
    current(page)
    .locator('.scene')
    .evaluate(
      'g => { const {a, e, f} = g.transform.baseVal.consolidate().matrix;'
      ' return [a, e, f]; }'
    )
  )


def test_names_are_shown_as_they_are(page, written):
  done = [image.name for image in written[1] if not image.failure]
  assert page.title() == pages.AWKWARD[0].strip()
  assert page.locator('h1').text_content() == pages.AWKWARD[0]
  assert page.locator('option').all_text_contents() == done
  cells = page.locator('.summary tbody th').evaluate_all(
    'cells => cells.map(cell => cell.textContent)'
  )
  assert cells == [image.name for image in written[1]]
  layers = page.locator('.layer[data-layer=micrograph]').evaluate_all(
    "all => all.map(one => one.getAttribute('aria-label'))"
  )
  assert layers == [f'{name}, micrograph' for name in done]


def test_columns_sort_both_ways(page, written):
  known = [image for image in written[1] if not image.failure]
  densities = [image.summary[pages.HEADLINES[0]] for image in known]

  def shown(column):
    return page.locator('.summary tbody tr').evaluate_all(
      f'rows => rows.map(row => row.cells[{column}]?.dataset.value)'
    )

  head = page.locator('.summary th', has_text='number density').first
  for state, expected in (
    ('ascending', sorted(densities)),
    ('descending', sorted(densities, reverse=True)),
    ('ascending', sorted(densities)),
  ):
    head.get_by_role('button').click()
    assert head.get_attribute('aria-sort') == state
    # The one that failed has no number, and is last.
    assert shown(1) == [*(f'{v:.6g}' for v in expected), None]
  name = page.get_by_role('button', name='image', exact=True)
  name.focus()
  page.keyboard.press('Enter')
  page.keyboard.press('Enter')
  assert head.get_attribute('aria-sort') == 'none'
  foils = [v for v in shown(0) if v.startswith('foil')]
  assert foils == sorted(foils, reverse=True)


def test_layers_switch_and_stay_from_image_to_image(page):
  assert visible_layers(page) == ['micrograph']
  page.get_by_text('comparison', exact=True).click()
  assert visible_layers(page) == ['comparison']
  assert 'missed' in current(page).locator('.legend').inner_text()
  page.get_by_label('Next image').click()
  assert current(page).get_attribute('id') == 'image-2'
  assert visible_layers(page) == ['comparison']
  page.locator('[name=layer][value=comparison]').focus()
  page.keyboard.press('ArrowLeft')
  assert visible_layers(page) == ['probability']


def visible_layers(page):
  return (
    current(page)
    .locator('.layer')
    .evaluate_all(
      'all => all.filter(one => one.getBoundingClientRect().width)'
      '.map(one => one.dataset.layer)'
    )
  )


def test_pictures_are_seen(page):
  """The pixels of the picture are neither blank nor of one colour."""
  assert len(np.unique(photograph(page), axis=0)) > 50


def photograph(page):
  from io import BytesIO

  from PIL import Image

  image = Image.open(BytesIO(current(page).locator('.picture').screenshot()))
  return np.asarray(image.convert('RGB')).reshape(-1, 3)


def test_a_click_in_the_picture_selects_and_shows_the_row(page, written):
  image = written[1][0]
  chosen = image.objects[7]
  current(page).locator('.object[data-id="8"]').click()
  panel = current(page).locator('.chosen')
  assert panel.locator('.which').text_content() == '8'
  shown = panel.locator('dd').all_text_contents()
  assert shown[2:5] == [
    f'{chosen["diameter_px"]:.6g}',
    f'{chosen["diameter_nm"]:.6g}',
    '–',
  ]
  assert len(shown) == len(chosen) - 1 and shown[5] == 'yes'
  row = current(page).locator('.objects [aria-current]')
  assert row.get_attribute('data-id') == '8' and row.is_visible()
  assert panel.get_by_role('status').text_content() == 'Object 8 selected'
  # Another is looked at and left again.
  current(page).locator('.object[data-id="2"]').hover()
  assert panel.locator('.which').text_content() == '2'
  page.mouse.move(5, 5)
  assert panel.locator('.which').text_content() == '8'
  assert transform(page) == [1, 0, 0]


def test_a_row_selects_its_object_and_arrows_go_on(page):
  rows = current(page).locator('.objects tbody tr')
  rows.nth(4).click()
  picked = current(page).locator('.object.picked')
  assert picked.get_attribute('data-id') == '5'
  assert transform(page)[0] > 1
  current(page).get_by_role('button', name='Object 5', exact=True).focus()
  page.keyboard.press('ArrowDown')
  assert picked.get_attribute('data-id') == '6'
  page.keyboard.press('ArrowUp')
  assert picked.get_attribute('data-id') == '5'


def test_objects_sort(page, written):
  head = current(page).locator('.objects th', has_text='diameter')
  head.get_by_role('button').click()
  head.get_by_role('button').click()
  sizes = [row['diameter_nm'] for row in written[1][0].objects]
  first = current(page).locator('.objects tbody tr').first
  assert first.get_attribute('data-id') == str(1 + int(np.argmax(sizes)))


def test_what_is_to_be_checked_is_found(page, written):
  links = current(page).locator('.check a')
  key, _ = written[1][0].check[1]
  links.nth(1).click()
  picked = current(page).locator('.object.picked')
  assert picked.get_attribute('data-id') == str(key)
  frame = current(page).locator('.picture').bounding_box()
  box = picked.bounding_box()
  for side, place in (('width', 'x'), ('height', 'y')):
    assert frame[place] <= box[place]
    assert box[place] + box[side] <= frame[place] + frame[side]


def test_an_address_names_an_object(page, written):
  page.goto(f'{written[0]}#image-3-object-4')
  assert current(page).get_attribute('id') == 'image-3'
  assert current(page).locator('.picked').get_attribute('data-id') == '4'
  page.goto(f'{written[0]}#image-2')
  assert current(page).get_attribute('id') == 'image-2'


def test_the_keyboard_zooms_and_moves(page):
  current(page).locator('.picture').focus()
  page.keyboard.press('+')
  zoom, x, y = transform(page)
  assert zoom == 1.5 and x < 0 and y < 0
  assert '150%' in page.locator('.scale').text_content()
  page.keyboard.press('ArrowRight')
  page.keyboard.press('ArrowUp')
  _, further, higher = transform(page)
  assert further < x and higher > y
  for _ in range(20):
    page.keyboard.press('ArrowLeft')
  assert transform(page)[1] == 0
  page.keyboard.press('-')
  page.keyboard.press('-')
  assert transform(page) == [1, 0, 0]
  page.keyboard.press('+')
  page.keyboard.press('0')
  assert transform(page) == [1, 0, 0]


def test_wheel_and_drag(page):
  picture = current(page).locator('.picture')
  picture.scroll_into_view_if_needed()
  box = picture.bounding_box()
  x, y = box['x'] + box['width'] / 4, box['y'] + box['height'] / 4
  page.mouse.move(x, y)
  page.mouse.wheel(0, -400)
  sync_api.expect(picture).to_have_class('picture zoomed')
  zoom, left, top = transform(page)
  assert zoom > 1.3
  # What is under the pointer stays there.
  assert left / 256 == pytest.approx((1 - zoom) / 4, abs=0.01)
  page.mouse.down()
  page.mouse.move(x + 30, y + 20, steps=3)
  page.mouse.up()
  assert transform(page)[1] > left and transform(page)[2] > top
  assert not current(page).locator('.picked').count()


def test_outlines_are_switched_off(page):
  before = photograph(page)
  page.get_by_label('outlines').uncheck()
  turquoise = [
    (p == (64, 224, 208)).all(axis=1).sum() for p in (before, photograph(page))
  ]
  assert turquoise[0] > 100 and turquoise[1] == 0


def test_everything_is_reached_by_the_keyboard(page):
  """Tab goes through the page, and what has the focus is seen to have it."""
  reached = []
  for _ in range(60):
    page.keyboard.press('Tab')
    reached.append(
      page.evaluate(
        "(e => (e.id || e.className.baseVal || e.className) + ' ' +"
        ' getComputedStyle(e).outlineStyle)(document.activeElement)'
      )
    )
  words = ' '.join(reached)
  for part in ('skip', 'sort solid', 'which', 'outlines', 'picture solid'):
    assert part in words, part


def test_dark_and_light(page):
  def paper():
    return page.evaluate(
      'getComputedStyle(document.documentElement).backgroundColor'
    )

  assert paper() == 'rgb(255, 255, 255)'
  page.emulate_media(color_scheme='dark')
  assert paper() == 'rgb(20, 23, 26)'
  ink = page.evaluate('getComputedStyle(document.body).color')
  assert ink == 'rgb(228, 231, 234)'


def test_print_shows_every_image_and_no_controls(page):
  current(page).locator('.check a').first.click()
  page.get_by_text('mask', exact=True).click()
  page.emulate_media(media='print', color_scheme='dark')
  shown = page.locator('.image:visible')
  assert shown.count() == IMAGES - 1
  layers = page.locator('.layer').evaluate_all(
    'all => all.filter(one => one.getBoundingClientRect().width)'
    '.map(one => one.dataset.layer)'
  )
  assert layers == ['micrograph'] * (IMAGES - 1)
  assert not page.locator('.toolbar').is_visible()
  assert not page.locator('.objects:visible').count()
  assert page.locator('.check li:visible').count() == 3 * (IMAGES - 1)
  # Zoomed on the screen, whole on paper.
  scene = page.locator('.scene').first.bounding_box()
  picture = page.locator('.picture').first.bounding_box()
  assert scene['height'] == pytest.approx(picture['height'], abs=2)
  background = 'getComputedStyle(document.documentElement).backgroundColor'
  assert page.evaluate(background) == 'rgb(255, 255, 255)'
  page.pdf(prefer_css_page_size=True)
  page.emulate_media(media='screen')
  assert current(page).locator('.scene').bounding_box()['height'] > 0


def test_a_narrow_screen_scrolls_down_only(page):
  page.set_viewport_size({'width': 360, 'height': 740})
  assert page.evaluate('document.documentElement.scrollWidth') <= 360


def test_a_training_page(page, tmp_path):
  """Also of images of which nothing but pixels is known."""
  plain = pages.page_image(
    'plain', 1, summary={}, objects=[], labels=None, sizes_nm=None, check=[]
  )
  path = tmp_path / 'training.html'
  path.write_text(
    pages.training([pages.page_image(pages.AWKWARD[1], 0), plain]),
    encoding='utf-8',
  )
  page.goto(path.as_uri())
  assert visible_layers(page) == ['comparison']
  assert (
    page.locator('.scores th .name').first.text_content() == (pages.AWKWARD[1])
  )
  head = page.locator('.errors th', has_text='error')
  head.get_by_role('button').click()
  assert head.get_attribute('aria-sort') == 'ascending'
  page.locator('.scores').get_by_text('plain').click()
  assert current(page).get_attribute('id') == 'image-2'
  current(page).locator('.picture').click()
  page.keyboard.press('+')
  assert transform(page)[0] == 1.5


def test_without_scripts_everything_is_there(browser, written):
  context = browser.new_context(java_script_enabled=False)
  page = context.new_page()
  page.goto(written[0])
  assert page.locator('.image:visible').count() == IMAGES - 1
  assert not page.locator('.toolbar').is_visible()
  context.close()


@contextlib.contextmanager
def served_slowly(before, after):
  """The address of a page whose second part comes when one says so."""
  go_on = threading.Event()

  class Slowly(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
      self.send_response(200)
      self.send_header('Content-Type', 'text/html; charset=utf-8')
      self.end_headers()
      self.wfile.write(before.encode())
      self.wfile.flush()
      go_on.wait(tiny.HANGS_S)
      self.wfile.write(after.encode())

    def log_message(self, *_):
      pass

  with http.server.ThreadingHTTPServer(('127.0.0.1', 0), Slowly) as server:
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
      yield f'http://127.0.0.1:{server.server_port}/', go_on
    finally:
      go_on.set()
      server.shutdown()
      thread.join(tiny.HANGS_S)


def test_clicks_are_answered_while_the_page_is_read(browser):
  text = pages.session(6)[0]
  cut = text.index('id="image-3"') - 20
  page = browser.new_page()
  page.set_default_timeout(1000 * tiny.HANGS_S)
  with served_slowly(text[:cut], text[cut:]) as (address, go_on):
    page.goto(address, wait_until='commit')
    page.locator('[data-step="1"]').click()
    assert current(page).get_attribute('id') == 'image-2'
    page.locator('.summary th button').first.click()
    assert page.locator('.summary th').first.get_attribute('aria-sort') == (
      'ascending'
    )
    last = page.locator('#which option').last.get_attribute('value')
    page.locator('#which').select_option(last)
    assert 'still being read' in page.locator('.place').text_content()
    assert current(page).get_attribute('id') == 'image-2'
    assert page.evaluate('document.readyState') == 'loading'
    go_on.set()
    page.wait_for_selector(f'#image-{last}.current')
    assert 'still' not in page.locator('.place').text_content()
  page.close()


def test_a_table_that_is_sorted_while_it_is_read_ends_sorted(browser):
  text = pages.session(6)[0]
  rows = [place.start() for place in re.finditer('<tr>', text)]
  page = browser.new_page()
  page.set_default_timeout(1000 * tiny.HANGS_S)
  with served_slowly(text[: rows[4]], text[rows[4] :]) as (address, go_on):
    page.goto(address, wait_until='commit')
    head = page.locator('.summary th').nth(1)
    head.locator('button').click()
    assert head.get_attribute('aria-sort') == 'ascending'
    assert page.locator('.summary tbody tr').count() < 5
    go_on.set()
    page.wait_for_load_state()
  cells = '.summary tbody tr td:nth-of-type(1)'
  found = page.locator(cells).evaluate_all(
    '(cells) => cells.map(cell => cell.dataset.value)'
  )
  values = [float(one) for one in found if one]
  assert len(values) == 5 and values == sorted(values)
  page.close()
