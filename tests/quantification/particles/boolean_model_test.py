"""The Boolean model, against strewn shapes whose number is known."""

import math

import numpy as np
import pytest
from scipy import ndimage

from defectseg_jax.quantification.particles import boolean_model as module
from defectseg_jax.quantification.particles.boolean_model import (
  boolean_model,
  square_counts,
)


def strewn(rng, density, radii, size=500, squares=False):
  """Discs or squares of these radii on a Poisson process, over the edges."""
  margin = 2 * max(radii)
  count = rng.poisson(density * (size + 2 * margin) ** 2)
  mask = np.zeros((size, size), bool)
  for row, column in rng.uniform(-margin, size + margin, size=(count, 2)):
    radius = rng.choice(radii)
    top, left = (max(0, math.ceil(c - radius)) for c in (row, column))
    y, x = np.ogrid[
      top : max(top, math.floor(row + radius) + 1),
      left : max(left, math.floor(column + radius) + 1),
    ]
    part = mask[y[0, 0] if y.size else 0 : top + len(y), left : left + x.size]
    inside = (np.abs(y - row) <= radius) & (np.abs(x - column) <= radius)
    if not squares:
      inside = np.hypot(y - row, x - column) <= radius
    part |= inside[: part.shape[0], : part.shape[1]]
  return mask


@pytest.mark.parametrize('squares', [False, True])
def test_number_area_and_width_of_what_is_strewn(squares):
  """40 images of 0.0008 * 500^2 = 200 particles, of which about half merge.

  Poisson numbers vary by 1 / sqrt(200); that of the model by about a half
  more, since overlap hides some: 0.11 / sqrt(40) is 1.7%, three of them 5%.
  Area and width have the number in the denominator.
  """
  density, radii = 8e-4, [6.0, 10.0, 14.0]
  rng = np.random.default_rng(0)
  counts, clumps = [], 0
  for _ in range(40):
    mask = strewn(rng, density, radii, squares=squares)
    counts.append(square_counts(mask).sum(axis=0))
    clumps += ndimage.label(mask)[1]
  found = boolean_model(np.mean(counts, axis=0))
  radii = np.array(radii)
  area = np.mean((4 if squares else math.pi) * radii**2)
  assert found.number_per_px2 == pytest.approx(density, rel=0.05)
  assert found.area_px == pytest.approx(area, rel=0.05)
  assert found.width_px == pytest.approx(np.mean(2 * radii), rel=0.05)
  # What the model is for: clumps are little more than half of the particles.
  assert clumps / 40 / 500**2 < 0.7 * density


def test_discs_that_keep_apart_are_found_too_many():
  """Of n discs in an area S, none on another, pairs of pixels are free with
  1 - A - n w / S and squares with 1 - A - 2 n w / S - n / S. With A the area
  fraction n pi w^2 / (4 S), the logarithms give n (1 / (1 - A) + 4 / pi * A /
  (1 - A)^2) to first order of n / S."""
  y, x = np.mgrid[:600, :600]
  mask = np.hypot(y % 60 - 29.5, x % 60 - 29.5) <= 12
  covered = mask.mean()
  found = boolean_model(square_counts(mask).sum(axis=0))
  excess = 1 / (1 - covered) + 4 / math.pi * covered / (1 - covered) ** 2
  assert excess > 1.3
  assert found.number_per_px2 * 599**2 == pytest.approx(100 * excess, rel=0.03)


def test_one_square_far_from_others():
  """Free fractions differ from 1 by a / n, (a + w) / n and (a + w + h + 1) / n;
  to first order of 1 / n the model gives 1 / n, a and (w + h) / 2."""
  mask = np.zeros((400, 400), bool)
  mask[100:120, 200:230] = True
  found = boolean_model(square_counts(mask).sum(axis=0))
  n = 399**2
  assert found.number_per_px2 * n == pytest.approx(1, rel=2 * 651 / n * 651)
  assert found.area_px == pytest.approx(600, rel=0.02)
  assert found.width_px == pytest.approx(25, rel=0.02)


def test_squares_of_pixels_are_counted_by_hand():
  mask = np.array([[1, 0, 0], [0, 0, 1]], bool)
  # Left: only the pixel at the top left. Right: only that below right.
  counts = square_counts(mask, tiles=1)
  assert counts.shape == (1, 16)
  assert counts[0, 1] == 1 and counts[0, 8] == 1 and counts.sum() == 2


@pytest.mark.parametrize('shape', [(64, 64), (37, 91), (5, 200), (2, 2)])
def test_tiles_add_up_to_all_squares(shape):
  mask = np.random.default_rng(0).random(shape) < 0.3
  counts = square_counts(mask)
  assert counts.sum() == (shape[0] - 1) * (shape[1] - 1)
  np.testing.assert_array_equal(
    counts.sum(axis=0), square_counts(mask, tiles=1)[0]
  )
  # Three of four pixels of each square, in another way.
  full = mask[:-1, :-1] & mask[:-1, 1:] & mask[1:, :-1] & ~mask[1:, 1:]
  assert counts[:, 0b0111].sum() == full.sum()


def test_blocks_of_rows_change_nothing(monkeypatch):
  mask = np.random.default_rng(0).random((50, 40)) < 0.3
  whole = square_counts(mask)
  monkeypatch.setattr(module, '_BLOCK_PX', 3 * 40)
  np.testing.assert_array_equal(square_counts(mask), whole)


def test_nothing_everything_and_no_squares():
  nothing = boolean_model(square_counts(np.zeros((20, 20))).sum(axis=0))
  assert nothing.number_per_px2 == 0
  assert math.isnan(nothing.area_px) and math.isnan(nothing.width_px)
  for mask in (np.ones((20, 20)), np.zeros((1, 30)), np.ones((30, 1))):
    found = boolean_model(square_counts(mask).sum(axis=0))
    assert all(map(math.isnan, found))


def test_what_no_convex_particles_leave_is_no_number():
  """Free pixels as on a chessboard: pairs are never free, pixels are."""
  y, x = np.mgrid[:20, :20]
  found = boolean_model(square_counts((y + x) % 2 == 0).sum(axis=0))
  assert math.isnan(found.number_per_px2)
