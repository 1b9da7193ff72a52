"""Tables of the page copied as text, and the page on paper, in Chromium."""

import dataclasses
import re

import numpy as np
import pages
import pytest
import tiny

from defectseg_jax.reporting.page import image_view, session_page
from defectseg_jax.reporting.page.together import (
  create_image,
  create_section,
  together_page,
)

sync_api = pytest.importorskip('playwright.sync_api')

# One worker, so that the browser is started once.
pytestmark = [pytest.mark.xdist_group('browser'), pytest.mark.slow]
FORMULA = '=1+1.tif'
# More numbers of an image than fit below a picture together with a histogram.
MORE = tuple(f'length_{number}_nm' for number in range(9))


def image(name, seed):
  one = pages.page_image(name, seed, shape=(256, 256))
  more = {}
  for length in MORE:
    more |= {length: 3.0, f'{length}_low': 2.0, f'{length}_high': 4.5}
  checks = [(id, f'{id} px') for id in (3, 4, 5)]
  summary = {**one.summary, **more}
  return dataclasses.replace(one, summary=summary, check=checks)


@pytest.fixture(scope='module')
def address(tmp_path_factory):
  images = [image(FORMULA, 0), image('foil.dm4', 1)]
  path = tmp_path_factory.mktemp('tables') / 'report.html'
  path.write_text(
    session_page(
      'x',
      defect='voids',
      images=[image_view(one, sizes_label='diameter (nm)') for one in images],
      headlines=(*pages.HEADLINES, *MORE),
      over_images={},
      conventions={},
      how_made={'command': 'x'},
    ),
    encoding='utf-8',
  )
  return path.as_uri()


@pytest.fixture
def page(browser, address):
  said = []
  opened = browser.new_page(viewport={'width': 400, 'height': 800})
  opened.set_default_timeout(1000 * tiny.HANGS_S)
  opened.on('console', lambda message: said.append(message.text))
  opened.on('pageerror', lambda error: said.append(str(error)))
  opened.goto(address)
  yield opened
  opened.close()
  assert not said


def lines(text):
  return [line.split('\t') for line in text.splitlines()]


def test_each_table_is_copied_a_line_a_row(page):
  """Numbers as they are shown, intervals in columns of their own."""
  page.context.grant_permissions(['clipboard-read', 'clipboard-write'])
  status = page.locator('.copy [role=status]').first
  page.get_by_role('button', name='Copy table').first.click()
  sync_api.expect(status).to_have_text('copied')
  copied = lines(page.evaluate('navigator.clipboard.readText()'))
  assert len(copied) == 3
  head, first, second = copied
  assert len(head) == len(first) == len(second)
  assert head[:5] == [
    'image',
    'number density (10²⁰ m⁻³)',
    '95% interval',
    'mean diameter (nm)',
    '95% interval',
  ]
  # A name that a spreadsheet would reckon with stays a name.
  assert first[:3] == [f"'{FORMULA}", '5.25', '4.20 – 6.83']
  assert second[:3] == ['foil.dm4', '6.00', '4.80 – 7.80']
  # Those of an image and of its objects, which a script fills.
  page.locator('.current .copy button').last.click()
  sync_api.expect(page.locator('.current [role=status]').last).not_to_be_empty()
  objects = lines(page.evaluate('navigator.clipboard.readText()'))
  assert objects[0][:2] == ['id', 'diameter (nm)']
  assert [row[0] for row in objects[1:]] == [str(n) for n in range(1, 26)]


def test_without_a_clipboard_the_text_is_selected(page):
  page.evaluate(
    "Object.defineProperty(navigator, 'clipboard', {value: undefined});"
    'document.execCommand = () => false'
  )
  page.get_by_role('button', name='Copy table').first.click()
  box = page.get_by_label('The table as text')
  assert 'Ctrl+C' in page.locator('.copy').first.inner_text()
  selected = box.evaluate(
    'box => box.value.slice(box.selectionStart, box.selectionEnd)'
  )
  assert lines(selected)[2][0] == 'foil.dm4'
  assert page.evaluate('document.documentElement.scrollWidth') == 400


def test_no_histogram_is_printed_on_a_sheet_of_its_own(page):
  """A sheet of numbers, and one for each image; how it was made fits below."""
  printed = page.pdf(format='A4', prefer_css_page_size=True)
  assert len(re.findall(rb'/Type\s*/Page\b', printed)) == 1 + 2
  page.emulate_media(media='print')
  assert not page.locator('.copy:visible').count()
  for number in (0, 1):
    facts = page.locator('.facts').nth(number).bounding_box()
    drawn = page.locator('.image .histogram').nth(number).bounding_box()
    assert facts['y'] <= drawn['y'] < facts['y'] + facts['height']
    assert drawn['x'] >= facts['x'] + facts['width']


def test_heads_that_a_browser_repeats_are_no_buttons(page):
  """Chromium leaves buttons out of the head of a table's second sheet."""
  page.emulate_media(media='print')
  style = 'one => getComputedStyle(one).display'
  for one in page.locator('.summary .sort').all():
    assert one.evaluate(style) == 'contents'


def test_what_stands_above_a_wide_table_is_read_whole(page):
  """The table is wider than the screen; its caption and button are not."""
  table = page.locator('.summary').first.bounding_box()
  caption = page.locator('.summary caption').first.bounding_box()
  button = page.get_by_role('button', name='Copy table').first.bounding_box()
  assert table['width'] > 400
  assert caption['x'] + caption['width'] <= 400
  assert button['x'] == caption['x']


@pytest.fixture(scope='module')
def together_address(tmp_path_factory):
  """Two images of three defects, with as much below each as there may be."""
  defects = 'voids', 'precipitates', 'dislocations'
  row = {
    **dict.fromkeys(MORE, 3.0),
    **{f'{name}_{end}': 3.5 for name in MORE for end in ('low', 'high')},
    **{'applies': 'does not apply', 'in_mean': False, 'warnings': 'a_b; c'},
  }
  path = tmp_path_factory.mktemp('together') / 'report.html'
  path.write_text(
    together_page(
      [
        create_section(
          defect,
          place,
          [{**row, 'image': name} for name in 'ab'],
          headlines=MORE,
          over_images={},
          cautions=[],
        )
        for place, defect in enumerate(defects)
      ],
      [
        create_image(
          name,
          np.zeros((64, 64)),
          {defect: np.zeros((64, 64), int) for defect in defects},
          valid=None,
          facts=['a sentence of one line and a half, as they are. ' * 3] * 14,
          images=2,
        )
        for name in 'ab'
      ],
      doubts=[],
      associations=[],
      about_associations='',
      claims=[],
      failures={},
      how_made={},
    ),
    encoding='utf-8',
  )
  return path.as_uri()


def test_an_image_of_several_defects_is_printed_on_one_sheet(
  page, together_address
):
  page.goto(together_address)
  assert page.evaluate('document.documentElement.scrollWidth') == 400
  printed = page.pdf(format='A4', prefer_css_page_size=True)
  assert len(re.findall(rb'/Type\s*/Page\b', printed)) == 1 + 2
  assert 'a b; c' in page.locator('.warnings').last.inner_text()
