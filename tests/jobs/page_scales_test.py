"""Each page of a file has its own scale, and a doubt stands with its image."""

import json

import numpy as np
import pytest
import tifffile
import tiny
from sessions import rows_of
from tiff_tags import fei_text

pytestmark = [pytest.mark.xdist_group('predict'), pytest.mark.slow]


@pytest.fixture
def pages(tmp_path):
  """Two pages that FEI calibrated, and one in degrees."""
  path = tmp_path / 'pages.tif'
  pixels = np.asarray(tiny.foil(20, 96)[0])
  with tifffile.TiffWriter(path) as writer:
    for size in (0.25e-9, 0.5e-9):
      tag = (34682, 's', 0, fei_text(size, 96), True)
      writer.write(pixels, extratags=[tag], metadata=None)
    tags = [(65003 + axis, 's', 0, 'degree', True) for axis in range(2)]
    tags += [(65009 + axis, 'd', 1, 0.5, True) for axis in range(2)]
    writer.write(pixels, extratags=tags, metadata=None)
  return path


def test_pages_have_their_own_scales(predict, pages, tmp_path):
  assert predict(pages)
  out = tmp_path / 'out'
  rows = rows_of(out / 'summary.csv')
  assert [row['pixel_size_nm'] for row in rows] == ['0.25', '0.5', '']
  assert [row['warnings'] for row in rows[:2]] == ['', '']
  assert 'scale_in_doubt' in rows[2]['warnings']
  found = json.loads((out / 'summary.json').read_text())['warnings']
  (doubt,) = [one for one in found if one['name'] == 'scale_in_doubt']
  assert 'degree' in doubt['message']
  assert 'give --pixel_size_nm' in doubt['message']
  assert 'in &#39;degree&#39;' in (out / 'report.html').read_text()


def test_a_flag_is_used_for_what_is_not_understood(predict, pages, tmp_path):
  assert predict(pages, pixel_size_nm=0.5)
  rows = rows_of(tmp_path / 'out' / 'summary.csv')
  assert [row['pixel_size_nm'] for row in rows] == ['0.5'] * 3
  assert 'calibration_differs' in rows[0]['warnings']
  assert rows[1]['warnings'] == ''
  assert 'scale_in_doubt' in rows[2]['warnings']
