"""Dislocations of a domain: images against labels and closed forms."""

import dataclasses
import math

import numpy as np
import pytest
from scipy import ndimage

from configs import dislocations
from defectseg_jax.simulation.domain.line_contrast import (
  Diffraction,
  label_lines,
  paint_lines,
)
from defectseg_jax.simulation.domain.line_scene import (
  Curve,
  LineSettings,
  draw_curves,
  hole_px,
)
from defectseg_jax.simulation.domain.patches import simulate_patch
from defectseg_jax.simulation.domain.settings import domain_settings
from defectseg_jax.simulation.parameters import FoilParameters

EVEN = Diffraction(
  beats=4.0, beating=0.0, swing=0.0, double=0.0, apart=2.0, no_contrast=0.0
)


def line(angle_deg, width_px=4.0):
  along = np.array(
    [math.cos(math.radians(angle_deg)), math.sin(math.radians(angle_deg))]
  )
  points = 48 + np.linspace(-60, 60, 61)[:, None] * along
  return Curve(points, np.linspace(0, 1, 61), width_px, 1.0)


def loop(radius_px, width_px, *, filled=False):
  angle = np.linspace(0, 2 * math.pi, 64)
  points = 48 + radius_px * np.stack([np.cos(angle), np.sin(angle)], axis=1)
  points[-1] = points[0]
  return Curve(points, np.full(64, 0.5), width_px, 1.0, filled)


def paint(curve, **changes):
  kind = Diffraction(**(vars(EVEN) | changes))
  return paint_lines(96, [curve], kind, np.random.default_rng(0))


def patch(kind, index=0, **objects):
  config = dislocations.get_config('scale=general').domain.to_dict()
  config['imaging'] = {name: float(name == kind) for name in config['imaging']}
  config['objects'] |= {'empty_fraction': 0.0, **objects}
  config['lines'] |= {'darkness': (1.0, 1.5), 'loops_only_fraction': 0.0}
  return simulate_patch(
    domain_settings(config),
    FoilParameters(),
    defect='dislocations',
    side_px=128,
    seed=(5, index),
  )


@pytest.mark.parametrize('angle_deg', [0, 20, 45, 90, 135])
def test_a_line_is_as_dark_in_every_direction(angle_deg):
  picture = paint(line(angle_deg))
  assert picture[44:53, 44:53].max() == pytest.approx(1, abs=0.25)


@pytest.mark.parametrize('width_px', [3.0, 6.0])
def test_a_line_has_its_width_at_half_height(width_px):
  profile = paint(line(0, width_px))[:, 48]
  above = (profile > profile.max() / 2).sum()
  assert above == pytest.approx(width_px, abs=1.01)


def test_double_images_lie_on_both_sides():
  profile = paint(line(0), double=1.0, apart=3.0)[:, 48]
  assert profile[48] < 0.5 * profile[43:54].max()


def test_contrast_beats_as_often_as_it_should():
  row = paint(line(0, 2.0), beats=12.0, beating=1.0)[47:50].max(axis=0)
  # The micrograph shows 96 of the line's 120 pixels.
  dark = row > ndimage.uniform_filter1d(row, 10)
  assert np.diff(dark.astype(int)).clip(0).sum() == pytest.approx(9.6, abs=1.6)


def test_labels_are_three_pixels_wide_whatever_the_image():
  for width_px in (2.0, 9.0):
    mask = label_lines(96, [line(0, width_px)])
    assert mask[:, 48].sum() == 3
    assert mask[48, 48]


def test_a_loop_is_labelled_along_it_or_filled():
  assert not label_lines(96, [loop(20, 3.0)])[48, 48]
  filled = label_lines(96, [loop(5, 6.0, filled=True)])
  assert filled[48, 48]
  assert filled.sum() == pytest.approx(math.pi * 5**2, rel=0.25)


def test_the_surroundings_of_a_line_bend_with_it():
  y, x = np.mgrid[:96, :96]
  away = np.abs(np.hypot(x - 48, y - 48) - 20)
  band = label_lines(96, [loop(20, 3.0)], margin_px=3)
  assert band[away < 3.4].all() and not band[away > 5.6].any()


def test_only_loops_without_a_hole_are_filled():
  settings = LineSettings(
    loops_only_fraction=1.0,
    loop_px=(8.0, 60.0),
    filled_loops_fraction=0.0,
    faint_fraction=0.0,
  )
  rng = np.random.default_rng(1)
  for _ in range(5):
    for curve in draw_curves(
      128, settings, width_px=3.0, relative_std=0.1, covered=0.1, rng=rng
    ):
      extent = np.ptp(curve.points, axis=0).max()
      assert np.allclose(curve.points[0], curve.points[-1])
      if curve.filled:
        mean = curve.points.mean(axis=0)
        assert (
          2 * np.hypot(*(curve.points - mean).T).min() < 2.4 * curve.width_px
        )
      else:
        assert extent > 2 * curve.width_px


def test_loops_may_be_dark_inside_with_soft_edges():
  settings = LineSettings(
    loops_only_fraction=1.0, loop_px=(24.0, 30.0), filled_loops_fraction=1.0
  )
  rng = np.random.default_rng(2)
  curves = draw_curves(
    128, settings, width_px=2.0, relative_std=0.1, covered=0.3, rng=rng
  )
  assert len(curves) >= 5
  for curve in curves:
    assert curve.filled
    assert curve.width_px <= max(0.6 * hole_px(curve.points), 3.0)
    picture = paint(dataclasses.replace(curve, strength=1.0))
    x, y = np.rint(curve.points.mean(axis=0)).astype(int)
    if 0 <= x < 96 and 0 <= y < 96:
      assert picture[y, x] > 0.9 * picture.max()
      assert label_lines(96, [curve])[y, x]


@pytest.mark.parametrize(
  ('kind', 'bright'), [('bright_field', 0), ('weak_beam', 1)]
)
def test_lines_are_dark_in_bright_field_and_bright_in_dark_field(kind, bright):
  signs = []
  for index in range(8):
    made = patch(kind, index, covered_fraction=(0.05, 0.1))
    if made.mask.sum() > 100:
      signs.append(
        made.pixels[made.mask].mean() > made.pixels[~made.mask].mean()
      )
  assert len(signs) >= 4
  assert np.mean(signs) == pytest.approx(bright, abs=0.3)


@pytest.mark.parametrize('kind', ['bright_field', 'weak_beam'])
def test_a_seed_decides_all(kind):
  first, again, other = (patch(kind, index) for index in (0, 0, 1))
  assert np.array_equal(first.pixels, again.pixels)
  assert np.array_equal(first.mask, again.mask)
  assert not np.array_equal(first.pixels, other.pixels)
  assert not (first.mask & ~first.counts).any()


def test_sizes_are_in_their_range():
  for index in range(5):
    made = patch('bright_field', index, diameter_px=(3.0, 5.0))
    assert 3 <= made.diameter_px <= 5
    assert 1.5 <= made.pixel_size_nm * made.diameter_px <= 12
