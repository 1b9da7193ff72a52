"""Particles one by one, against regionprops and closed forms."""

import math

import numpy as np
import pytest
from scipy import ndimage
from skimage import measure

from defectseg_jax.errors import InputError
from defectseg_jax.quantification.particles import properties as module
from defectseg_jax.quantification.particles import run_lengths
from defectseg_jax.quantification.particles.properties import measure_particles


def irregular(seed=0, shape=(300, 280)):
  rng = np.random.default_rng(seed)
  noise = ndimage.gaussian_filter(rng.normal(size=shape), 4.0)
  return noise > np.quantile(noise, 0.75)


def disc(radius, shape=(200, 200), centre=(100.0, 100.0)):
  y, x = np.mgrid[: shape[0], : shape[1]]
  return np.hypot(y - centre[0], x - centre[1]) <= radius


@pytest.mark.parametrize('connectivity', [4, 8])
@pytest.mark.parametrize('seed', [0, 1])
def test_everything_that_regionprops_has_is_equal(seed, connectivity):
  mask = irregular(seed)
  image = np.random.default_rng(seed).normal(100, 20, size=mask.shape)
  found = measure_particles(
    mask, pixel_size_nm=0.5, image=image, connectivity=connectivity
  )
  expected = measure.regionprops_table(
    measure.label(mask, connectivity=connectivity // 4),
    image,
    properties=(
      'area',
      'centroid',
      'equivalent_diameter_area',
      'eccentricity',
      'mean_intensity',
      'bbox',
    ),
  )
  assert len(found) > 20
  np.testing.assert_array_equal(found.area_px, expected['area'])
  for mine, theirs in (
    (found.row_px, 'centroid-0'),
    (found.column_px, 'centroid-1'),
    (found.diameter_px, 'equivalent_diameter_area'),
    (found.mean_intensity, 'mean_intensity'),
  ):
    np.testing.assert_allclose(mine, expected[theirs], rtol=1e-12)
  # Near 0 an eccentricity is the root of a difference of equal numbers.
  np.testing.assert_allclose(
    found.eccentricity, expected['eccentricity'], atol=1e-7
  )
  box = np.stack([expected[f'bbox-{side}'] for side in range(4)], axis=1)
  np.testing.assert_array_equal(found.box_px, box)
  at_border = np.stack(
    [box[:, side] == end for side, end in enumerate((0, 0, *mask.shape))],
    axis=1,
  )
  assert at_border.any(axis=0).all()
  np.testing.assert_array_equal(found.at_border, at_border)
  np.testing.assert_array_equal(found.whole, ~at_border.any(axis=1))


def test_ferets_are_regionprops_to_its_pixels():
  """Equal where the mask has all pixels that its convex hull touches;
  regionprops adds those, and their sides lie up to a pixel further out."""
  mask = np.zeros((120, 330), bool)
  for number, radius in enumerate((6, 11.5, 20, 33)):
    mask |= disc(radius, mask.shape, (60, 40 + 60 * number))
  mask[20:50, 265:270] = mask[70:100, 265:320] = True
  found = measure_particles(mask, pixel_size_nm=1.0, connectivity=4)
  theirs = measure.regionprops_table(
    measure.label(mask, connectivity=1),
    properties=('feret_diameter_max', 'area_convex'),
  )
  convex = theirs['area_convex'] == found.area_px
  assert convex.sum() == 2
  further = theirs['feret_diameter_max'] - found.feret_maximum_px
  np.testing.assert_allclose(further[convex], 0, atol=1e-12)
  assert (further >= -1e-12).all() and (further <= 1).all()


@pytest.mark.parametrize('radius', [5.3, 20.1, 80.7])
def test_a_disc(radius):
  """Bound: pixels that the circle of circumference 2 pi r cuts are right or
  wrong by at most their half on average, and their signs are mixed: the error
  of the area is below a tenth of 2 pi r, which is 0.2 px of the diameter."""
  found = measure_particles(disc(radius), pixel_size_nm=0.25)
  assert found.diameter_px == pytest.approx([2 * radius], abs=0.2)
  assert found.diameter_nm == pytest.approx(found.diameter_px * 0.25)
  # The longer axis exceeds the shorter by at most a pixel, whose eccentricity
  # is sqrt(1 - (1 - 1 / 2 r)^2), below sqrt(1 / r).
  assert found.eccentricity[0] < math.sqrt(1 / radius)
  assert found.whole.all()


def test_squares_and_rectangles():
  mask = np.zeros((60, 90), bool)
  mask[10:30, 5:25] = True
  mask[40:50, 30:80] = True
  found = measure_particles(mask, pixel_size_nm=2.0)
  assert found.area_px.tolist() == [400, 500]
  assert found.row_px.tolist() == [19.5, 44.5]
  assert found.column_px.tolist() == [14.5, 54.5]
  assert found.diameter_nm == pytest.approx(
    [2 * math.sqrt(1600 / math.pi), 2 * math.sqrt(2000 / math.pi)]
  )
  # Of n pixels in a row the variance is (n^2 - 1) / 12.
  assert found.eccentricity == pytest.approx([0, math.sqrt(1 - 99 / 2499)])
  assert found.feret_minimum_px == pytest.approx([20, 10])


def test_columns_have_pixels_and_nanometres():
  mask = np.zeros((6, 8), bool)
  mask[0, 0] = mask[2:4, 3:5] = mask[5, 7] = True
  columns = measure_particles(mask, pixel_size_nm=0.5).columns()
  assert {len(column) for column in columns.values()} == {3}
  assert columns['id'].tolist() == [1, 2, 3]
  assert columns['touches_border'].tolist() == ['top+left', '', 'bottom+right']
  assert columns['area_px'].tolist() == [1, 4, 1]
  assert columns['area_nm2'].tolist() == [0.25, 1.0, 0.25]
  # The first pixel's middle is half a pixel from the edge.
  assert columns['x_nm'].tolist() == [0.25, 2.0, 3.75]
  assert columns['y_nm'].tolist() == [0.25, 1.5, 2.75]
  np.testing.assert_allclose(
    columns['feret_maximum_nm'], columns['feret_maximum_px'] * 0.5
  )
  assert np.isnan(columns['mean_intensity']).all()


@pytest.mark.parametrize(
  'mask, areas',
  [
    (np.zeros((7, 5), bool), []),
    (np.ones((7, 5), bool), [35]),
    (np.ones((1, 1), bool), [1]),
    (np.array([[1, 1, 0, 1, 0]]), [2, 1]),
    (np.array([[1, 1, 0, 1, 0]]).T, [2, 1]),
  ],
)
def test_degenerate_masks_have_answers(mask, areas):
  for separate in (False, True):
    found = measure_particles(mask, pixel_size_nm=1.0, separate=separate)
    assert found.area_px.tolist() == areas
    finite = ('diameter_nm', 'eccentricity', 'feret_maximum_px', 'row_px')
    for name in finite:
      assert np.isfinite(getattr(found, name)).all()
    assert found.at_border.shape == (len(areas), 4)
    assert len(found.columns()['id']) == len(areas)


def test_a_large_image_is_looked_at_in_blocks(monkeypatch):
  mask = irregular(3)
  whole = measure_particles(mask, pixel_size_nm=1.0).columns()
  monkeypatch.setattr(run_lengths, '_BLOCK_PX', 3 * mask.shape[1])
  parts = measure_particles(mask, pixel_size_nm=1.0).columns()
  for name, column in whole.items():
    np.testing.assert_array_equal(parts[name], column)


def test_far_from_the_corner_shapes_are_as_near_it():
  """Sums of squares about the corner would lose these digits."""
  near = measure_particles(disc(9, (30, 30), (15, 15)), pixel_size_nm=1.0)
  far = run_lengths.find_runs(disc(9, (30, 30), (15, 15)).astype(np.int32))
  far = far._replace(
    row=far.row + 10**7, first=far.first + 10**7, last=far.last + 10**7
  )
  found = module._moments(far, 1)
  assert found[3] == pytest.approx(near.eccentricity, abs=1e-6)


@pytest.mark.parametrize(
  'fields, said',
  [
    ({'pixel_size_nm': 0}, 'pixel_size_nm=0'),
    ({'pixel_size_nm': -0.3}, 'pixel_size_nm=-0.3'),
    ({'pixel_size_nm': math.nan}, 'pixel_size_nm=nan'),
    (
      {'pixel_size_nm': 1, 'image': np.zeros((3, 4))},
      r'image of shape \(3, 4\) for a mask of shape \(200, 200\)',
    ),
  ],
)
def test_wrong_input_is_one_clear_line(fields, said):
  with pytest.raises(InputError, match=said) as caught:
    measure_particles(disc(9), **fields)
  assert '\n' not in str(caught.value)
