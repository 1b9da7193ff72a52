"""Where 4 and 8 neighbours make other numbers, a session says so."""

import io

import numpy as np
import pytest
from PIL import Image
from rich.console import Console
from sessions import Never, by_image

from configs import voids
from defectseg_jax.jobs import quantify as job
from defectseg_jax.sessions.requests import QuantifyRequest


def squares_at_corners(shape):
  """Three pairs of squares of 16 pixels that touch at a corner."""
  mask = np.zeros(shape, bool)
  for column in (10, 70, 130):
    mask[10:26, column : column + 16] = True
    mask[26:42, column + 16 : column + 32] = True
  return mask


@pytest.fixture
def measure(tmp_path):
  """Measures the masks of a folder; what was said, and the row."""

  def go(folder, connectivity):
    config = voids.get_config()
    config.quantification.connectivity = connectivity
    out = tmp_path / f'quantified_{connectivity}'
    console = Console(file=io.StringIO(), width=400)
    request = QuantifyRequest(
      masks=[str(folder)],
      output=str(out),
      pixel_size_nm=0.5,
      thickness_nm=100.0,
    )
    job.quantify(config, request, console, Never())
    (row,) = by_image(out).values()
    return console.file.getvalue(), row

  return go


def test_both_ways_to_count_are_said_and_are_right(measure, tmp_path):
  (tmp_path / 'masks').mkdir()
  mask = squares_at_corners((64, 200)) * np.uint8(255)
  Image.fromarray(mask).save(tmp_path / 'masks' / 'a.png')
  said, joined = measure(tmp_path / 'masks', 8)
  assert joined['warnings'].startswith('connectivity_matters')
  assert ': 3 counted, of 12.8 nm mean diameter. If they' in said
  assert '(4): 6, of 9.03 nm. Say which you took' in said
  _, apart = measure(tmp_path / 'masks', 4)
  assert (joined['count'], apart['count']) == ('3', '6')
  assert float(joined['diameter_mean_nm']) == pytest.approx(12.8, abs=0.05)
  assert float(apart['diameter_mean_nm']) == pytest.approx(9.03, abs=0.005)


@pytest.mark.slow
@pytest.mark.xdist_group('predict')
def test_the_page_says_it_and_its_advice_works(
  predict, another_network, session, measure, tmp_path
):
  another_network(
    'squares', lambda pixels, **_: np.float32(squares_at_corners(pixels.shape))
  )
  assert predict(session / 'x.tif')
  page = (tmp_path / 'out' / 'report.html').read_text()
  assert 'connectivity matters' in page
  assert '(connectivity 8): 3 counted, of 12.8 nm mean' in page
  _, apart = measure(tmp_path / 'out' / 'masks', 4)
  assert apart['count'] == '6'
