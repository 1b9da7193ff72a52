"""Large images on the page: thinned out, and still in their places."""

import numpy as np
import pytest

from configs import voids
from defectseg_jax.quantification.measure_mask import measure
from defectseg_jax.reporting.page import content


@pytest.mark.parametrize('largest_px', [400, 100])
def test_what_was_nearly_found_is_drawn_where_it_is(monkeypatch, largest_px):
  monkeypatch.setattr(content, '_LARGEST_LAYER_PX', largest_px)
  probabilities = np.full((300, 400), 0.01, np.float32)
  probabilities[40:80, 40:80] = 0.9
  probabilities[200:240, 300:340] = 0.4
  config = voids.get_config()
  found = measure(
    probabilities > 0.5,
    'voids',
    pixel_size_nm=1.0,
    thickness_nm=100.0,
  )
  image = content.page_image(
    'x',
    found.summary,
    found,
    config=config,
    threshold=0.5,
    pixels=probabilities,
    mask=probabilities > 0.5,
    probabilities=probabilities,
    doubts=[],
    truth=probabilities > 0.3,
  )
  assert image.labels.shape == (300, 400)
  np.testing.assert_array_equal(
    image.labels == 2, (probabilities > 0.3) & (probabilities < 0.5)
  )
  first, second = image.objects
  assert (first['found'], second['found']) == (True, False)
  assert second['area_px'] == 1600
  assert second['row_px'] == pytest.approx(219.5, abs=3)
  assert second['column_px'] == pytest.approx(319.5, abs=3)
  assert [number for number, _ in image.check] == [2, 1]
  assert 'not counted, highest probability 0.40' in image.check[0][1]
  assert max(image.layers['comparison'].shape) <= largest_px
