"""The page as text: what it says, what it escapes, what it may fetch."""

import base64
import hashlib
import html.parser
import json
import re

import numpy as np
import pages
import pytest
from published import TABLES

from defectseg_jax.reporting.page import (
  PageImage,
  image_view,
  paper,
  session_page,
)

VOID = ('meta', 'img', 'input', 'line', 'path', 'rect', 'circle', 'image')


class Read(html.parser.HTMLParser):
  """Elements with their attributes and text, as a browser reads them."""

  def __init__(self, text: str):
    super().__init__()
    self.elements, self.open = [], []
    self.feed(text)

  def handle_starttag(self, tag, attributes):
    element = {'tag': tag, 'text': '', **dict(attributes)}
    self.elements.append(element)
    if tag not in VOID:
      self.open.append(element)

  def handle_endtag(self, tag):
    if tag not in VOID:
      assert self.open.pop()['tag'] == tag

  def handle_data(self, data):
    for element in self.open:
      element['text'] += data

  def all(self, tag, **attributes):
    return [
      element
      for element in self.elements
      if element['tag'] == tag
      and all(element.get(k) == v for k, v in attributes.items())
    ]

  def one(self, tag, **attributes):
    (element,) = self.all(tag, **attributes)
    return element


@pytest.fixture(scope='module')
def session():
  text, images = pages.session(8)
  return text, Read(text), images


def test_names_are_shown_as_they_are(session):
  _, read, images = session
  assert not read.open, 'an element is not closed'
  assert not read.all('b', text='') and not read.all('i')
  assert read.one('title')['text'] == pages.AWKWARD[0]
  assert read.one('h1')['text'] == pages.AWKWARD[0]
  rows = [th['data-value'] for th in read.all('th', scope='row')[:8]]
  assert rows == [image.name for image in images]
  done = [image.name for image in images if not image.failure]
  assert [option['text'] for option in read.all('option')] == done
  headings = [span['text'] for span in read.all('span', **{'class': 'name'})]
  assert headings == done
  shown = {layer['aria-label'] for layer in read.all('image')}
  assert shown == {
    f'{name}, {layer}' for name in done for layer in images[0].layers
  }
  assert '<i>a spectrum</i>' in read.one('td', **{'class': 'failure'})['text']
  assert any(pages.AWKWARD[1] in dd['text'] for dd in read.all('dd'))
  assert '\u2028' not in ''.join(
    script['text'] for script in read.all('script')
  )


def test_the_page_is_alone(session):
  text, read, _ = session
  for element in read.elements:
    for name, value in element.items():
      assert not name.startswith('on') and name != 'style', element
      if name in ('src', 'href'):
        assert value.startswith(('data:image/', '#')), value[:80]
  without = re.sub(r'base64,[\w+/=]*', '', text)
  assert not re.search(r'https?:|url\(|@import|//\w+\.', without)


def test_the_policy_allows_this_style_and_these_scripts_only(session):
  _, read, _ = session
  policy = read.one('meta', **{'http-equiv': 'Content-Security-Policy'})
  rules = dict(rule.split(' ', 1) for rule in policy['content'].split('; '))
  assert rules['default-src'] == "'none'" and rules['img-src'] == 'data:'
  scripts = [s for s in read.all('script') if s.get('type') is None]
  for kind, found in (('style', read.all('style')), ('script', scripts)):
    allowed = []
    for element in found:
      digest = hashlib.sha256(element['text'].encode()).digest()
      allowed.append(f"'sha256-{base64.b64encode(digest).decode()}'")
    assert rules[f'{kind}-src'] == ' '.join(allowed)


def test_numbers_are_those_of_the_summary(session):
  _, read, images = session
  cells = [td for td in read.all('td', **{'class': 'number'}) if 'title' in td]
  done = [image for image in images if not image.failure]
  # A row for each image, the mean, and how they differ.
  assert len(cells) == len(pages.HEADLINES) * (len(done) + 2)
  number = iter(cells)
  for image in done:
    density, diameter, swelling = (next(number) for _ in pages.HEADLINES)
    given = image.summary[pages.HEADLINES[0]]
    assert density['data-value'] == f'{given:.6g}'
    # The column's unit is 10²⁰ m⁻³.
    assert density['text'].startswith(f'{given / 1e20:.2f}')
    low, high = 0.8 * given / 1e20, 1.3 * given / 1e20
    assert density['text'].endswith(f'{low:.2f} – {high:.2f}')
    given = image.summary[pages.HEADLINES[1]]
    assert diameter['data-value'] == f'{given:.6g}'
    assert diameter['text'] == f'{given:.2f}5.00 – 8.00'
    assert (swelling['data-value'], swelling['text']) == ('', '–')
  mean = next(number)
  values = [image.summary[pages.HEADLINES[0]] for image in done]
  assert mean['data-value'] == f'{np.mean(values):.6g}'
  *_, differ, _, _ = cells
  assert differ['data-value'] == f'{np.std(values, ddof=1):.6g}'
  units = [span['text'] for span in read.all('span', **{'class': 'unit'})]
  assert units[:3] == ['10²⁰ m⁻³', 'nm', '%']


