"""Micrograph: what it converts and what it refuses."""

import dataclasses

import numpy as np
import pytest

from defectseg_jax.errors import InputError
from defectseg_jax.micrographs.micrograph import Micrograph


def test_converts_to_float32_and_keeps_unknowns_unknown():
  micrograph = Micrograph(np.array([[0, 65535]], np.uint16), name='foil')
  assert micrograph.pixels.dtype == np.float32
  assert micrograph.pixels.tolist() == [[0.0, 65535.0]]
  assert micrograph.pixel_size_nm is None
  assert micrograph.thickness_nm is None


def test_booleans_become_zero_and_one():
  micrograph = Micrograph(np.array([[True, False]]), name='foil')
  assert micrograph.pixels.tolist() == [[1.0, 0.0]]


def test_lengths_become_floats():
  micrograph = Micrograph(
    np.zeros((1, 1)),
    name='foil',
    pixel_size_nm=np.float32(0.5),
    thickness_nm=120,
  )
  assert type(micrograph.pixel_size_nm) is float
  assert (micrograph.pixel_size_nm, micrograph.thickness_nm) == (0.5, 120.0)


def test_is_frozen():
  micrograph = Micrograph(np.zeros((1, 1)), name='foil')
  with pytest.raises(dataclasses.FrozenInstanceError):
    micrograph.name = 'other'


def test_pixels_that_are_no_numbers_are_missing():
  pixels = np.arange(20.0).reshape(4, 5) - 7
  pixels[1, 3] = np.inf
  pixels[2, 0] = np.nan
  micrograph = Micrograph(pixels, name='foil')
  np.testing.assert_array_equal(micrograph.missing, ~np.isfinite(pixels))
  assert micrograph.pixels[1, 3] == micrograph.pixels[2, 0] == -7
  # As a copy with another thickness.
  copied = dataclasses.replace(micrograph, thickness_nm=100.0)
  assert copied.missing is micrograph.missing
  message = r'^a/foil.tif: foil: 2 pixels are NaN or infinite.* row 1, column 3'
  with pytest.raises(InputError, match=message) as caught:
    micrograph.require_complete('a/foil.tif')
  assert '\n' not in str(caught.value)


def test_nothing_is_missing_of_a_complete_micrograph():
  micrograph = Micrograph(np.zeros((2, 3)), name='foil')
  assert micrograph.missing is None
  micrograph.require_complete('foil.tif')


def test_float64_beyond_float32_is_missing():
  micrograph = Micrograph(np.array([[1e300, 0.0]]), name='foil')
  assert micrograph.missing.tolist() == [[True, False]]


def test_refuses_an_image_without_any_number():
  with pytest.raises(InputError, match=r'^foil: all 4 pixels are NaN'):
    Micrograph(np.full((2, 2), np.nan), name='foil')


@pytest.mark.parametrize(
  ('pixels', 'found'),
  [
    (np.zeros(4), r'\(4,\)'),
    (np.zeros((2, 2, 3)), r'\(2, 2, 3\)'),
    (np.zeros((0, 5)), r'\(0, 5\)'),
    (np.zeros((2, 2), complex), 'complex128'),
    (np.array([['a']]), '<U1'),
    (np.array([[None]]), 'object'),
  ],
)
def test_refuses_other_arrays(pixels, found):
  with pytest.raises(InputError, match=f'^foil: .*{found}') as caught:
    Micrograph(pixels, name='foil')
  assert '\n' not in str(caught.value)


@pytest.mark.parametrize('field', ['pixel_size_nm', 'thickness_nm'])
@pytest.mark.parametrize('value', [0, -1.5, float('nan'), float('inf'), 'a'])
def test_refuses_lengths_that_are_none(field, value):
  with pytest.raises(InputError, match=f'^foil: {field} is {value!r}'):
    Micrograph(np.zeros((1, 1)), name='foil', **{field: value})
