"""When 4 and 8 neighbours make other numbers."""

import numpy as np
import pytest
from scipy import ndimage

import defectseg_jax as ds
from defectseg_jax.quantification import QuantificationSettings
from defectseg_jax.quantification.particles.connectivity import (
  touch_at_corners,
)

SCALE = {'pixel_size_nm': 2.0, 'thickness_nm': 100.0}


def pairs(touching, apart, side=10):
  """Squares, some of which touch another at a corner."""
  mask = np.zeros((60, 30 * (touching + apart) + 10), bool)
  for place in range(touching + apart):
    column = 30 * place + 5
    mask[10 : 10 + side, column : column + side] = True
    if place < touching:
      column += side
      mask[10 + side : 10 + 2 * side, column : column + side] = True
  return mask


def said(mask, connectivity=8, **how):
  settings = QuantificationSettings(connectivity=connectivity)
  found = ds.measure(mask, 'voids', **SCALE, settings=settings, **how)
  return [
    one.message for one in found.warnings if one.name == 'connectivity_matters'
  ]


@pytest.mark.parametrize(
  ('connectivity', 'first', 'second'),
  [
    (8, 'one particle here (connectivity 8): 4', 'two particles (4): 8'),
    (4, 'two particles here (connectivity 4): 8', 'one particle (8): 4'),
  ],
)
def test_both_numbers_are_said(connectivity, first, second):
  (message,) = said(pairs(4, 0), connectivity)
  assert first in message and second in message
  # sqrt(4 a / pi) of 100 and of 200 pixels, of 2 nm.
  assert '22.6 nm' in message and '31.9 nm' in message
  other = {8: 4, 4: 8}[connectivity]
  assert f'--config.quantification.connectivity={other}' in message


def test_without_a_scale_in_pixels():
  nothing = {'pixel_size_nm': None, 'thickness_nm': None}
  found = ds.measure(pairs(4, 0), 'voids', **nothing)
  assert '16 px mean diameter' in found.warnings[0].message


@pytest.mark.parametrize(
  ('touching', 'apart', 'matters'),
  [
    # 26 or 31, to within 5.1; 1.6% in diameter... one of twenty pairs.
    (1, 20, False),
    # The mean diameter differs by 5.8%, the count by less than its error.
    (3, 18, True),
    (0, 8, False),
  ],
)
def test_only_where_it_matters(touching, apart, matters):
  mask = pairs(touching, apart)
  assert bool(said(mask)) == matters


def test_ids_that_touch_at_corners_are_apart_either_way():
  mask = pairs(4, 0)
  ids, count = ndimage.label(mask)
  assert count == 8
  assert said(mask, ids=ids) == []
  both, count = ndimage.label(mask, np.ones((3, 3)))
  assert count == 4
  assert len(said(mask, ids=both)) == 1


def test_what_is_not_specimen_does_not_touch():
  mask = pairs(4, 0)
  valid = np.ones_like(mask)
  valid[20:] = False
  assert said(mask, valid=valid) == []


def test_a_smallest_particle_is_one_by_either():
  settings = QuantificationSettings(minimum_area_px=50)
  mask = pairs(0, 4)
  # Specks at a corner: not counted by either, and small in a diameter.
  for place in range(4):
    mask[20, 30 * place + 15] = True
  found = ds.measure(mask, 'voids', **SCALE, settings=settings)
  assert found.summary['count'] == 4
  assert 'connectivity_matters' not in [one.name for one in found.warnings]


def test_one_that_touches_itself_at_a_corner_is_one():
  ring = np.zeros((40, 40), bool)
  ring[10:20, 10:20] = ring[20:30, 20:30] = ring[10:30, 15] = True
  ring[29, 10:30] = True
  assert touch_at_corners(ring)
  assert said(ring) == []


@pytest.mark.parametrize('rows', [511, 512, 513, 1024])
def test_corners_between_parts_of_a_large_image(rows):
  mask = np.zeros((1030, 8), bool)
  mask[rows - 1, 2] = mask[rows, 3] = True
  assert touch_at_corners(mask) and touch_at_corners(mask[:, ::-1])
  mask[rows, 2] = True
  assert not touch_at_corners(mask)


def test_touching_particles_of_a_foil_say_it():
  """Discs at random, so dense that many touch: the diameters differ much."""
  rng = np.random.default_rng(0)
  mask = rng.random((128, 128)) < 0.35
  assert len(said(mask)) == 1 and len(said(mask, 4)) == 1
