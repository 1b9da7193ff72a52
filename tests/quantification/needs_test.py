"""What can be said without a scale, or without a thickness."""

import math

import numpy as np
import pytest
from scipy import ndimage

from defectseg_jax.errors import InputError
from defectseg_jax.quantification import (
  kind_of,
  measure,
  why_missing,
)
from defectseg_jax.quantification.settings import QuantificationSettings

_KNOWN = {'pixel_size_nm': 0.5, 'thickness_nm': 100.0}
_LACKS = [
  {'pixel_size_nm': 0.5, 'thickness_nm': None},
  {'pixel_size_nm': None, 'thickness_nm': 100.0},
  {'pixel_size_nm': None, 'thickness_nm': None},
]


def masks():
  """Blobs, some at the edge; and a few lines."""
  noise = np.random.default_rng(3).random((160, 160))
  blobs = ndimage.gaussian_filter(noise, 4) > 0.515
  lines = np.zeros((160, 160), bool)
  lines[20, 5:150] = lines[40:140, 80] = True
  return {'voids': blobs, 'dislocations': lines}


@pytest.mark.parametrize('lengths', _LACKS, ids=str)
@pytest.mark.parametrize('defect', ['voids', 'dislocations'])
def test_what_needs_it_is_nan_and_all_else_as_it_is(defect, lengths):
  mask = masks()[defect]
  more = {
    'image': mask * 1.0,
    'settings': QuantificationSettings(
      thickness_uncertainty=0.1, pixel_size_uncertainty=0.02, unseen_nm=2.0
    ),
  }
  whole = measure(mask, defect, **_KNOWN, **more)
  found = measure(mask, defect, **lengths, **more)
  assert list(found.summary) == list(whole.summary)
  for name, value in found.summary.items():
    if why_missing(name, lengths):
      assert math.isnan(value), name
      assert not math.isnan(whole.summary[name]), name
    else:
      assert value == pytest.approx(whole.summary[name], nan_ok=True), name
  for name, column in found.objects.items():
    if why_missing(name, lengths):
      assert np.isnan(column).all()
    else:
      np.testing.assert_array_equal(column, whole.objects[name])
  np.testing.assert_array_equal(found.sizes_px, whole.sizes_px)
  np.testing.assert_array_equal(found.labels, whole.labels)
  assert not [one for one in found.warnings if 'correct' in one.name]


def test_an_empty_mask_is_no_density_of_nothing_known():
  """Without a volume not even 0 voids are 0 voids per volume."""
  found = measure(np.zeros((9, 9), bool), 'voids', **_LACKS[0])
  assert found.summary['count'] == 0
  assert found.summary['number_per_area_per_m2'] == 0
  assert math.isnan(found.summary['number_density_per_m3'])
  assert math.isnan(found.summary['swelling'])


def test_numbers_per_area_and_in_pixels():
  mask = np.zeros((100, 100), bool)
  mask[10:20, 10:20] = mask[50:60, 50:60] = True
  found = measure(mask, 'voids', pixel_size_nm=2.0, thickness_nm=None).summary
  # Two in 200 nm x 200 nm.
  assert found['number_per_area_per_m2'] == pytest.approx(5e13)
  assert found['number_per_area_per_m2_high'] == pytest.approx(
    5e13 * 7.2247 / 2, rel=1e-4
  )
  assert found['diameter_mean_px'] == pytest.approx(math.sqrt(400 / math.pi))
  lines = np.zeros((100, 100), bool)
  lines[50, 10:61] = True
  found = measure(lines, 'dislocations', pixel_size_nm=2.0, thickness_nm=None)
  length = found.summary['line_length_px']
  assert found.summary['line_length_per_area_per_m'] == pytest.approx(
    length * 2e-9 / 200e-9**2
  )


def test_every_headline_says_what_it_is():
  for defect in ('voids', 'dislocations'):
    kind = kind_of(defect)
    for name in (*kind.headlines, *kind.pixel_headlines):
      assert kind.conventions[name]


def test_a_length_that_is_wrong_is_refused_as_before():
  for name in _KNOWN:
    for value in (0.0, -1.0, math.nan, math.inf):
      with pytest.raises(InputError, match=f'{name}='):
        measure(np.ones((4, 4), bool), 'voids', **(_KNOWN | {name: value}))


def test_intervals_of_counting_need_what_their_number_needs():
  row = {'pixel_size_nm': 0.3, 'thickness_nm': None}
  for end in ('low', 'high'):
    name = f'number_density_per_m3_counting_{end}'
    assert why_missing(name, row) == 'needs the thickness'
    assert why_missing(f'diameter_mean_nm_counting_{end}', row) == ''
