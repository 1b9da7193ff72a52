"""Numbers of a session: collected once, told in tables, terminal and page."""

import dataclasses
import html
import io
import json
import math

import numpy as np
import pytest
from rich.console import Console

from defectseg_jax.applicability.verdict import Applies, Expected, Verdict
from defectseg_jax.files import csv_text
from defectseg_jax.quantification import (
  Detection,
  MeasurementSettings,
  QualityWarning,
)
from defectseg_jax.quantification.particles.detection_by_size import (
  DetectionBySize,
)
from defectseg_jax.reporting.page import PageImage, image_view, session_page
from defectseg_jax.reporting.provenance import current_provenance
from defectseg_jax.sessions.calibration import Scales
from defectseg_jax.sessions.image_numbers import image_numbers
from defectseg_jax.sessions.numbers import SessionNumbers
from defectseg_jax.sessions.pictures import write_session_histogram
from defectseg_jax.sessions.results import SessionResults
from defectseg_jax.sessions.tables import (
  objects_table,
  print_tables,
  write_tables,
)

SETTINGS = MeasurementSettings('voids')


def image(name, scores=None, *, side=64, thickness_nm=100.0, **more):
  mask = np.zeros((side, side), bool)
  mask[8:16, 8:16] = mask[30:40, 30:40] = True
  lengths = {'pixel_size_nm': 1.0, 'thickness_nm': thickness_nm}
  return image_numbers(
    name.stem,
    more.pop('settings', SETTINGS).measure(mask, **lengths),
    Scales(**lengths).scale_of(name, {}),
    settings=SETTINGS,
    sources={'mask': str(name)},
    scores=scores,
    **more,
  )


@pytest.fixture
def numbers(tmp_path):
  """Two images whose IU differ by so much that the interval is above 1."""
  scores = [{'iu': iu, 'precision': iu, 'recall': 1.0} for iu in (0.9, 0.8)]
  return SessionNumbers(
    SETTINGS,
    current_provenance(),
    [image(tmp_path / f'{n}.png', s) for n, s in zip('ab', scores)],
    compared=True,
  )


def test_table_terminal_and_page_tell_one_interval(numbers, tmp_path):
  # Student's t of one degree of freedom is 12.7: 0.85 -+ 0.64.
  low = 0.85 - 12.7062 * (0.1 / math.sqrt(2)) / math.sqrt(2)
  write_tables(tmp_path, numbers)
  told = json.loads((tmp_path / 'summary.json').read_text())['over_images']
  assert told['iu']['low'] == pytest.approx(low, rel=1e-4)
  assert told['iu']['high'] == 1
  console = Console(file=io.StringIO(), width=200)
  print_tables(numbers, console)
  said = [row for row in console.file.getvalue().splitlines() if ' iu ' in row]
  assert f'{low:.3g} to 1 ' in said[-1]
  page = session_page(
    'x',
    defect='voids',
    images=[image_view(PageImage(one.name, one.row)) for one in numbers.images],
    headlines=numbers.headlines,
    over_images=numbers.over_images,
    conventions={},
    how_made={},
  )
  assert f'{100 * low:.1f} – 100.0' in page


def test_only_failures_are_a_table_too(tmp_path):
  numbers = SessionNumbers(
    SETTINGS, current_provenance(), [], {'a': 'is no image'}
  )
  write_tables(tmp_path, numbers)
  assert (tmp_path / 'summary.csv').read_text() == (
    'image,warnings,failure\na,,is no image\n'
  )
  with objects_table(tmp_path):
    pass
  assert (tmp_path / 'objects.csv').read_text() == '\n'


def test_objects_are_written_image_by_image(tmp_path):
  images = [image(tmp_path / f'{name}.png') for name in 'ab']
  with objects_table(tmp_path) as write:
    kept = [write(one) for one in images]
  assert [(one.name, dict(one.objects)) for one in kept] == [
    ('a', {}),
    ('b', {}),
  ]
  rows = [row for one in images for row in one.object_rows()]
  assert (tmp_path / 'objects.csv').read_text() == csv_text(rows, digits=6)
  # An image without objects has the header.
  empty = [values[:0] for values in images[0].objects.values()]
  empty = dict(zip(images[0].objects, empty, strict=True))
  with objects_table(tmp_path) as write:
    write(dataclasses.replace(images[0], objects=empty))
  (header,) = (tmp_path / 'objects.csv').read_text().splitlines()
  assert header.split(',') == list(rows[0])


def test_warnings_stand_beside_every_object(tmp_path):
  one = image(tmp_path / 'a.png')
  assert [row['id'] for row in one.object_rows()] == [1, 2]
  assert {row['image'] for row in one.object_rows()} == {'a'}
  assert {row['warnings'] for row in one.object_rows()} == {''}


@pytest.mark.parametrize(
  ('failures', 'comparable', 'complete'),
  [
    ({}, {}, True),
    ({}, {'a': True, 'b': True}, True),
    ({}, {'a': True, 'b': False}, False),
    ({'c': 'is no image'}, {'a': True}, False),
  ],
)
def test_a_session_knows_whether_it_is_complete(failures, comparable, complete):
  numbers = SessionNumbers(SETTINGS, current_provenance(), [], failures)
  assert SessionResults(numbers, comparable).complete == complete


def test_no_name_of_a_warning_makes_a_session_incomplete(tmp_path):
  one = image(tmp_path / 'a.png')
  warned = SessionNumbers(
    SETTINGS,
    current_provenance(),
    [
      type(one)(
        one.row,
        one.sources,
        one.objects,
        one.sizes_nm,
        one.sizes_px,
        [QualityWarning('no_comparison', 'of another size')],
      )
    ],
  )
  assert SessionResults(warned, {}).complete


