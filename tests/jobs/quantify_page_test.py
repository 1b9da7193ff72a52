"""quantify's page, and a folder that it writes again."""

import io
import re

import pytest
import tiny
from PIL import Image
from rich.console import Console
from sessions import After, Never, rows_of

from configs import voids
from defectseg_jax.errors import InputError
from defectseg_jax.jobs import quantify as job
from defectseg_jax.runtime.interruption import Stopped
from defectseg_jax.sessions.requests import QuantifyRequest


@pytest.fixture
def masks(tmp_path):
  return tiny.write_squares(tmp_path / 'masks', a=5, b=8)


@pytest.fixture
def measure(masks, tmp_path):
  def go(interruption=None, **fields):
    request = QuantifyRequest(
      masks=[str(masks)],
      **{
        'output': str(tmp_path / 'out'),
        'pixel_size_nm': 1.0,
        'thickness_nm': 100.0,
        **fields,
      },
    )
    job.quantify(
      voids.get_config(),
      request,
      Console(file=io.StringIO()),
      interruption or Never(),
    )
    return tmp_path / 'out'

  return go


def files_of(folder):
  return {
    str(path.relative_to(folder)): path.read_bytes()
    for path in sorted(folder.rglob('*'))
    if path.is_file()
  }


def test_the_page_has_masks_and_numbers(measure):
  page = (measure() / 'report.html').read_text()
  assert 'Voids, 2 micrographs' in page
  assert 'data-layer="mask"' in page and 'data-layer="micrograph"' not in page
  assert 'mean of 2' in page
  # Every object is outlined: 5 and 8 squares, each a path of its own.
  paths = re.findall(r'<path class="object"[^>]* d="([^"]*)"', page)
  assert sum(path.upper().count('M') for path in paths) == 13
  assert 'measured with' in page and 'to be checked' not in page


def test_the_same_command_again_writes_the_same(measure, masks, printed):
  out = measure()
  before = files_of(out)
  assert {f for f in before if f.startswith('paper/')} == {
    *(f'paper/methods.{ending}' for ending in ('md', 'tex')),
    *(f'paper/tables.{ending}' for ending in ('csv', 'md', 'tex', 'xlsx')),
    'paper/references.bib',
    *(f'paper/figures/histogram.{kind}' for kind in ('pdf', 'png', 'svg')),
  }
  assert files_of(measure()) == before
  # A mask that is not there any more leaves nothing behind.
  (masks / 'b.png').unlink()
  after = files_of(measure())
  assert not [name for name in after if '/b.png' in name]
  assert 'over_images.csv' not in after and 'histogram.png' not in after


def test_what_is_not_its_own_is_kept(measure, tmp_path):
  out = measure()
  (out / 'summary.csv').write_text('precious')
  with pytest.raises(InputError, match='is not what the program wrote'):
    measure()
  assert (out / 'summary.csv').read_text() == 'precious'
  assert measure(overwrite=True)
  assert 'precious' not in (out / 'summary.csv').read_text()
  (tmp_path / 'mine').mkdir()
  (tmp_path / 'mine' / 'notes.txt').write_text('precious')
  with pytest.raises(InputError, match='holds files that are not of a session'):
    measure(output=str(tmp_path / 'mine'))
  # Nor into what predict has left.
  (tmp_path / 'session').mkdir()
  (tmp_path / 'session' / 'session.json').write_text('{}')
  with pytest.raises(InputError, match='holds files that are not of a session'):
    measure(output=str(tmp_path / 'session'))


def test_a_stop_leaves_the_folder_as_it_was(measure, tmp_path):
  with pytest.raises(Stopped):
    measure(After(2))
  assert not (tmp_path / 'out').exists()
  before = files_of(measure())
  with pytest.raises(Stopped):
    measure(After(2), pixel_size_nm=2.0)
  assert files_of(tmp_path / 'out') == before


def test_the_mean_and_the_total_are_told_apart(measure, masks):
  # Half of b's area: 8 in half of the volume.
  with Image.open(masks / 'b.png') as image:
    image.crop((0, 0, 200, 60)).save(masks / 'b.png')
  mean, pooled = rows_of(measure() / 'over_images.csv')
  assert (mean['over_images'], pooled['over_images']) == ('mean', 'pooled')
  # Five in 100 x 200 x 100 nm and eight in 60 x 200 x 100 nm.
  each = 5 / 2e-21, 8 / 1.2e-21
  assert float(mean['number_density_per_m3']) == pytest.approx(sum(each) / 2)
  assert float(pooled['number_density_per_m3']) == pytest.approx(13 / 3.2e-21)
  assert pooled['number_density_per_m3_images'] == '2'
