"""How well scale and thickness of each image, or of all, are known."""

import io
import json
import math

import pytest
import tiny
from rich.console import Console
from sessions import Never, by_image, rows_of

from configs import voids
from defectseg_jax.jobs import quantify as job
from defectseg_jax.reporting.page import PageImage, image_view
from defectseg_jax.sessions.requests import QuantifyRequest

HEADER = (
  'file;pixel_size_nm;thickness_nm;thickness_uncertainty;'
  'pixel_size_uncertainty\n'
)


@pytest.fixture
def masks(tmp_path):
  """Five and eight squares."""
  return tiny.write_squares(tmp_path / 'masks', a=5, b=8)


@pytest.fixture
def measure(masks, tmp_path):
  """Measures the masks, by a table of these rows; the folder and the words."""

  def go(*rows, masks=masks, **flags):
    table = tmp_path / 'scales.csv'
    table.write_text(HEADER + '\n'.join(rows) + '\n')
    out = tmp_path / f'out_{len([*tmp_path.glob("out_*")])}'
    console = Console(file=io.StringIO(), width=400)
    config = voids.get_config()
    request = QuantifyRequest(
      masks=[str(masks)],
      output=str(out),
      calibration=str(table) if rows else None,
      **flags,
    )
    request.set_uncertainties(config)
    job.quantify(config, request, console, Never())
    return out, console.file.getvalue()

  return go


def ratios(out, number='number_density_per_m3'):
  """Upper end of each image's interval, and of the mean's, over the number."""
  found = {
    name: float(row[f'{number}_high']) / float(row[number])
    for name, row in by_image(out).items()
  }
  mean = json.loads((out / 'summary.json').read_text())['over_images'][number]
  return found | {'mean': mean['high'] / mean['mean']}


def widened(ratio, *uncertainties):
  """Logarithms of both are added in quadrature."""
  both = math.hypot(math.log(ratio), 1.96 * math.hypot(*uncertainties))
  return pytest.approx(math.exp(both), rel=2e-3)


EXACT = 'a;0,5;100;;', 'b;0,5;100;;'


def test_an_images_own_is_in_its_interval_alone(measure):
  before = ratios(measure(*EXACT)[0])
  out, said = measure('a;0,5;100;0,2;', 'b;0,5;100;;')
  after = ratios(out)
  assert after['a'] == widened(before['a'], 0.2)
  # What is wrong with one image is part of how far images differ.
  assert (after['b'], after['mean']) == (before['b'], before['mean'])
  rows = by_image(out)
  assert [rows[n]['thickness_uncertainty'] for n in 'ab'] == ['0.2', '0']
  assert 'leave out how well the thickness of b and the scale are known' in said


def test_what_all_share_stays_in_the_mean(measure):
  before = ratios(measure(*EXACT)[0])
  out, said = measure(
    'a;0,5;100;0,2;0,03', 'b;0,5;100;;', thickness_uncertainty=0.1
  )
  after = ratios(out)
  assert after['a'] == widened(before['a'], 0.1, 0.2, 2 * 0.03)
  assert after['b'] == widened(before['b'], 0.1)
  assert after['mean'] == widened(before['mean'], 0.1)
  assert 'how well the scale of b is known: give --pixel_size_unc' in said


def test_diameters_follow_the_scale(measure):
  before = ratios(measure(*EXACT)[0], 'volume_fraction')
  out, said = measure('a;0,5;100;0,1;0,05', 'b;0,5;100;0,1;0,05')
  assert ratios(out, 'volume_fraction')['a'] == widened(before['a'], 0.1, 0.05)
  assert 'leave out how well' not in said


def test_they_stand_in_the_splits_of_a_folder(measure, masks):
  before = ratios(measure(*EXACT)[0])
  (masks.parent / 'splits.csv').write_text(
    'file,split,pixel_size_nm,thickness_nm,thickness_uncertainty\n'
    'a.tif,train,0.5,100,0.2\nb.tif,dev,0.5,100,\n'
  )
  out, _ = measure(masks=masks.parent)
  assert ratios(out)['a'] == widened(before['a'], 0.2)
  # A table goes before it, also where it says nothing of how well it is known.
  out, _ = measure('a;0,5;90;;', 'b;0,5;90;;', masks=masks.parent)
  assert by_image(out)['a']['thickness_uncertainty'] == '0'


@pytest.mark.parametrize('value', ['1', '-0,1', '5%', 'nan'])
def test_what_is_no_part_of_one_is_refused(measure, value):
  with pytest.raises(Exception, match='line 2: thickness_uncertainty is'):
    measure(f'a;0,5;100;{value};')


def test_the_page_says_them_beside_the_picture():
  summary = {
    **{'width_px': 8, 'height_px': 8, 'pixel_size_nm': 0.5},
    **{'thickness_nm': 100.0, 'thickness_uncertainty': 0.05},
  }
  note = image_view(PageImage('a', summary)).note
  assert note == '8 × 8 pixels, 0.5 nm a pixel, foil of 100 nm ± 5%'


@pytest.mark.slow
@pytest.mark.xdist_group('predict')
def test_a_session_keeps_them_for_who_measures_again(
  predict, measure, session, tmp_path
):
  table = tmp_path / 'scales.csv'
  table.write_text(HEADER + 'x;;100;0,2;0,03\n')
  for name in 'yz':
    (session / f'{name}.tif').unlink()
  assert predict(calibration=str(table), thickness_nm=None)
  out = tmp_path / 'out'
  (row,) = rows_of(out / 'splits.csv')
  assert row['thickness_uncertainty'] == '0.2'
  assert row['pixel_size_uncertainty'] == '0.03'
  assert '± 20%' in (out / 'report.html').read_text()
  again, _ = measure(masks=out)
  for end in ('', '_low', '_high'):
    column = f'number_density_per_m3{end}'
    assert by_image(again)['x'][column] == by_image(out)['x'][column]
