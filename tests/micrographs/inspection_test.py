"""What is set apart from a specimen before a network sees it."""

import numpy as np
import pytest

from defectseg_jax.errors import InputError
from defectseg_jax.micrographs.filling import fill_beside
from defectseg_jax.micrographs.grey_quality import grey_remarks
from defectseg_jax.micrographs.inspection import inspect_micrograph
from defectseg_jax.micrographs.micrograph import Micrograph

SHAPE = 96, 128
EVERYWHERE = np.ones(SHAPE, bool)


def noise(dose=1000):
  return np.random.default_rng(0).poisson(dose, SHAPE).astype(np.float32)


def inspect(pixels, **more):
  return inspect_micrograph(Micrograph(pixels, name='foil'), **more)


def names(remarks):
  return [remark.name for remark in remarks]


@pytest.mark.parametrize('dose', [0.5, 5, 1000])
def test_not_a_bit_changes_without_an_artefact(dose):
  found = inspect(noise(dose))
  np.testing.assert_array_equal(found.pixels, noise(dose))
  assert found.valid is None
  assert found.valid_fraction == 1
  assert found.replaced_pixels == 0


def test_all_that_is_found_is_said():
  pixels = noise()
  pixels[:10] = 0
  pixels[:, 120:] = np.nan
  pixels[50, 60] = 40_000
  found = inspect(pixels)
  expected = EVERYWHERE.copy()
  expected[:10] = expected[:, 120:] = False
  np.testing.assert_array_equal(found.valid, expected)
  assert found.replaced_pixels == 1
  assert abs(found.pixels[50, 60] - 1000) < 100
  beside, replaced = found.remarks
  assert beside.name == 'not_specimen'
  assert '16% of the image' in beside.message
  assert 'columns 120 to 127 (pixels that are no numbers)' in beside.message
  assert 'rows 0 to 9 (of one grey value, 0)' in beside.message
  assert replaced.name == 'outliers_replaced'
  assert '1 pixel was' in replaced.message
  assert 'row 50, column 60' in replaced.message


def test_both_can_be_switched_off():
  pixels = noise()
  pixels[:10], pixels[50, 60] = 0, 40_000
  found = inspect(pixels, find=False, replace=False)
  np.testing.assert_array_equal(found.pixels, pixels)
  assert found.valid is None
  # What is in plain sight is still said.
  assert names(found.remarks) == ['clipped_dark']


def test_a_mask_by_hand_is_taken_in_place_of_what_would_be_found():
  pixels = noise()
  pixels[:10] = 0
  pixels[3, :] = np.nan
  valid = EVERYWHERE.copy()
  valid[:, :64] = False
  found = inspect(pixels, valid=valid)
  assert found.valid[0, 100]
  assert not found.valid[3, 100]
  assert not found.valid[50, 10]
  assert 'by the mask that was given' in found.remarks[0].message


def test_a_mask_that_cannot_be_meant():
  with pytest.raises(InputError, match=r'^foil: .*bool \(3, 4\)'):
    inspect(noise(), valid=np.ones((3, 4), bool))
  with pytest.raises(InputError, match=r'^foil: no pixel of it is specimen'):
    inspect(noise(), valid=~EVERYWHERE)


def test_outliers_beside_the_specimen_are_not_counted():
  pixels = noise()
  pixels[5, 5] = pixels[60, 60] = 40_000
  valid = EVERYWHERE.copy()
  valid[:10] = False
  assert inspect(pixels, valid=valid).replaced_pixels == 1


def test_filling_mirrors_at_straight_edges():
  pixels = noise()
  valid = EVERYWHERE.copy()
  valid[:10] = valid[:, 120:] = False
  filled = fill_beside(np.where(valid, pixels, np.nan), valid)
  expected = np.pad(pixels[10:, :120], ((10, 0), (0, 8)), 'symmetric')
  # What lies beyond a corner is mirrored at the corner, not twice.
  expected[:10, 120:] = filled[:10, 120:]
  np.testing.assert_array_equal(filled, expected)


def test_filling_far_from_the_specimen_takes_the_nearest():
  valid = np.zeros((1, 9), bool)
  valid[0, :2] = True
  filled = fill_beside(np.array([[4, 5, 0, 0, 0, 0, 0, 0, 0]]), valid)
  assert filled.tolist() == [[4, 5, 5, 4, 5, 5, 5, 5, 5]]


def test_constant_empty_and_few_values_are_said_alone():
  def of(pixels):
    return names(grey_remarks(np.asarray(pixels, np.float32), EVERYWHERE))

  assert of(np.full(SHAPE, 7)) == ['image_constant']
  assert of(noise(0.1)) == ['image_nearly_empty']
  assert of(np.arange(96 * 128).reshape(SHAPE) % 9) == ['few_grey_values']
  assert of(noise()) == []
  assert of(noise(2)) == ['few_grey_values']
  assert of(noise(30)) == []


def test_clipped_pixels_are_said_with_their_share_and_place():
  pixels = noise()
  pixels[20:40, 30:60] += 800
  (bright,) = grey_remarks(np.minimum(pixels, 1500), EVERYWHERE)
  assert bright.name == 'saturated'
  assert '4.9% of the pixels' in bright.message
  assert 'rows 20 to 39, columns 30 to 59' in bright.message
  dark = grey_remarks(np.maximum(pixels, 980), EVERYWHERE)
  assert names(dark) == ['clipped_dark']


def test_grey_values_beside_the_specimen_say_nothing():
  pixels = noise()
  pixels[:60] = 65535
  valid = EVERYWHERE.copy()
  valid[:60] = False
  assert not grey_remarks(pixels, valid)
