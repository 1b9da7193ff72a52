"""Frames and data bars are found, and specimens are not taken for them."""

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw

from defectseg_jax.micrographs.specimen import describe_place, find_specimen

SHAPE = 240, 320


def noise(dose=1000, shape=SHAPE):
  return np.random.default_rng(0).poisson(dose, shape).astype(np.float32)


def grey_8_bits(shape=SHAPE):
  values = np.random.default_rng(0).normal(110, 12, shape)
  return np.clip(values, 0, 255).astype(np.uint8)


def with_bar(pixels, *, height=32, ground=0, letters=255):
  """A micrograph with a bar below, as the programs of SEMs draw it."""
  picture = Image.fromarray(pixels)
  draw = ImageDraw.Draw(picture)
  top = picture.height - height
  draw.rectangle([0, top, picture.width, picture.height], fill=ground)
  draw.text((6, top + 4), 'EHT = 20.00 kV   WD = 5.1 mm', fill=letters)
  draw.text((6, top + 16), 'Mag = 50.00 K X   200 nm', fill=letters)
  draw.rectangle([200, top + 22, 280, top + 25], fill=letters)
  return np.array(picture)


def all_but(shape, *, rows=slice(0, 0), columns=slice(0, 0)):
  valid = np.ones(shape, bool)
  valid[rows] = False
  valid[:, columns] = False
  return valid


@pytest.mark.parametrize('value', [0, 255, 65535, 1000])
def test_a_frame_of_one_value(value):
  pixels = noise()
  pixels[:24] = value
  pixels[:, 300:] = value
  found = find_specimen(pixels)
  expected = all_but(SHAPE, rows=slice(0, 24), columns=slice(300, None))
  np.testing.assert_array_equal(found.valid, expected)
  assert len(found.beside) == 2
  assert found.beside[0].startswith('rows 0 to 23')
  assert found.beside[1].startswith('columns 300 to 319')


def test_a_frame_of_8_bits_whose_value_the_specimen_has_too():
  pixels = grey_8_bits()
  pixels[pixels < 90] = 0
  pixels[:, :11] = 0
  pixels[236:] = 0
  expected = all_but(SHAPE, rows=slice(236, None), columns=slice(0, 11))
  np.testing.assert_array_equal(find_specimen(pixels).valid, expected)


@pytest.mark.parametrize('dose', [0.001, 0.01, 0.1, 0.5, 1, 5, 100])
def test_no_frame_where_few_electrons_were_counted(dose):
  found = find_specimen(noise(dose, (1024, 1024)))
  assert found.valid.all()
  assert not found.beside


def test_the_corners_that_a_rotation_leaves():
  rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]]
  free = (rows + 4 * columns < 60) | (rows + 4 * columns > 1450)
  pixels = np.where(free, 0, noise())
  found = find_specimen(pixels)
  np.testing.assert_array_equal(found.valid, ~free)
  assert 'filled region of one grey value, 0' in found.beside[0]


def test_a_clipped_object_at_the_side_is_specimen():
  rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]]
  # As a lens blurs it: over some pixels.
  void = 1 / (1 + np.exp(np.hypot(rows - 120, columns) - 40))
  pixels = np.minimum(noise() * (1 + 0.5 * void), 1300)
  assert find_specimen(pixels).valid.all()


def test_nothing_is_taken_for_a_frame_in_a_drawing():
  pixels = np.zeros(SHAPE)
  pixels[50:90, 50:90] = 255
  pixels[100:150, 280:] = 255
  assert find_specimen(pixels).valid.all()
  assert find_specimen(np.full(SHAPE, 7)).valid.all()


@pytest.mark.parametrize(('ground', 'letters'), [(0, 255), (255, 0), (60, 220)])
@pytest.mark.parametrize('turns', range(4))
def test_a_data_bar_at_each_side(ground, letters, turns):
  pixels = np.rot90(with_bar(grey_8_bits(), ground=ground, letters=letters))
  expected = np.rot90(all_but(SHAPE, rows=slice(208, None)))
  found = find_specimen(np.rot90(pixels, turns))
  np.testing.assert_array_equal(found.valid, np.rot90(expected, turns))
  assert '(a data bar)' in found.beside[0]


@pytest.mark.parametrize('quality', [75, 90])
def test_a_data_bar_in_a_jpeg(quality):
  written = io.BytesIO()
  Image.fromarray(with_bar(grey_8_bits())).save(
    written, 'JPEG', quality=quality
  )
  found = find_specimen(np.asarray(Image.open(written)))
  # Compression smears the line between the two.
  assert abs(np.count_nonzero(~found.valid.any(axis=1)) - 32) <= 2
  assert found.valid[:206].all()


def test_a_data_bar_within_a_frame():
  pixels = np.pad(with_bar(grey_8_bits()), ((0, 0), (20, 0)))
  found = find_specimen(pixels)
  expected = all_but((240, 340), rows=slice(208, None), columns=slice(0, 20))
  np.testing.assert_array_equal(found.valid, expected)


def test_a_smooth_dark_part_is_no_bar():
  pixels = grey_8_bits().astype(int)
  pixels[200:] = np.random.default_rng(1).poisson(0.2, (40, SHAPE[1]))
  assert find_specimen(pixels).valid.all()


def test_frames_and_nan_together():
  pixels = noise()
  pixels[:5] = np.nan
  pixels[5:9] = 0
  found = find_specimen(pixels)
  np.testing.assert_array_equal(found.valid, all_but(SHAPE, rows=slice(0, 9)))


def test_places_in_words():
  where = np.zeros((20, 30), bool)
  where[4:9] = True
  assert describe_place(where) == 'rows 4 to 8'
  where[:] = False
  where[3, 5:7] = True
  assert describe_place(where) == 'row 3, columns 5 to 6'
  assert describe_place(np.ones((2, 2), bool)) == 'all over the image'
