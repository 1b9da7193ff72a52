import numpy as np
import pytest

from defectseg_jax.errors import InputError
from defectseg_jax.quantification import checks


@pytest.mark.parametrize('foreground', [1, 255, 65535])
@pytest.mark.parametrize('dtype', [np.uint16, np.int64, np.float32])
def test_two_valued_numbers_are_masks(foreground, dtype):
  mask = np.array([[0, foreground], [0, 0]], dtype)
  np.testing.assert_array_equal(
    checks.boolean_mask(mask), [[False, True], [False, False]]
  )


def test_a_boolean_mask_is_not_copied():
  mask = np.eye(3, dtype=bool)
  assert checks.boolean_mask(mask) is mask


@pytest.mark.parametrize('value', [False, 0, 0.0])
def test_nothing_marked_is_a_mask(value):
  assert not checks.boolean_mask(np.full((2, 3), value)).any()


@pytest.mark.parametrize(
  'mask, said',
  [
    (np.array([[0, 1, 2]]), 'holds the value 1;'),
    (np.array([[0, 7]]), 'holds the value 7;'),
    (np.array([[0, -1]]), 'holds the value -1;'),
    (np.array([[0.2, 1.0]]), r'holds the value 0\.2;.*threshold'),
    (np.array([[0.0, np.nan]]), 'holds NaN'),
    (np.zeros((2, 2, 3)), r'shape \(2, 2, 3\)'),
    (np.zeros(4), r'shape \(4,\)'),
    (np.zeros((0, 4)), r'shape \(0, 4\)'),
    (np.array([['a', 'b']]), 'dtype <U1'),
  ],
)
def test_what_is_no_mask_is_refused_in_one_line(mask, said):
  with pytest.raises(InputError, match=said) as caught:
    checks.boolean_mask(mask)
  assert '\n' not in str(caught.value)


@pytest.mark.parametrize('value', [0, -1.0, np.nan, np.inf, '3', None, True])
def test_what_must_be_positive_is_named_with_its_value(value):
  with pytest.raises(InputError, match=f'thickness_nm={value}'):
    checks.require_positive(value, 'thickness_nm')


@pytest.mark.parametrize('value', [-0.1, np.nan, np.inf])
def test_what_may_not_be_negative(value):
  with pytest.raises(InputError, match=f'unseen_nm={value}'):
    checks.require_not_negative(value, 'unseen_nm')
  checks.require_not_negative(0, 'unseen_nm')


@pytest.mark.parametrize('value', [-0.1, 1, np.nan])
def test_fractions_are_below_one(value):
  with pytest.raises(InputError, match=f'unseen_fraction={value}'):
    checks.require_fraction(value, 'unseen_fraction')
  checks.require_fraction(0.99, 'unseen_fraction')
