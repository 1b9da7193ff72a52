"""Figures for a paper: pixels, outlines and the bar, measured in the file."""

import io
import re

import numpy as np
import pytest
from PIL import Image

from defectseg_jax.errors import InputError
from defectseg_jax.reporting import colours
from defectseg_jax.reporting.figures.micrograph import scale_bar
from defectseg_jax.review.figures import figure
from tests.review import fakes


def _ids(side: int = 512) -> np.ndarray:
  ids = np.zeros((side, side), np.int32)
  ids[100:200, 50:150] = 1
  ids[140:160, 90:110] = 0
  ids[300:340, 300:400] = 2
  return ids


def test_the_picture_has_an_outline_where_the_object_ends():
  content = figure(fakes.document(_ids()), 'png')
  drawn = np.asarray(Image.open(io.BytesIO(content)).convert('RGB')).astype(int)
  assert drawn.shape == (1024, 1024, 3)
  blue = np.abs(drawn - (86, 180, 233)).sum(axis=2) < 100
  rows, columns = np.nonzero(blue[:560, :560])
  # Twice as large as the image: the object's 100 to 200 and 50 to 150.
  assert abs(rows.min() - 200) <= 1 and abs(rows.max() - 400) <= 1
  assert abs(columns.min() - 100) <= 1 and abs(columns.max() - 300) <= 1
  # Its hole, and nothing between the hole and its outer edge.
  assert blue[280, 200] or blue[279, 200]
  assert not blue[210:270, 110:290].any()


def test_the_bar_is_as_long_as_it_says():
  content = figure(fakes.document(np.zeros((512, 1024), np.int32)), 'png')
  drawn = np.asarray(Image.open(io.BytesIO(content)).convert('L'))
  row = drawn[-int(0.03 * 512)]
  white = np.flatnonzero(row > 250)
  # 100 nm, with 0.5 nm a pixel.
  assert scale_bar(1024, 0.5) == (200.0, '100 nm')
  assert abs((white.max() - white.min() + 1) - 200) <= 2


def test_a_drawing_has_a_path_for_each_object_and_the_same_bytes():
  document = fakes.document(_ids())
  content = figure(document, 'svg')
  assert content == figure(document, 'svg')
  text = content.decode()
  assert '<svg' in text and '<image' in text
  paths = re.findall(f'stroke: {colours.SKY_BLUE}', text)
  assert len(paths) >= 2
  assert 'http://localhost' not in text and '<script' not in text


@pytest.mark.parametrize(
  ('width_px', 'pixel_size_nm', 'expected'),
  [(512, 1.0, '100 nm'), (4096, 1.0, '1 µm'), (300, 0.01, '0.5 nm')],
)
def test_a_bar_is_at_most_a_quarter(width_px, pixel_size_nm, expected):
  length_px, words = scale_bar(width_px, pixel_size_nm)
  assert words == expected
  assert 0.08 * width_px <= length_px <= 0.25 * width_px


def test_another_kind_is_refused():
  with pytest.raises(InputError, match='pdf: is no kind'):
    figure(fakes.document(_ids()), 'pdf')
