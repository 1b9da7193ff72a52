"""--samples, and a column `sample` of --calibration: numbers by sample."""

import io
import json

import pytest
import tiny
from rich.console import Console
from sessions import Never, by_image, rows_of

from configs import voids
from defectseg_jax.errors import InputError
from defectseg_jax.jobs import quantify as job
from defectseg_jax.sessions.requests import QuantifyRequest

TABLE = 'file;sample;Dose (dpa)\na;low;0,5\nb;low;0,5\nc;high;5\n'


@pytest.fixture
def masks(tmp_path):
  """Squares of 10 x 10 nm, five, seven and eight."""
  return tiny.write_squares(tmp_path / 'masks', a=5, b=7, c=8)


@pytest.fixture
def measure(masks, tmp_path):
  """Measures the masks; the folder and what was said."""

  def go(text=TABLE, *, flag='samples', alloy='', **flags):
    table = tmp_path / 'table.csv'
    table.write_text(text)
    out = tmp_path / f'out_{len([*tmp_path.glob("out_*")])}'
    console = Console(file=io.StringIO(), width=400)
    config = voids.get_config(f'alloy={alloy}' if alloy else '')
    request = QuantifyRequest(
      masks=[str(masks)],
      output=str(out),
      thickness_nm=100.0,
      **{'pixel_size_nm': 1.0, flag: str(table), **flags},
    )
    request.set_uncertainties(config)
    job.quantify(config, request, console, Never())
    return out, console.file.getvalue()

  return go


def samples_of(out):
  return {row['sample']: row for row in rows_of(out / 'samples.csv')}


def test_a_sample_is_the_total_over_the_total(measure):
  out, said = measure()
  found = samples_of(out)
  assert list(found) == ['low', 'high']
  low = found['low']
  assert (low['dose_dpa'], low['images'], low['objects']) == ('0.5', '2', '12')
  # 12 in two images of 100 x 200 nm and a foil of 100 nm.
  assert float(low['number_density_per_m3']) == pytest.approx(3e21)
  assert float(low['area_um2']) == pytest.approx(0.04)
  # The exact interval of 12 counted, from any table: 6.20 to 20.96. Student's
  # of 5 and 7, 6 -+ 12.7, is wider.
  assert float(low['number_density_per_m3_high']) == pytest.approx(
    (6 + 12.706) / 2 * 1e21, rel=1e-3
  )
  assert 'mean over images is over 2 samples' in said
  rows = by_image(out)
  assert [rows[n]['sample'] for n in 'abc'] == ['low', 'low', 'high']
  assert rows['c']['dose_dpa'] == '5'
  assert (out / 'samples_dose_dpa.png').stat().st_size > 10_000


def test_one_image_has_the_interval_of_the_image(measure):
  out, _ = measure(thickness_uncertainty=0.1)
  image, sample = by_image(out)['c'], samples_of(out)['high']
  for name in ('number_density_per_m3', 'volume_fraction'):
    for end in ('', '_low', '_high'):
      assert float(sample[name + end]) == pytest.approx(
        float(image[name + end]), rel=0.002
      )
  assert sample['number_density_per_m3_between_images'] == 'NaN'
  assert float(sample['number_density_per_m3_shared_uncertainty']) == 0.1
  # By counting alone: 8 counted are 3.45 to 15.76.
  assert float(sample['number_density_per_m3_scatter_high']) == pytest.approx(
    15.76 / 2 * 1e21, rel=1e-3
  )
  assert sample['number_density_per_m3_more_images'] == ''


def test_a_shared_thickness_changes_no_ratio(measure):
  def compared(out):
    rows = rows_of(out / 'sample_differences.csv')
    return {row['quantity']: row for row in rows}['number_density_per_m3']

  exact, unsure = (
    compared(measure(thickness_uncertainty=one)[0]) for one in (0.0, 0.3)
  )
  assert (exact['first'], exact['second']) == ('low', 'high')
  assert float(exact['ratio']) == pytest.approx(8 / 6, rel=1e-5)
  for name in ('ratio_low', 'ratio_high', 'p'):
    assert float(exact[name]) == pytest.approx(float(unsure[name]), rel=1e-3)
  assert float(unsure['difference_high']) > float(exact['difference_high'])


def test_sizes_of_samples_are_pooled(measure):
  rows = rows_of(measure()[0] / 'sample_sizes.csv')
  by_sample = {
    name: sum(int(row['found']) for row in rows if row['sample'] == name)
    for name in ('low', 'high')
  }
  # Those that touch no edge: all.
  assert by_sample == {'low': 12, 'high': 8}
  assert {row['with_missed'] for row in rows} == {'NaN'}


