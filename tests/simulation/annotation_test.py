import dataclasses

import numpy as np
import pytest
from small import small_foil

from defectseg_jax.simulation import annotation, dislocations, silhouettes

FOIL = small_foil()


def straight(start_px, end_px):
  """A line through pixel centres, at half the foil's depth."""
  ends = (np.array([start_px, end_px]) + 0.5) * FOIL.pixel_size_nm
  t = np.linspace(0, 1, 4000)[:, None]
  flat = ends[0] + t * (ends[1] - ends[0])
  points = np.column_stack([flat, np.full(len(flat), 90.0)])
  return dislocations.Line('shallow', points, 1.0, True)


def test_a_line_along_a_row_is_three_pixels_wide():
  mask = annotation.draw_lines([straight((20, 50), (200, 50))], FOIL)
  expected = np.zeros_like(mask)
  expected[49:52, 20:201] = True
  expected[50, [19, 201]] = True
  # The round ends add the pixels next to them, of which 1.5 is within reach.
  expected[[49, 51], 19] = expected[[49, 51], 201] = True
  np.testing.assert_array_equal(mask, expected)


@pytest.mark.parametrize('end', [(200, 180), (200, 110), (60, 200)])
def test_a_slanting_line_is_three_pixels_wide_too(end):
  start = np.array([30, 30])
  mask = annotation.draw_lines([straight(start, end)], FOIL)
  length = np.hypot(*(np.array(end) - start))
  round_ends = np.pi / 4 * 3**2
  assert mask.sum() == pytest.approx(3 * length + round_ends, rel=0.03)


def test_lines_are_cropped_at_the_edges():
  mask = annotation.draw_lines([straight((0, 0), (255, 0))], FOIL)
  assert mask[:2].all() and not mask[2:].any()


def of_path(path, rows, columns):
  return silhouettes.Silhouette(
    rows=rows,
    columns=columns,
    path_nm=path.astype(np.float32),
    touches_border=False,
    cut_by_surface=False,
    volume_in_foil_nm3=0.0,
  )


def test_outlines_are_filled_where_particles_are():
  path = np.zeros((20, 20))
  path[5:15, 5:15] = 10
  first = of_path(path, slice(0, 20), slice(30, 50))
  second = of_path(path, slice(0, 20), slice(34, 54))
  mask = annotation.fill_outlines([first, second], FOIL)
  assert mask.sum() == 10 * 14
  assert mask[5:15, 35:49].all()


def test_a_void_is_drawn_while_enough_of_it_shows():
  seen = of_path(np.full((10, 10), 12.0), slice(0, 10), slice(0, 10))
  over = np.zeros((256, 256), np.float32)
  assert annotation.void_is_drawn(seen, over)
  over[:6, :10] = 20
  assert annotation.void_is_drawn(seen, over)
  over[:8, :10] = 20
  assert not annotation.void_is_drawn(seen, over)
  # Precipitates much thinner than the void leave it bright.
  assert annotation.void_is_drawn(seen, over / 10)


def test_shavings_are_not_drawn():
  thin = of_path(np.full((10, 10), 1.0), slice(0, 10), slice(0, 10))
  thick = dataclasses.replace(thin, path_nm=thin.path_nm * 8)
  over = np.zeros((256, 256), np.float32)
  assert not annotation.void_is_drawn(thin, over)
  assert not annotation.precipitate_is_drawn(thin)
  assert annotation.void_is_drawn(thick, over)
  assert annotation.precipitate_is_drawn(thick)
