"""Receptive fields of layers, counted by hand."""

import pytest

from defectseg_jax.models import receptive_field as field

CONV = field.convolution(3)
POOL = field.max_pool_2x2


@pytest.mark.parametrize(
  'path, pixel, expected',
  [
    ([], 5, (5, 5)),
    ([CONV], 5, (4, 6)),
    ([field.convolution(7), CONV], 5, (1, 9)),
    # Pixel 5 is made of pooled pixel 2, which is made of 4 and 5.
    ([POOL, field.up_convolution(2)], 5, (4, 5)),
    # The first of a window's three pixels falls on the last of the one before.
    ([POOL, field.up_convolution(3)], 4, (2, 5)),
    ([POOL, field.up_convolution(3)], 5, (4, 5)),
    # Bilinear: between the middles of two pooled pixels.
    ([POOL, field.up_convolution(4)], 4, (2, 5)),
    ([POOL, field.up_convolution(4)], 5, (4, 7)),
    ([POOL, CONV, field.up_convolution(2)], 5, (2, 7)),
  ],
)
def test_what_a_pixel_needs(path, pixel, expected):
  assert field.input_interval(path, pixel) == expected


def test_interpolation_at_a_larger_stride():
  up = field.up_convolution(16, stride=8)
  # The middle of a pixel's 8 parts lies between its fourth and its fifth.
  found = [up(i, i) for i in range(16, 24)]
  assert found == [(1, 2)] * 4 + [(2, 3)] * 4


def test_the_radius_is_that_of_the_worst_place():
  # At 4: 2, 3 below it and 4 .. 7; at 5: 2 .. 7.
  path = [POOL, CONV, field.up_convolution(2)]
  assert field.radius(path, 2) == 3
