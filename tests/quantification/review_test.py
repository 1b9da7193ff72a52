"""What to look at first, by hand."""

import numpy as np
import pytest

from defectseg_jax.errors import InputError
from defectseg_jax.quantification.review import (
  doubtful_objects,
  mean_probabilities,
  nearly_found_regions,
)


@pytest.fixture
def scene():
  """A sure large object, an unsure small one, and one almost found."""
  probabilities = np.full((60, 60), 0.01)
  probabilities[5:25, 5:25] = 0.99
  probabilities[40:44, 40:44] = 0.55
  probabilities[40:50, 5:15] = 0.4
  labels = np.zeros((60, 60), np.int32)
  labels[5:25, 5:25], labels[40:44, 40:44] = 1, 2
  return labels, probabilities


def test_means(scene):
  labels, probabilities = scene
  np.testing.assert_allclose(
    mean_probabilities(labels, probabilities, 2), [0.99, 0.55]
  )
  assert len(mean_probabilities(labels * 0, probabilities, 0)) == 0


def test_almost_found_is_apart_from_what_is_found(scene):
  labels, probabilities = scene
  # A rim of lower probability belongs to its object.
  probabilities[4, 5:25] = 0.3
  almost = nearly_found_regions(labels, probabilities, threshold=0.5)
  assert almost.max() == 1
  np.testing.assert_array_equal(
    almost > 0, (probabilities > 0.35) & (probabilities < 0.5)
  )
  none = nearly_found_regions(
    labels, probabilities, threshold=0.5, minimum_area_px=101
  )
  assert none.max() == 0


def test_what_moves_the_answer_comes_first(scene):
  labels, probabilities = scene
  almost = nearly_found_regions(labels, probabilities, threshold=0.5)
  unsure, nearly, sure = doubtful_objects(
    labels, almost, probabilities, threshold=0.5, power=1.0
  )
  assert [unsure.id, nearly.id, sure.id] == [2, 0, 1]
  # One of two by number; unsure to 0.4 / 0.5, 0.05 / 0.5 above, 0.49 / 0.5.
  assert nearly.influence == pytest.approx(0.5 * 0.8)
  assert unsure.influence == pytest.approx(0.5 * 0.9)
  assert sure.influence == pytest.approx(400 / 416 * 0.02)
  assert (nearly.row_px, nearly.column_px) == (44.5, 9.5)
  assert (nearly.area_px, nearly.probability) == (100, 0.4)
  (first,) = doubtful_objects(
    labels, almost, probabilities, threshold=0.5, power=1.0, most=1
  )
  assert first == unsure


def test_volume_counts_more_than_area():
  labels = np.zeros((20, 40), np.int32)
  labels[:10, :10], labels[:2, 20:22], labels[10:12, 20:22] = 1, 2, 3
  probabilities = np.where(labels, 0.6, 0.0)
  for power in (1.0, 1.5):
    found = doubtful_objects(
      labels, labels * 0, probabilities, threshold=0.5, power=power
    )
    share = 100**power / (100**power + 2 * 4**power)
    assert found[0].influence == pytest.approx(share * 0.8)


def test_nothing_at_all():
  empty = np.zeros((5, 5), np.int32)
  assert (
    doubtful_objects(empty, empty, empty * 1.0, threshold=0.5, power=1.0) == []
  )
  with pytest.raises(InputError, match='threshold=1'):
    doubtful_objects(empty, empty, empty * 1.0, threshold=1.0, power=1.0)


def test_an_object_that_thinning_lost_is_left_out(scene):
  labels, probabilities = scene
  lost = np.where(labels == 1, 3, labels)
  found = doubtful_objects(
    lost, labels * 0, probabilities, threshold=0.5, power=1.0
  )
  assert sorted(one.id for one in found) == [2, 3]
