import numpy as np
import pytest

from defectseg_jax.evaluation.confusion import (
  Confusion,
  confusion,
  pool,
  ratios,
  summary,
)


def test_counts_by_hand():
  prediction = np.array([[1, 1, 0], [0, 0, 1]], bool)
  truth = np.array([[1, 0, 0], [1, 0, 1]], bool)
  assert confusion(prediction, truth) == Confusion(2, 1, 1, 2)


def test_shapes_must_agree():
  with pytest.raises(ValueError, match=r'\(2, 2\).*\(2, 3\)'):
    confusion(np.zeros((2, 2), bool), np.zeros((2, 3), bool))


def test_ratios_by_hand():
  assert ratios(Confusion(6, 2, 4, 88)) == {
    'pixel_accuracy': 0.94,
    'precision': 0.75,
    'recall': 0.6,
    'iu': 0.5,
  }


@pytest.mark.parametrize(
  'counts, expected',
  [
    # precision, recall, IU
    (Confusion(0, 0, 0, 9), (1, 1, 1)),
    (Confusion(0, 3, 0, 6), (0, 0, 0)),
    (Confusion(0, 0, 3, 6), (0, 0, 0)),
  ],
)
def test_empty_masks_have_the_documented_answer(counts, expected):
  found = ratios(counts)
  assert (found['precision'], found['recall'], found['iu']) == expected


def test_pooled_counts_are_sums():
  assert pool([Confusion(1, 2, 3, 4), Confusion(5, 6, 7, 8)]) == (
    6,
    8,
    10,
    12,
  )


def test_summary_by_hand():
  # IU 0.5 and 0.25; pooled (1 + 1) / (2 + 4).
  found = summary([Confusion(1, 1, 0, 8), Confusion(1, 1, 2, 6)])
  assert [row['iu'] for row in found['per_image']] == [0.5, 0.25]
  assert found['mean']['iu'] == 0.375
  # |0.5 - 0.375| * sqrt(2): the sample standard deviation of two.
  assert found['std']['iu'] == pytest.approx(0.125 * 2**0.5)
  assert found['pooled']['iu'] == pytest.approx(2 / 6)


def test_one_image_has_no_standard_deviation():
  assert summary([Confusion(1, 1, 0, 8)])['std'] == {
    'pixel_accuracy': None,
    'precision': None,
    'recall': None,
    'iu': None,
  }