DENSITY = 'number_density_per_m3'


def told(numbers, folder):
  """What the terminal says, what summary.json has, and the page."""
  folder.mkdir()
  write_tables(folder, numbers)
  console = Console(file=io.StringIO(), width=200)
  print_tables(numbers, console)
  page = session_page(
    'x',
    defect='voids',
    images=[
      image_view(PageImage(one.name, one.row, warnings=one.warnings))
      for one in numbers.images
    ],
    headlines=numbers.headlines,
    over_images=numbers.over_images,
    conventions={},
    how_made={},
    remarks=numbers.remarks,
  )
  content = json.loads((folder / 'summary.json').read_text())
  return console.file.getvalue(), content, html.unescape(page)


def collected(*images, settings=SETTINGS):
  return SessionNumbers(settings, current_provenance(), images)


def test_a_small_image_counts_for_little(tmp_path):
  """Two voids in an area of 1, and two in an area of 16."""
  numbers = collected(
    image(tmp_path / 'a.png'), image(tmp_path / 'b.png', side=256)
  )
  text, content, page = told(numbers, tmp_path / 'out')
  mean = content['over_images'][DENSITY]
  # Four voids in all of the foil; the mean of both densities is twice that.
  assert mean['mean'] == pytest.approx(4e27 / (100 * (64**2 + 256**2)))
  assert mean['weighted_by'] == 'volume'
  assert content['over_images']['diameter_mean_nm']['weighted_by'] == 'objects'
  for place in (text, page, ' '.join(content['remarks'])):
    assert 'images weigh by what they show' in ' '.join(place.split())
  # How the images differ is still seen.
  values = [one.row[DENSITY] for one in numbers.images]
  assert mean['std'] == pytest.approx(np.std(values, ddof=1))
  assert f'images differ by {mean["std"]:.3g}' in text
  assert 'standard deviation of the images' in page


def test_what_cannot_be_right_is_in_no_mean(tmp_path):
  """A foil of 1 nm, with voids of 10."""
  right = image(tmp_path / 'a.png'), image(tmp_path / 'b.png', side=96)
  wrong = image(tmp_path / 'wrong.png', thickness_nm=1.0)
  numbers = collected(*right, wrong)
  without = collected(*right)
  text, content, page = told(numbers, tmp_path / 'out')
  assert (
    content['over_images'] == told(without, tmp_path / '2')[1]['over_images']
  )
  assert content['over_images'][DENSITY]['images'] == 2
  # It is counted for itself, and all say so.
  assert wrong.row[DENSITY] > 1e23 and wrong.row['in_mean'] is False
  rows = (tmp_path / 'out/summary.csv').read_text().splitlines()
  assert ',False,' in rows[3] and 'not_in_mean' in rows[3]
  for place in (text, page):
    assert 'not in the mean' in place and '--include=NAME' in place
    assert 'mean of 2' in place
  assert 'foil_thinner_than_particles' in text


def test_what_cannot_be_right_is_included_where_that_is_asked_for(tmp_path):
  images = (
    image(tmp_path / 'a.png'),
    image(tmp_path / 'wrong.png', thickness_nm=1.0, include=True),
  )
  text, content, _ = told(collected(*images), tmp_path / 'out')
  assert content['over_images'][DENSITY]['images'] == 2
  assert 'not_in_mean' not in images[1].row['warnings']
  assert 'foil_thin' in images[1].row['warnings'] and 'not in the' not in text


def test_where_all_cannot_be_right_there_is_no_mean(tmp_path):
  images = [
    image(tmp_path / f'{name}.png', thickness_nm=1.0) for name in ('a', 'b')
  ]
  text, content, page = told(collected(*images), tmp_path / 'out')
  assert content['over_images'][DENSITY]['mean'] is None
  assert 'mean of 0' in text and 'mean of 0' in page


def test_what_is_refused_is_in_no_mean(tmp_path):
  """Not even the F1 that is expected of it."""
  expected = Expected(0.1, 0.0, 0.3), Expected(0.9, 0.8, 1.0)
  verdicts = [
    Verdict(Applies.NO, 'noise', expected[0], {}),
    Verdict(Applies.YES, 'good', expected[1], {}),
  ]
  images = [
    image(tmp_path / f'{n}.png', verdict=verdict)
    for n, verdict in enumerate(verdicts)
  ]
  assert [one.in_mean for one in images] == [False, True]


def test_a_network_that_was_scored_before_sizes_were_kept(tmp_path):
  old = MeasurementSettings('voids', detection=Detection(9, 1, 1))
  one = image(tmp_path / 'a.png', settings=old)
  assert math.isnan(one.row['diameter_50_detected_nm'])
  remarks = ' '.join(collected(one, settings=old).remarks)
  assert 'Which sizes the network misses is not known' in remarks
  # Nobody's masks need none.
  assert 'Which sizes' not in ' '.join(collected(one).remarks)


def test_a_curve_is_on_the_page_and_in_the_tables(tmp_path):
  curve = DetectionBySize(
    np.array([4.0, 8.0, 16.0]),
    *np.array([[20, 80], [80, 20], [20, 80], [0, 0]]),
  )
  known = MeasurementSettings(
    'voids', detection=Detection(100, 100, 0), by_size=curve
  )
  one = image(tmp_path / 'a.png', settings=known)
  assert one.row['diameter_50_detected_nm'] == curve.found_from(0.5).value
  assert len(one.stands_for) == len(one.sizes_nm)
  numbers = collected(one, image(tmp_path / 'b.png'), settings=known)
  assert 'Which sizes' not in ' '.join(numbers.remarks)
  write_session_histogram(tmp_path, numbers)
  assert (tmp_path / 'histogram.png').exists()
