"""Images that programs enlarged are known, and brought back."""

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from defectseg_jax.prediction.enlarged import (
  Enlargement,
  bring_back,
  enlarge_again,
  enlarge_objects,
  find_enlargement,
)

WAYS = ('NEAREST', 'BILINEAR', 'BICUBIC', 'LANCZOS')


def recorded(side_px=150, seed=0):
  """Discs that a microscope blurs, and the noise of a camera."""
  rng = np.random.default_rng(seed)
  rows, columns = np.mgrid[:side_px, :side_px]
  pixels = np.full((side_px, side_px), 100.0)
  for top, left in rng.uniform(0, side_px, (6, 2)):
    pixels += 25 / (1 + np.exp(np.hypot(rows - top, columns - left) - 12))
  return rng.poisson(pixels).astype(np.float32)


def enlarged(pixels, factor, way):
  if way == 'corners':
    return ndimage.zoom(pixels, factor, order=1)
  sides = [round(factor * side) for side in pixels.shape[::-1]]
  return np.asarray(
    Image.fromarray(pixels).resize(sides, getattr(Image.Resampling, way))
  )


@pytest.mark.parametrize('way', [*WAYS, 'corners'])
@pytest.mark.parametrize('factor', [1.5, 2, 2.5, 3, 4])
def test_the_factor_is_found(factor, way):
  found = find_enlargement(enlarged(recorded(), factor, way))
  assert found is not None
  assert found.factor == pytest.approx(factor, rel=0.01)
  assert found.repeated == (way == 'NEAREST')


@pytest.mark.parametrize('factor', [2, 3])
def test_it_is_found_in_grey_values_of_a_byte(factor):
  pixels = np.rint(enlarged(recorded(), factor, 'BILINEAR'))
  assert find_enlargement(pixels) == Enlargement(factor)


def test_it_is_found_in_an_image_that_is_not_square():
  pixels = enlarged(recorded()[:, :90], 2, 'BILINEAR')
  assert find_enlargement(pixels) == Enlargement(2)


@pytest.mark.parametrize('seed', range(3))
@pytest.mark.parametrize(
  'change',
  [
    lambda pixels: pixels,
    lambda pixels: pixels.reshape(150, 2, 150, 2).mean((1, 3)),
    lambda pixels: ndimage.gaussian_filter(pixels, 0.8),
    lambda pixels: ndimage.gaussian_filter(pixels, 2.0),
    lambda pixels: np.rint(ndimage.gaussian_filter(pixels, 1.5)),
    lambda pixels: enlarged(pixels, 0.5, 'BILINEAR'),
    lambda pixels: enlarged(pixels, 0.7, 'BILINEAR'),
    lambda pixels: enlarged(pixels, 0.7, 'BICUBIC'),
    lambda pixels: np.full_like(pixels, 7),
    lambda pixels: pixels[:50, :50],
  ],
)
def test_other_images_are_left_alone(change, seed):
  """Blur of a microscope, bins of a camera, and a reduced image."""
  assert find_enlargement(change(recorded(300, seed))) is None


def test_compression_is_no_enlargement(tmp_path):
  pixels = np.clip(recorded(300), 0, 255).astype(np.uint8)
  Image.fromarray(pixels).save(tmp_path / 'x.jpg', quality=60)
  assert find_enlargement(np.asarray(Image.open(tmp_path / 'x.jpg'))) is None


@pytest.mark.parametrize(
  ('factor', 'way', 'most'),
  [
    (2, 'NEAREST', 1e-6),
    (3, 'NEAREST', 1e-6),
    (2, 'BILINEAR', 0.03),
    (3, 'BILINEAR', 0.15),
    (2, 'corners', 0.5),
  ],
)
def test_recorded_pixels_come_back(factor, way, most):
  """Nearer than the noise of a pixel; means alone are further away."""
  pixels = recorded()
  large = enlarged(pixels, factor, way)
  back = bring_back(large, Enlargement(factor, way == 'NEAREST'))
  means = bring_back(large, Enlargement(factor, repeated=True))
  inner = (slice(8, -8), slice(8, -8))

  def away(one):
    return float(np.std((one - pixels)[inner]) / np.sqrt(pixels.mean()))

  assert back.shape == pixels.shape
  assert away(back) <= most
  if way != 'NEAREST':
    assert away(means) > 1.2 * away(back)
  # The noise is as strong as it was.
  high = [ndimage.laplace(one)[inner].std() for one in (back, pixels)]
  assert high[0] == pytest.approx(high[1], rel=0.2)


def test_what_a_cubic_had_enlarged_is_a_little_too_sharp():
  pixels = recorded()
  back = bring_back(enlarged(pixels, 2, 'BICUBIC'), Enlargement(2))
  inner = (slice(8, -8), slice(8, -8))
  away = np.std((back - pixels)[inner]) / np.sqrt(pixels.mean())
  high = [ndimage.laplace(one)[inner].std() for one in (back, pixels)]
  assert away < 0.5 and 1.0 < high[0] / high[1] < 1.7


def test_a_last_row_that_is_not_whole_is_left_out_and_given_again():
  large = np.kron(np.arange(12.0).reshape(3, 4), np.ones((2, 2)))[:5]
  back = bring_back(large, Enlargement(2, repeated=True))
  assert back.shape == (2, 4)
  again = enlarge_again(back, 2, large.shape)
  assert again.shape == (5, 8)
  np.testing.assert_allclose(again[4], again[3])


def test_enlarging_again_keeps_places():
  ramp = np.broadcast_to(np.arange(20.0), (20, 20))
  large = enlarge_again(ramp, 3, (60, 60))
  np.testing.assert_allclose(
    large[30, 3:-3], (np.arange(60)[3:-3] + 0.5) / 3 - 0.5, atol=1e-5
  )


def test_a_disc_keeps_its_area_between_pixels():
  """It is that of the circle where the probability is the threshold."""
  rows, columns = np.mgrid[:40, :40]
  probabilities = 0.6 + (9.3 - np.hypot(rows - 19.7, columns - 20.2)) / 8
  probabilities = np.clip(probabilities, 0, 1).astype(np.float32)
  mask = enlarge_objects(
    probabilities >= 0.6, probabilities, 0.6, 3, (120, 120)
  )
  assert mask.sum() / 9 == pytest.approx(np.pi * 9.3**2, rel=0.01)


@pytest.mark.parametrize('factor', [1.5, 2, 2.4, 3, 5])
def test_objects_come_back_one_for_one(factor):
  """As many as before: none breaks up, none grows together, none is lost."""
  rng = np.random.default_rng(0)
  probabilities = ndimage.gaussian_filter(rng.normal(size=(80, 90)), 1.0)
  probabilities = np.clip(0.5 + probabilities, 0, 1).astype(np.float32)
  mask = probabilities >= 0.6
  # One is sure of itself, and left out; another has a hole that was filled.
  labels, count = ndimage.label(mask, np.ones((3, 3)))
  mask = ndimage.binary_fill_holes(mask & (labels != 5))
  labels, count = ndimage.label(mask, np.ones((3, 3)))
  shape = (round(80 * factor), round(90 * factor))
  large = enlarge_objects(mask, probabilities, 0.6, factor, shape)
  assert ndimage.label(large, np.ones((3, 3)))[1] == count
  rows, columns = (
    np.minimum((np.arange(side) + 0.5) / factor, last - 1).astype(int)
    for side, last in zip(shape, mask.shape)
  )
  found = np.unique(labels[rows[:, None], columns][large])
  assert set(found) >= set(range(1, count + 1))
  assert large.sum() / factor**2 == pytest.approx(mask.sum(), rel=0.1)