def test_what_is_to_be_checked_keeps_its_order(session):
  _, read, images = session
  links = [a['href'] for a in read.all('a') if '-object-' in a['href']]
  assert links == [
    f'#image-{number}-object-{key}'
    for number, image in enumerate(images, start=1)
    for key, _ in image.check
  ]
  for number, image in enumerate(images, start=1):
    picture = read.all('section', id=f'image-{number}')
    assert bool(picture) is not bool(image.failure)


def test_every_object_is_outlined_and_has_its_row(session):
  _, read, images = session
  data = [
    json.loads(script['text'])
    for script in read.all('script', type='application/json')
  ]
  done = [image for image in images if not image.failure]
  for image, found in zip(done, data, strict=True):
    assert found['columns'] == list(image.objects[0])
    assert found['shown'] == ['id', 'diameter_nm', 'touches_border', 'counted']
    for row, given in zip(found['rows'], image.objects, strict=True):
      assert row == [
        float(f'{value:.6g}') if isinstance(value, float) else value
        for value in given.values()
      ]
  counted, uncounted = (
    [path['data-ids'].split() for path in read.all('path', **{'class': kind})]
    for kind in ('object', 'object uncounted')
  )
  for image, *ids in zip(done, counted, uncounted, strict=True):
    for of_kind, is_counted in zip(ids, (True, False), strict=True):
      assert of_kind == [
        str(r['id']) for r in image.objects if r['counted'] is is_counted
      ]
  for path in read.all('path'):
    # A line is an object, which the script takes apart.
    lines = path['d'].split('\n')
    assert len(lines) == len(path['data-ids'].split())
    assert all(re.fullmatch(r'(M[^Mz]+z)+', line) for line in lines)


def test_warnings_stand_where_they_are_seen(session):
  _, read, images = session
  message = f'a foil of 3 nm in {images[pages.WARNED].name}'
  top = read.one('section', **{'aria-label': 'Warnings'})
  assert 'foil thin' in top['text'] and message in top['text']
  assert message in read.one('p', **{'class': 'warning'})['text']
  warned = [td['text'] for td in read.all('td', **{'class': 'warnings aside'})]
  assert warned.count('foil thin') == 1 and warned.count('') == 6


def test_little_is_a_page_too():
  images = [
    PageImage('failed', failure='unreadable'),
    PageImage('empty', layers={'micrograph': np.zeros((8, 8), np.uint8)}),
    pages.page_image(
      'nothing found',
      0,
      objects=[],
      labels=np.zeros((192, 256), np.int32),
      sizes_nm=np.zeros(0),
      check=[],
    ),
  ]
  for given in ([], images[:1], images):
    read = Read(
      session_page(
        'x',
        defect='voids',
        images=[image_view(image) for image in given],
        headlines=pages.HEADLINES,
        over_images={},
        conventions={},
        how_made={},
      )
    )
    assert not read.open
    assert len(read.all('picture')) == 0
    assert len(read.all('g', **{'class': 'scene'})) == max(len(given) - 1, 0)


def test_a_name_that_is_no_text_can_be_written(tmp_path):
  image = PageImage('a\udce9.tif', failure='unreadable')
  text = session_page(
    'x',
    defect='voids',
    images=[image_view(image)],
    headlines=pages.HEADLINES,
    over_images={},
    conventions={},
    how_made={},
  )
  path = tmp_path / 'x.html'
  path.write_text(text, encoding='utf-8')
  assert 'a\\udce9.tif' in path.read_text(encoding='utf-8')


@pytest.mark.parametrize(
  ('fields', 'words'),
  [
    ({'check': [(99, 'large')]}, 'object 99 is to be checked'),
    ({'layers': {}}, 'labels without a layer'),
  ],
)
def test_what_cannot_be_shown_is_refused(fields, words):
  with pytest.raises(ValueError, match=words):
    pages.page_image('x', 0, **fields)


def test_a_training_page_stands_beside_the_paper():
  image = pages.page_image('<b>.tif', 0, sizes_nm=None, check=[])
  text = pages.training([image])
  read = Read(text)
  assert not read.open and not re.search('https?:', text)
  cells = [td['text'] for td in read.all('td', **{'class': 'number'})]
  assert cells[:4] == ['98.77', '50.00', '100.00', '25.00']
  assert cells[8] == '98.77 ± –'
  assert cells[12:16] == [
    '98.85 ± 0.56',
    '89.17 ± 1.28',
    '90.17 ± 5.84',
    '81.19 ± 3.68',
  ]
  assert '0.600, chosen on the test set' in text and '0.432' in text
  assert cells[-6:] == ['4.20', '5.25', '20.0', '3.00', '–', '–']
  assert read.one('img')['src'].startswith('data:image/png')
  # The comparison map is seen first, and printed.
  (layer,) = (
    e for e in read.all('image') if e['class'] == 'layer shown printed'
  )
  assert layer['data-layer'] == 'comparison'


