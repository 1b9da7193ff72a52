"""Which objects are labelled: contrast over noise."""

import numpy as np
import pytest

from defectseg_jax.simulation.domain.visibility import (
  Noise,
  fill_silhouettes,
  noise_of_averages,
  visible_objects,
)
from defectseg_jax.simulation.silhouettes import Silhouette

SIDE = 64


def square(top, left, side):
  return Silhouette(
    rows=slice(top, top + side),
    columns=slice(left, left + side),
    path_nm=np.ones((side, side), np.float32),
    touches_border=False,
    cut_by_surface=False,
    volume_in_foil_nm3=1.0,
  )


def even_noise(fine, clutter=0.0):
  return Noise(
    fine=np.full((SIDE, SIDE), fine), clutter=np.full((SIDE, SIDE), clutter)
  )


def test_contrast_over_the_noise_of_an_average_decides():
  # 10 x 10 pixels average noise of 0.1 down to 0.1 hypot(1 / 10, 0.07).
  seen = square(10, 10, 10)
  limit = 7 * 0.1 * np.hypot(0.1, 0.07)
  for contrast, expected in ((1.01 * limit, True), (0.99 * limit, False)):
    change = np.full((SIDE, SIDE), contrast, np.float32)
    assert visible_objects([seen], change, even_noise(0.1), ratio=7.0) == [
      expected
    ]


def test_structures_as_large_as_the_object_hide_it():
  seen = square(10, 10, 10)
  change = np.full((SIDE, SIDE), -0.2, np.float32)
  for clutter, expected in ((0.05, True), (0.5, False)):
    noise = even_noise(1e-3, clutter)
    assert visible_objects([seen], change, noise, ratio=7.0) == [expected]


def test_noise_is_told_from_structures_by_its_scale():
  rng = np.random.default_rng(0)
  y = np.arange(SIDE)[:, None]
  waves = 0.2 * np.sin(2 * np.pi * y / 24) * np.ones((1, SIDE))
  white = 0.05 * rng.standard_normal((SIDE, SIDE))
  counting = np.zeros((SIDE, SIDE))
  inner = slice(20, 44)
  noise = noise_of_averages(1 + white, counting=counting, diameter_px=12.0)
  assert noise.fine[inner, inner].mean() == pytest.approx(0.05, rel=0.15)
  assert noise.clutter[inner, inner].mean() < 0.02
  noise = noise_of_averages(1 + waves, counting=counting, diameter_px=12.0)
  assert noise.clutter[inner, inner].mean() > 0.08
  assert noise.fine[inner, inner].mean() < 0.04


def test_areas_are_filled():
  mask = fill_silhouettes([square(1, 2, 3), square(50, 50, 4)], SIDE)
  assert mask.sum() == 9 + 16
  assert mask[1:4, 2:5].all()


def test_many_objects_are_judged_as_each_alone():
  rng = np.random.default_rng(0)
  change = rng.normal(0, 0.2, (SIDE, SIDE)).astype(np.float32)
  noise = Noise(*rng.uniform(0.3, 1.0, (2, SIDE, SIDE)))
  objects = []
  for top, left, side in ((3, 5, 9), (20, 0, 4), (40, 41, 12), (0, 60, 3)):
    holed = square(top, left, side)
    holed.path_nm[0, 0] = 0
    objects.append(holed)
  for ratio in (1.0, 2.0, 4.0):
    expected = []
    for seen in objects:
      body = seen.path_nm > 0
      power, fine, clutter = (
        field[seen.rows, seen.columns][body].mean()
        for field in (change**2, noise.fine, noise.clutter)
      )
      averaged = np.hypot(1 / np.sqrt(body.sum()), 0.07) * fine
      spread = np.hypot(averaged, 0.25 * clutter)
      expected.append(bool(np.sqrt(power) >= ratio * spread))
    assert visible_objects(objects, change, noise, ratio=ratio) == expected
  assert visible_objects([], change, noise, ratio=1.0) == []
