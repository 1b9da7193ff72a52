"""Test lines over masks whose lines are known."""

import math

import numpy as np
import pytest

from defectseg_jax.errors import InputError
from defectseg_jax.quantification.dislocations import (
  line_intercepts,
  random_lines,
)
from defectseg_jax.quantification.dislocations.line_intercepts import (
  grid_crossings,
)
from defectseg_jax.quantification.dislocations.random_lines import (
  random_crossings,
)


def parallel_lines(angle, spacing_px, size=600, width_px=3.0):
  """Lines of this direction from the rows' one, 3 px wide, all over."""
  y, x = np.mgrid[:size, :size]
  across = y * math.cos(angle) - x * math.sin(angle)
  offset = (across + spacing_px / 2) % spacing_px - spacing_px / 2
  return np.abs(offset) <= width_px / 2


def rate(found):
  return found.count.sum() / found.length_px.sum()


@pytest.mark.parametrize('degrees', [0, 15, 30, 45, 62, 90])
@pytest.mark.parametrize('spacing_px', [20, 37])
def test_a_grid_over_parallel_lines(degrees, spacing_px):
  """A test line at an angle a to lines a distance s apart crosses them
  |sin a| / s times per length; on each, the count is off by less than 1."""
  angle = math.radians(degrees)
  found = grid_crossings(parallel_lines(angle, spacing_px), spacing_px=50)
  assert len(found.count) == 24
  expected = found.length_px / spacing_px
  expected[:12] *= abs(math.sin(angle))
  expected[12:] *= abs(math.cos(angle))
  # A test line that lies along the lines is on one or on none.
  along = expected < 1e-9
  assert (np.abs(found.count - expected)[~along] < 1.2).all()
  assert (found.count[along] <= 1).all()


def circle(radius, size=600, width_px=3.0):
  y, x = np.mgrid[:size, :size] - (size - 1) / 2
  return np.abs(np.hypot(y, x) - radius) <= width_px / 2


def test_buffons_circle_by_the_grid():
  """A circle crosses every test line that meets it twice. Of each direction
  2 r / s meet it, to one: pi / 2 N / L A is 2 pi r, to 1 in 2 r / s."""
  radius, spacing = 250, 5
  found = grid_crossings(circle(radius), spacing_px=spacing)
  length = math.pi / 2 * rate(found) * 600**2
  bound = spacing / (2 * radius)
  assert length == pytest.approx(2 * math.pi * radius, rel=bound)


def test_buffons_circle_by_lines_at_random():
  """A line meets the circle with probability p = 2 pi r / perimeter of the
  square; 2 crossings each. Three standard deviations of a binomial of n p."""
  radius, lines = 250, 2000
  found = random_crossings(circle(radius), lines=lines, seed=1)
  chance = 2 * math.pi * radius / (4 * 600)
  met = np.count_nonzero(found.count)
  spread = math.sqrt(lines * chance * (1 - chance))
  assert abs(met - lines * chance) < 3 * spread
  # All but those that run along the ring (within its 3 px) cross it twice.
  assert np.mean(found.count[found.count > 0] == 2) > 0.97
  # Mean chord of isotropic lines through a square: pi A / perimeter.
  assert found.length_px.mean() == pytest.approx(
    math.pi * 600**2 / (4 * 600), rel=3 * 0.5 / math.sqrt(lines)
  )
  length = math.pi / 2 * rate(found) * 600**2
  assert length == pytest.approx(2 * math.pi * radius, rel=3 * spread / met)


@pytest.mark.parametrize('width_px', [1.5, 3.0, 5.0])
def test_random_lines_do_not_trip_over_pixels(width_px):
  """Parallel lines, by test lines in all directions: 2 / (pi s) per length,
  and one run more where a test line begins inside a line.

  Of 1500 test lines through 600 pixels each crosses about 6 with a standard
  deviation over directions and lengths of about half of that: 3 deviations of
  the mean are 4%. Looking up the nearest pixel would find 17% too many."""
  mask = parallel_lines(math.radians(20), 50, width_px=width_px)
  found = random_crossings(mask, lines=1500, seed=0)
  expected = 2 / (math.pi * 50) * found.length_px.sum() + 1500 * mask.mean()
  assert found.count.sum() == pytest.approx(expected, rel=0.04)


def test_a_crossing_is_a_run_however_thick():
  mask = np.zeros((8, 40), bool)
  mask[:, 3:4] = mask[:, 10:25] = mask[:, 39:] = True
  found = grid_crossings(mask, spacing_px=8)
  # One horizontal line; vertical ones at 4, 12, 20, 28 and 36, two of them
  # inside a thick line all the way.
  assert found.count.tolist() == [3, 0, 1, 1, 0, 0]
  assert found.length_px.tolist() == [40, 8, 8, 8, 8, 8]


def test_intervals_run_from_middle_to_middle():
  mask = np.zeros((8, 40), bool)
  mask[:, 3:4] = mask[:, 10:25] = mask[:, 39:] = True
  # Middles at 3, 17 and 39 on the one horizontal line.
  found = line_intercepts.grid_intervals_px(mask, spacing_px=8)
  assert found.tolist() == [14, 22]
  # Of vertical lines, which come after: at 0 and 5.
  found = line_intercepts.grid_intervals_px(
    np.array([[1], [0], [0], [0], [0], [1]]), spacing_px=8
  )
  assert found.tolist() == [5]
  assert not len(line_intercepts.grid_intervals_px(mask * False, spacing_px=4))


@pytest.mark.parametrize(
  'column, count', [(7.7, 0), (8.1, 1), (8.9, 1), (9.3, 0)]
)
def test_pixels_lie_where_they_are(column, count):
  """The ninth column reaches from 8 to 9."""
  mask = np.zeros((20, 30), bool)
  mask[:, 8] = True
  ends = np.array([[0.0, column], [20.0, column]])
  assert random_lines._count_along(mask, *ends) == count


def test_seeds():
  mask = circle(100, 300)
  one, again, other = (random_crossings(mask, seed=s) for s in (0, 0, 1))
  np.testing.assert_array_equal(one.count, again.count)
  assert (one.length_px != other.length_px).any()


@pytest.mark.parametrize('shape', [(1, 1), (1, 9), (9, 1), (3, 40)])
def test_small_images_have_a_line_at_least(shape):
  for value, most in ((False, 0), (True, 1)):
    for find in (grid_crossings, random_crossings):
      found = find(np.full(shape, value))
      assert len(found.count) and (found.length_px > 0).all()
      assert (found.count == most).all()


@pytest.mark.parametrize('wrong', [0, -3, 2.5])
def test_spacing_and_number_of_lines(wrong):
  with pytest.raises(InputError, match=f'spacing_px={wrong}'):
    grid_crossings(np.zeros((5, 5), bool), spacing_px=wrong)
  with pytest.raises(InputError, match=f'lines={wrong}'):
    random_crossings(np.zeros((5, 5), bool), lines=wrong)
