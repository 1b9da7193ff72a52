"""--surface: an SEM's images, which show no foil."""

import io
import json

import pytest
import tiny
from rich.console import Console
from sessions import Never, by_image

from configs import dislocations, voids
from defectseg_jax.errors import InputError
from defectseg_jax.jobs import quantify as job
from defectseg_jax.sessions.requests import PredictRequest, QuantifyRequest


@pytest.fixture
def masks(tmp_path):
  return tiny.write_squares(tmp_path / 'masks', a=3, b=5)


@pytest.fixture
def measure(masks, tmp_path):
  """Measures the masks; what was said."""

  def go(config=None, **fields):
    console = Console(file=io.StringIO(), width=400)
    request = {'masks': [str(masks)], 'output': str(tmp_path / 'out')}
    job.quantify(
      config or voids.get_config(),
      QuantifyRequest(**request | {'surface': True} | fields),
      console,
      Never(),
    )
    return console.file.getvalue()

  return go


def test_masks_of_surfaces(measure, tmp_path):
  said = measure(pixel_size_nm=2.0, reference=str(tmp_path / 'masks'))
  rows = by_image(tmp_path / 'out')
  area_m2 = 200e-9 * 400e-9
  assert [float(row['number_per_area_per_m2']) for row in rows.values()] == [
    pytest.approx(count / area_m2, rel=1e-5) for count in (3, 5)
  ]
  assert not [name for name in rows['a'] if 'per_m3' in name]
  assert 'Not known' not in said and '--thickness' not in said
  assert 'WARNING' not in said
  assert 'These are surfaces: N_A (number per area)' in said
  assert 'Underwood, Quantitative Stereology, 1970' in said
  summary = json.loads((tmp_path / 'out' / 'summary.json').read_text())
  assert summary['surface'] is True
  assert summary['conventions']['number_per_area_per_m2'].startswith('N_A =')
  assert summary['conventions']['area_fraction'].startswith('A_A:')
  mean = summary['over_images']['number_per_area_per_m2']
  assert mean['mean'] == pytest.approx(4 / area_m2, rel=1e-5)


def test_a_scale_is_asked_for_all_the_same(measure, tmp_path):
  said = measure()
  assert 'Not known: the scale of every image' in said
  assert 'Give --pixel_size_nm, or' in said and 'thickness' not in said
  assert by_image(tmp_path / 'out')['a']['area_fraction'] != ''


def test_lines_on_surfaces(measure, tmp_path):
  said = measure(config=dislocations.get_config(), pixel_size_nm=2.0)
  assert 'line length per area per m' in said and 'density' not in said


@pytest.mark.parametrize('flag', ['thickness_nm', 'thickness_uncertainty'])
@pytest.mark.parametrize('request_of', [QuantifyRequest, PredictRequest])
def test_a_thickness_is_refused(flag, request_of):
  with pytest.raises(InputError, match=f'--surface and --{flag}: a surface'):
    request_of(output='out', surface=True, **{flag: 0.5})


def test_a_thickness_in_the_table_is_refused(measure, tmp_path):
  table = tmp_path / 'scales.csv'
  table.write_text('file,pixel_size_nm,thickness_nm\na,2,\nb.png,2,90\n')
  with pytest.raises(InputError, match='png has a thickness of 90'):
    measure(calibration=str(table))
  table.write_text('file,pixel_size_nm,thickness_nm\na,2,\nb.png,2,\n')
  assert 'WARNING' not in measure(calibration=str(table))


@pytest.mark.slow
@pytest.mark.xdist_group('predict')
def test_a_session_of_surfaces(predict, measure, session, tmp_path):
  console = Console(file=io.StringIO(), width=400)
  assert predict(
    session / 'x.tif', thickness_nm=None, surface=True, console=console
  )
  out = tmp_path / 'out'
  page = (out / 'report.html').read_text()
  assert 'number per area N_A' in page and 'area fraction A_A' in page
  assert 'These are surfaces' in page and 'Underwood' in page
  assert 'm⁻³' not in page and 'foil of' not in page
  said = console.file.getvalue()
  assert 'number per area' in said and 'Not known' not in said
  (row,) = by_image(out).values()
  measure(masks=[str(out)], output=str(tmp_path / 'again'))
  (again,) = by_image(tmp_path / 'again').values()
  assert again['number_per_area_per_m2'] == row['number_per_area_per_m2']
