"""What the page shows of an image: thinned out, in its place, its own."""

import numpy as np
import pytest

from defectseg_jax.quantification import measure
from defectseg_jax.reporting import imagej_rois
from defectseg_jax.reporting.page import content


def probabilities_of_two():
  """One square that is found, and one that half the threshold would find."""
  probabilities = np.full((300, 400), 0.01, np.float32)
  probabilities[40:80, 40:80] = 0.9
  probabilities[200:240, 300:340] = 0.4
  return probabilities


def measurement(probabilities):
  return measure(
    probabilities > 0.5,
    'voids',
    pixel_size_nm=1.0,
    thickness_nm=100.0,
  )


def page_image(found, probabilities, least_peak=0.0):
  return content.page_image(
    'x',
    found,
    content.ImageArrays(
      pixels=probabilities,
      mask=probabilities > 0.5,
      probabilities=probabilities,
      truth=probabilities > 0.3,
    ),
    defect='voids',
    minimum_area_px=0,
    threshold=0.5,
    least_peak=least_peak,
    summary=found.summary,
  )


@pytest.mark.parametrize('largest_px', [400, 100])
def test_what_was_nearly_found_is_drawn_where_it_is(monkeypatch, largest_px):
  monkeypatch.setattr(content, '_LARGEST_LAYER_PX', largest_px)
  probabilities = probabilities_of_two()
  image = page_image(measurement(probabilities), probabilities)
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


@pytest.mark.parametrize(
  ('reached', 'why', 'percent'),
  [
    (0.4, 'threshold 0.50', 44),
    (0.7, 'an object must reach 0.90 somewhere', 78),
    (0.95, 'but no object by its size or its neighbours at any scale', 100),
  ],
)
def test_what_is_not_counted_says_what_it_reached_and_why(
  reached, why, percent
):
  probabilities = probabilities_of_two()
  found = measurement(probabilities)
  probabilities[200:240, 300:340] = reached
  image = page_image(found, probabilities, least_peak=0.9)
  reasons = dict(image.check)
  assert reasons[2] == (
    f'up to {percent}% of the answer: not counted, highest probability '
    f'{reached:.2f}, {why}'
  )


def test_the_page_changes_no_measurement(tmp_path):
  """ROI sets are the same whether they are written before or after it."""
  probabilities = probabilities_of_two()
  found = measurement(probabilities)
  before = found.labels.tobytes()
  imagej_rois.write_rois(tmp_path / 'before.zip', found.labels)
  image = page_image(found, probabilities)
  imagej_rois.write_rois(tmp_path / 'after.zip', found.labels)
  assert found.labels.tobytes() == before
  assert image.labels is not None and image.labels.max() == 2
  first, second = (tmp_path / f'{n}.zip' for n in ('before', 'after'))
  assert first.read_bytes() == second.read_bytes()
