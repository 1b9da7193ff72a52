"""An enlarged image is shown as it was recorded, with a network of any size."""

import numpy as np
import pytest
from scipy import ndimage

from defectseg_jax.prediction.enlarged import Enlargement
from defectseg_jax.prediction.merging import Merged
from defectseg_jax.prediction.scales import SeenSizes
from defectseg_jax.prediction.view import create_view

ANY = SeenSizes(diameter_px=(5, 80))
RECORDED = np.random.default_rng(0).poisson(40, (200, 240)).astype(np.float32)
LARGE = np.kron(RECORDED, np.ones((2, 2), np.float32))


def test_an_image_as_recorded_is_shown_bit_for_bit():
  valid = np.ones(RECORDED.shape, bool)
  valid[:5] = False
  view = create_view(RECORDED, valid, ANY)
  assert view.pixels is RECORDED and view.valid is valid
  assert view.zooms == view.image_zooms == (0.5, 1.0)
  assert view.remarks == ()
  found = Merged(valid, RECORDED, (1.0,))
  assert view.at_image(found, 0.5) is found


def test_an_enlarged_image_is_shown_as_it_was_recorded():
  view = create_view(LARGE, None, ANY)
  assert view.enlargement == Enlargement(2.0, repeated=True)
  np.testing.assert_allclose(view.pixels, RECORDED)
  assert view.means is None
  assert view.zooms == create_view(RECORDED, None, ANY).zooms
  assert view.image_zooms == (0.25, 0.5)
  (remark,) = view.remarks
  assert remark.name == 'enlarged_image'
  assert 'enlarged 2 times' in remark.message
  assert '240 x 200 pixels' in remark.message


def test_means_of_an_interpolated_image_are_smoother():
  large = np.asarray(ndimage.zoom(RECORDED, 2, order=1))
  view = create_view(large, None, ANY)
  assert view.enlargement == Enlargement(2.0)
  assert view.means is not None
  blocks = large.reshape(200, 2, 240, 2).mean((1, 3))
  np.testing.assert_allclose(view.means, blocks, rtol=1e-5)
  assert view.means.std() < 0.9 * view.pixels.std()


def test_objects_come_back_at_the_pixels_of_the_image():
  view = create_view(LARGE, None, ANY)
  mask = np.zeros(RECORDED.shape, bool)
  mask[20:40, 30:50] = True
  found = Merged(mask, np.where(mask, 0.9, 0.1).astype(np.float32), (1.0,))
  back = view.at_image(found, 0.5)
  assert back.zooms == (0.5,)
  np.testing.assert_array_equal(
    back.mask, np.kron(mask, np.ones((2, 2), bool)) > 0
  )
  assert back.probabilities.shape == LARGE.shape


def test_the_same_diameter_meets_the_network_at_the_same_scale():
  whole = create_view(
    RECORDED, None, ANY, pixel_size_nm=0.5, object_diameter_nm=40
  )
  large = create_view(
    LARGE, None, ANY, pixel_size_nm=0.25, object_diameter_nm=40
  )
  assert large.zooms == pytest.approx(whole.zooms)
  assert large.image_zooms == pytest.approx([zoom / 2 for zoom in whole.zooms])


def test_what_is_no_specimen_is_none_after_it_was_brought_back():
  valid = np.ones(LARGE.shape, bool)
  valid[-41:] = False
  framed = np.where(valid, LARGE, 5000)
  view = create_view(framed, valid, ANY)
  assert view.enlargement == Enlargement(2.0, repeated=True)
  assert view.valid is not None
  np.testing.assert_array_equal(view.valid.all(axis=1), np.arange(200) < 179)
  # The frame has not come into the specimen.
  assert view.pixels.max() < 100


@pytest.mark.parametrize(
  'seen', [SeenSizes(), SeenSizes(pixel_size_nm=(0.2, 0.4))]
)
def test_a_network_of_one_scale_is_shown_images_as_they_are(seen):
  """What it was trained on may have been enlarged, too."""
  assert create_view(LARGE, None, seen).pixels is LARGE
