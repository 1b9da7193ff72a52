"""Overlays, pixel by pixel."""

import numpy as np
import pytest

from defectseg_jax.reporting import overlays


@pytest.fixture
def labels():
  labels = np.zeros((1100, 1024), np.int32)
  labels[100:200, 100:200], labels[400:460, 500:600] = 1, 2
  return labels


def drawn(labels, image=None, counted=(True, False), **more):
  picture = overlays.overlay(
    image,
    labels,
    rows_px=np.array([150.0, 430.0]),
    columns_px=np.array([150.0, 550.0]),
    counted=np.array(counted),
    **more,
  )
  return np.asarray(picture)


def test_outlines_are_where_the_objects_end(labels):
  pixels = drawn(labels)
  assert pixels.shape == (*labels.shape, 3)
  outline = np.zeros(labels.shape, bool)
  outline[100:200, 100:200] = True
  outline[101:199, 101:199] = False
  counted = (pixels == overlays.COUNTED).all(axis=2)
  np.testing.assert_array_equal(counted, outline)
  other = (pixels == overlays.NOT_COUNTED).all(axis=2)
  assert other[400, 500:600].all() and not other[401:459, 501:599].any()
  # The other's inside is grey, with its number in the middle.
  assert (pixels[410, 510] == 90).all() and (pixels[0, 0] == 0).all()
  assert (pixels[420:440, 540:560] != 90).any()


def test_the_micrograph_is_seen_through(labels):
  image = np.linspace(0, 1000, labels.size).reshape(labels.shape)
  grey = drawn(labels, image)[..., 0].astype(int)
  assert grey[0, 0] == 0 and grey[-1, -1] == 255
  assert abs(grey[550, 20] - 128) < 3
  flat = drawn(labels, np.full(labels.shape, 7.0))
  assert (flat[0, 0] == 0).all()


def test_small_images_are_enlarged_for_their_numbers(labels):
  pixels = drawn(labels[:500, :600] * 1)
  assert pixels.shape == (1000, 1200, 3)
  assert (pixels[200, 200:400] == overlays.COUNTED).all()


def test_test_lines_and_words(labels):
  lines = (np.array([50]), np.array([20, 900]))
  plain = drawn(labels)
  pixels = drawn(labels, test_lines=lines)
  assert (pixels[50] != plain[50]).any(axis=1).all()
  assert (pixels[:, 20] != plain[:, 20]).any(axis=1).all()
  assert (pixels[51, 21:900] == plain[51, 21:900]).all()
  said = drawn(labels, caption=['0.32 nm'], warnings=['a foil of 3 nm'])
  added = len(said) - len(plain)
  np.testing.assert_array_equal(said[added:, : plain.shape[1]], plain)
  # Black words, then red ones, on white.
  above = said[:added].astype(int)
  assert (above == 255).all(axis=2).any()
  assert (above.sum(axis=2) < 100).any()
  red = (above[..., 0] > 150) & (above[..., 1] < 60)
  assert red[added // 2 :].any() and not red[: added // 3].any()


def test_nothing_found():
  picture = overlays.overlay(
    None,
    np.zeros((8, 8), np.int32),
    rows_px=np.zeros(0),
    columns_px=np.zeros(0),
    counted=np.zeros(0, bool),
  )
  assert not np.asarray(picture).any()


def test_large_images_are_thinned_out(monkeypatch, labels):
  monkeypatch.setattr(overlays, '_MOST_SIDE_PX', 600)
  monkeypatch.setattr(overlays, '_MOST_TIMES', 1)
  lines = (np.array([51]), np.array([20, 900]))
  pixels = drawn(labels, np.zeros(labels.shape), test_lines=lines)
  assert pixels.shape == (550, 512, 3)
  assert (pixels[50, 50:100] == overlays.COUNTED).all()
  assert (pixels[25, 0] != 0).any() and (pixels[26, 20] == 0).all()
  yellow = (pixels[..., 0] > 200) & (pixels[..., 2] < 90)
  assert yellow[65:85, 65:85].any()


def test_numbers_without_room_are_counted_and_left_out():
  labels = np.zeros((1100, 1024), np.int32)
  places = [(500, 500), (503, 506), (500, 800)]
  for number, (row, column) in enumerate(places, start=1):
    labels[row, column] = number
  rows, columns = np.array(places, float).T

  def yellow(picture):
    red, green, blue = np.moveaxis(np.asarray(picture).astype(int), 2, 0)
    return np.argwhere((red > 150) & (green > 150) & (blue < 50))

  where = {'rows_px': rows, 'columns_px': columns}
  picture = overlays.overlay(None, labels, **where, counted=np.ones(3, bool))
  # A line of words is above.
  assert picture.height > 1100
  found = yellow(picture) - (picture.height - 1100, 0)
  assert set(found[:, 1] // 300) == {1, 2}
  assert (abs(found[:, 0] - 500) < 7).all()
  apart = overlays.overlay(
    None,
    labels,
    rows_px=rows,
    columns_px=columns + [0, 40, 0],
    counted=np.ones(3, bool),
  )
  assert apart.height == 1100 and len(yellow(apart)) > len(found)
