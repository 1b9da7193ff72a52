"""Numbers of a session: collected once, told in tables, terminal and page."""

import io
import json
import math

import numpy as np
import pytest
from rich.console import Console

from defectseg_jax.quantification import MeasurementSettings, QualityWarning
from defectseg_jax.reporting.page import PageImage, image_view, session_page
from defectseg_jax.reporting.provenance import current_provenance
from defectseg_jax.sessions.calibration import Scales
from defectseg_jax.sessions.numbers import SessionNumbers, image_numbers
from defectseg_jax.sessions.results import SessionResults
from defectseg_jax.sessions.tables import print_tables, write_tables

SETTINGS = MeasurementSettings('voids')


def image(name, scores=None):
  mask = np.zeros((64, 64), bool)
  mask[8:16, 8:16] = mask[30:40, 30:40] = True
  scale = Scales(pixel_size_nm=1.0, thickness_nm=100.0).scale_of(name, {})
  return image_numbers(
    name.stem,
    SETTINGS.measure(mask, pixel_size_nm=1.0, thickness_nm=100.0),
    scale,
    sources={'mask': str(name)},
    scores=scores,
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
  html = session_page(
    'x',
    defect='voids',
    images=[image_view(PageImage(one.name, one.row)) for one in numbers.images],
    headlines=numbers.headlines,
    over_images=numbers.over_images,
    conventions={},
    how_made={},
  )
  assert f'{100 * low:.1f} – 100.0' in html


def test_only_failures_are_a_table_too(tmp_path):
  numbers = SessionNumbers(
    SETTINGS, current_provenance(), [], {'a': 'is no image'}
  )
  write_tables(tmp_path, numbers)
  assert (tmp_path / 'summary.csv').read_text() == (
    'image,warnings,failure\na,,is no image\n'
  )
  assert (tmp_path / 'objects.csv').read_text() == '\n'


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