def test_the_table_of_scales_may_have_samples(measure):
  text = 'file,thickness_nm,sample,dose_dpa,operator\n' + ''.join(
    f'{name},100,{sample},{dose},ann\n'
    for name, sample, dose in (('a', 'x', 1), ('b', 'x', 2), ('d', 'y', 3))
  )
  out, said = measure(text, flag='calibration')
  found = samples_of(out)
  assert list(found) == ['x'] and 'dose_dpa' not in found['x']
  assert 'dose_dpa is 1 and 2 in images of one sample, x' in said
  assert 'not used: operator' in said
  assert 'names no sample of c, which is in the numbers of no sample' in said
  assert by_image(out)['c']['sample'] == ''


def test_without_a_column_there_is_nothing_of_samples(measure):
  out, _ = measure('file,thickness_nm,dose_dpa\na,100,1\n', flag='calibration')
  assert not [*out.glob('sample*')]
  assert 'sample' not in by_image(out)['a']


@pytest.mark.parametrize(
  ('text', 'flags', 'message'),
  [
    ('file,dose_dpa\na,1\n', {}, 'has no column sample; give the columns'),
    ('image,sample\na,1\n', {}, 'needs file'),
    (
      'file,sample,dose_dpa\na,x,high\n',
      {},
      "line 2: dose_dpa is 'high': must",
    ),
    (TABLE, {'calibration': 'both'}, 'both have a column sample'),
  ],
)
def test_what_is_wrong_is_said_in_a_line(
  measure, tmp_path, text, flags, message
):
  if flags:
    other = tmp_path / 'scales.csv'
    other.write_text('file,sample,thickness_nm\na,x,100\n')
    flags = {'calibration': str(other)}
  with pytest.raises(InputError, match=message) as caught:
    measure(text, **flags)
  assert len(str(caught.value).splitlines()) == 1
  assert not [*tmp_path.glob('out_*')]


def test_properties_say_how_many_more_images_halve_them(measure, masks):
  """Of a root of density and diameter, both of equal squares' images."""
  for more in tiny.write_squares(masks.parent / 'more', d=6, e=7).iterdir():
    more.rename(masks / more.name)
  table = 'file,sample\n' + ''.join(f'{name},x\n' for name in 'abcde')

  def of(**flags):
    out, said = measure(table, alloy='ht9', **flags)
    return samples_of(out)['x'], said

  x, said = of()
  more = x['number_density_per_m3_more_images']
  # All squares have one size. A root's interval halves where its density's
  # does, but for the logarithm.
  assert int(x['obstacle_spacing_nm_more_images']) == pytest.approx(
    int(more), abs=2
  )
  # Five images show 0.1 square micrometres.
  assert f'+{more} images ({int(more) * 0.02:.3g} µm²)' in said
  # With half of the thickness unknown, no image helps; its root neither.
  x, said = of(thickness_uncertainty=0.5)
  assert x['obstacle_spacing_nm_more_images'] == ''
  assert 'not by images' in said


def test_all_stands_in_json(measure):
  found = json.loads((measure()[0] / 'samples.json').read_text())
  assert found['level'] == 0.95 and 'Paule' in found['estimator']
  [low, high] = found['samples']
  assert low['images'] == ['a', 'b'] and low['conditions'] == {'dose_dpa': 0.5}
  number = high['numbers']['number_density_per_m3']
  assert number['more_images_to_halve'] is None
  assert found['differences']['number_density_per_m3'][0]['second'] == 'high'


@pytest.mark.slow
@pytest.mark.xdist_group('predict')
def test_a_session_has_them_on_its_page(predict, session, tmp_path):
  table = tmp_path / 'samples.csv'
  table.write_text(
    'file,sample,temperature_c\nx,cold,300\ny,cold,300\nz,hot,500\n'
  )
  assert predict(session, samples=str(table))
  out = tmp_path / 'out'
  found = samples_of(out)
  assert [found[n]['images'] for n in ('cold', 'hot')] == ['2', '2']
  page = (out / 'report.html').read_text()
  assert '<h2 id="samples">Samples</h2>' in page
  assert 'temperature (°C)' in page
  before = {
    path.name: path.read_bytes()
    for path in out.glob('sample*')
    if path.is_file()
  }
  assert predict(session, samples=str(table))
  assert before == {name: (out / name).read_bytes() for name in before}
  # Without the table they go.
  assert predict(session)
  assert not [*out.glob('sample*')]
