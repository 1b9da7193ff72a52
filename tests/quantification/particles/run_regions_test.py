"""Pieces of labels by their runs, against scikit-image's by their pixels."""

import numpy as np
import pytest
import skimage

from defectseg_jax.quantification.particles.run_lengths import (
  find_runs,
  paint_runs,
)
from defectseg_jax.quantification.particles.run_regions import number_pieces


@pytest.mark.parametrize('connectivity', [4, 8])
@pytest.mark.parametrize('labels', [1, 2, 5, 900])
@pytest.mark.parametrize('shape', [(1, 40), (40, 1), (33, 57)])
def test_pieces_are_those_of_another_library(shape, labels, connectivity):
  rng = np.random.default_rng(labels)
  for share in (0.0, 0.3, 0.6, 1.0):
    ids = rng.integers(1, labels + 1, shape) * (rng.random(shape) < share)
    found = find_runs(ids)
    np.testing.assert_array_equal(paint_runs(found, shape), ids)
    runs, count = number_pieces(found, connectivity)
    painted = paint_runs(runs, shape)
    expected, number = skimage.measure.label(
      ids, background=0, connectivity=connectivity // 4, return_num=True
    )
    assert count == number
    # One number of ours for each of theirs.
    pairs = np.unique(np.stack([painted, expected]).reshape(2, -1), axis=1)
    for one in pairs:
      np.testing.assert_array_equal(np.sort(one), np.unique(expected))
    # In the order that what is measured of runs asks for.
    again = find_runs(painted)
    for one, two in zip(runs, again):
      np.testing.assert_array_equal(one, two)