def test_the_papers_numbers_are_the_papers():
  tables = TABLES
  for defect, row in paper.TABLE_1.items():
    published = tables['table1_percent_mean_std'][defect]
    assert {key: list(pair) for key, pair in row.items()} == published
  density, size = tables['table2_density'], tables['table3_diameter_nm']
  fields = ('mean diameter', 'standard deviation of diameter')
  for defect, errors in paper.ERRORS.items():
    for number in (0, 1):
      place = density['columns'].index(f'{defect}_{number + 1}')
      first = next(iter(errors.values()))
      of = (
        density['machine_percent_error'],
        density['average_human_percent_error'],
      )
      assert first[number] == tuple(round(100 * row[place]) for row in of)
      for field, name in enumerate(fields if defect != 'dislocations' else ()):
        place = size['columns'].index(f'{defect}_{number + 1}')
        of = size['machine_percent_error'], size['average_human_percent_error']
        expected = tuple(round(100 * row[place][field]) for row in of)
        assert errors[name][number] == expected


def noisy_image(times: int = 8) -> PageImage:
  """Noise is the worst there is for a JPEG."""
  part = pages.page_image('x', 0, (256, 256))
  count = len(part.objects)
  side = 256 * times
  tiles = np.arange(times**2).reshape(times, times)
  ids = np.tile(part.labels, (times, times))
  ids += (ids > 0) * count * np.kron(tiles, np.ones((256, 256), np.int32))
  layers = {
    name: np.tile(pixels, (times, times, 1)[: pixels.ndim])
    for name, pixels in part.layers.items()
  }
  rng = np.random.default_rng(0)
  layers['micrograph'] = rng.integers(0, 256, (side, side), dtype=np.uint8)
  return PageImage(
    'x',
    labels=ids,
    layers=layers,
    objects=[
      row | {'id': row['id'] + count * tile, 'area_px': row['diameter_px'] ** 2}
      for tile in range(times**2)
      for row in part.objects
    ],
    check=[(5, 'is small')],
  )


def page_of(image: PageImage, **more) -> tuple[str, Read]:
  text = session_page(
    'x',
    defect='voids',
    images=[image_view(image, **more)],
    headlines=pages.HEADLINES,
    over_images={},
    conventions={},
    how_made={},
  )
  return text, Read(text)


def objects_in(read: Read) -> list[int]:
  return [int(n) for p in read.all('path') for n in p['data-ids'].split()]


def test_what_is_whole_has_no_note():
  grey = np.arange(600, dtype=np.uint8)
  wide = {'micrograph': np.tile(grey, (40, 1))}
  assert image_view(PageImage('x', layers=wide), images=9).note == ''
  assert image_view(PageImage('x'), images=500).note == ''
  noise = np.random.default_rng(0).integers(0, 256, (400, 3000), np.uint8)
  noise = {'micrograph': noise}
  assert image_view(PageImage('x', layers=noise)).note == ''
  said = image_view(PageImage('x', layers=noise), images=5000).note
  assert re.fullmatch(r'picture of \d+ pixels', said)


def test_a_page_of_any_number_of_images_has_a_bounded_size():
  """One image for all of them; what is not shown is said beside its name."""
  image = noisy_image()
  sizes = {row['id']: row['area_px'] for row in image.objects}
  text, read = page_of(image, images=20)
  assert sorted(objects_in(read)) == sorted(sizes) and len(sizes) > 1000
  assert 20 * len(text) < 25e6, len(text)
  assert 'largest' not in read.one('h3')['text']
  text, read = page_of(image, images=500)
  assert 500 * len(text) < 60e6, len(text)
  shown = objects_in(read)
  said = read.one('h3')['text']
  assert f'the largest 200 of {len(sizes)} objects are shown' in said
  assert re.search(r'picture of \d+ pixels', said)
  (data,) = read.all('script', type='application/json')
  rows = json.loads(data['text'])['rows']
  assert [row[0] for row in rows] == sorted(shown) and len(shown) == 200
  # Also what is to be checked, and nothing larger than any of the others is
  # left out.
  others = sorted(set(shown) - {5}, key=sizes.__getitem__)
  assert 5 in shown
  left_out = max(size for key, size in sizes.items() if key not in shown)
  assert left_out <= sizes[others[0]]
