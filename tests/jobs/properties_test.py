"""config.properties: what densities mean for an alloy, in all tables."""

import io
import json
import math

import pytest
import tiny
from rich.console import Console
from sessions import Never, by_image, rows_of

from configs import dislocations, voids
from defectseg_jax.jobs import quantify as job
from defectseg_jax.runs.settings import run_settings
from defectseg_jax.sessions.requests import QuantifyRequest


@pytest.fixture
def measure(tmp_path):
  """Five and eight squares of 10 x 10 nm; the folder and what was said."""

  def go(config, **flags):
    masks = tiny.write_squares(tmp_path / 'masks', a=5, b=8)
    console = Console(file=io.StringIO(), width=400)
    request = QuantifyRequest(
      masks=[str(masks)],
      output=str(tmp_path / 'out'),
      **{'pixel_size_nm': 1.0, 'thickness_nm': 100.0, **flags},
    )
    job.quantify(config, request, console, Never())
    return tmp_path / 'out', console.file.getvalue()

  return go


def test_voids_harden_316(measure, tmp_path):
  table = tmp_path / 'samples.csv'
  table.write_text('file,sample\na,x\nb,x\n')
  out, said = measure(voids.get_config('alloy=316'), samples=str(table))
  row = by_image(out)['a']
  # Five in 2e-21 m3, sqrt(4 * 100 / pi) nm large; mu b = 81 GPa * 0.258 nm.
  diameter_nm = math.sqrt(400 / math.pi)
  spacing_nm = 1e9 / math.sqrt(2.5e21 * diameter_nm * 1e-9)
  assert float(row['obstacle_spacing_nm']) == pytest.approx(
    spacing_nm, rel=1e-4
  )
  assert float(row['hardening_barrier_mpa']) == pytest.approx(
    3.06 * 81e3 * 0.258 / spacing_nm, rel=1e-4
  )
  assert 'hardening_orowan_mpa' not in row
  assert 'Properties are of 316 (mu = 81 GPa, b = 0.258 nm' in said
  assert 'take strengths as exact' in said
  # Of the pooled density: 13 in twice the volume.
  pooled = math.sqrt(3.25 / 2.5) * float(row['hardening_barrier_mpa'])
  mean = json.loads((out / 'summary.json').read_text())['over_images']
  assert mean['hardening_barrier_mpa']['mean'] == pytest.approx(
    pooled, rel=1e-4
  )
  [sample] = rows_of(out / 'samples.csv')
  assert float(sample['hardening_barrier_mpa']) == pytest.approx(
    pooled, rel=1e-4
  )
  assert float(sample['hardening_barrier_mpa_low']) < pooled


def test_without_a_thickness_they_are_left_out(measure):
  out, said = measure(voids.get_config('alloy=ht9'), thickness_nm=None)
  row = by_image(out)['a']
  for name in ('hardening_barrier_mpa', 'point_defect_path_nm'):
    assert row[name] == row[f'{name}_low'] == ''
  assert 'needs the thickness' in said


def test_another_alloy_is_a_few_settings():
  config = dislocations.get_config()
  config.properties.update(
    {'alloy': 'Eurofer', 'shear_modulus_gpa': 83.0, 'burgers_nm': 0.248}
  )
  assert run_settings(config).properties.shear_modulus_gpa == 83.0
  del config.properties
  # Of an older run.
  assert run_settings(config).properties.alloy == ''
