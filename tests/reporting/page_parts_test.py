"""Parts of the page: outlines, pictures, words and bars."""

import base64
import io
import itertools
import math
import re

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage
from skimage import measure

from defectseg_jax.reporting.figures.bins import MOST_BINS
from defectseg_jax.reporting.page import outlines, pictures, words
from defectseg_jax.reporting.page.histograms import histogram
from defectseg_jax.reporting.page.simplifying import simplified


def polygons(path):
  """The corners of each part of a path: an absolute M, relative l."""
  for part in re.findall(r'M([^lz]*)l([^z]*)z', path):
    first, rest = (np.array(text.split(), float) for text in part)
    yield np.cumsum(np.vstack([first, rest.reshape(-1, 2)]), axis=0)


def area(path):
  """By the shoelace formula; holes are taken off."""
  areas = []
  for corners in polygons(path):
    (x, y), (u, v) = corners.T, np.roll(corners, -1, axis=0).T
    areas.append(abs((x * v - u * y).sum()) / 2)
  return 2 * max(areas) - sum(areas)


def test_outlines_hold_the_area_of_their_objects():
  rows, columns = np.mgrid[:400, :500]
  labels = np.zeros((400, 500), np.int32)
  distance = np.hypot(rows - 200, columns - 300)
  labels[distance < 80] = 3
  labels[distance < 40] = 0
  labels[:30, 10:60] = 1
  found = outlines.outlines(labels)
  assert list(found) == [1, 3] and found[3].width_px == 159
  assert len(list(polygons(found[3].path))) == 2
  for key in found:
    assert area(found[key].path) == pytest.approx(
      (labels == key).sum(), rel=0.03
    )
  corners = next(polygons(found[1].path))
  # At the pixels' edges, but for what is simplified.
  np.testing.assert_allclose(corners.min(axis=0), (10, 0), atol=0.5)
  np.testing.assert_allclose(corners.max(axis=0), (60, 30), atol=0.5)


def test_large_objects_are_traced_in_fewer_pixels(monkeypatch):
  monkeypatch.setattr(outlines, '_TRACED_PX', 64)
  labels = np.zeros((300, 300), np.int32)
  labels[40:240, 60:260] = 1
  (corners,) = polygons(outlines.outlines(labels)[1].path)
  np.testing.assert_allclose(corners.min(axis=0), (60, 40), atol=4)
  np.testing.assert_allclose(corners.max(axis=0), (260, 240), atol=4)


def test_one_pixel_has_an_outline():
  labels = np.zeros((5, 5), np.int32)
  labels[2, 3] = 1
  (corners,) = polygons(outlines.outlines(labels)[1].path)
  np.testing.assert_allclose(corners.mean(axis=0), (3.5, 2.5))


def read(uri):
  kind, content = re.fullmatch(r'data:image/(\w+);base64,(.*)', uri).groups()
  return kind, Image.open(io.BytesIO(base64.b64decode(content)))


def test_few_colours_stay_what_they_are():
  colours = [(64, 224, 208), (0, 0, 0), (255, 0, 0), (255, 255, 0)]
  pixels = np.array(colours, np.uint8)[np.arange(3000) // 750]
  kind, picture = read(pictures.data_uri(np.tile(pixels, (100, 1, 1))))
  assert kind == 'png' and picture.size == (1400, 47)
  found = picture.convert('RGB').getcolors()
  common = sorted(found, reverse=True)[:4]
  assert {colour for _, colour in common} == set(colours)
  # What is between two of them is so close to both that it is an edge.
  assert sum(count for count, _ in common) > 0.99 * 1400 * 47


def test_thin_lines_of_a_mask_survive_scaling_down():
  mask = np.zeros((2800, 2800), np.uint8)
  mask[1001] = 255
  _, picture = read(pictures.data_uri(mask))
  assert np.asarray(picture.convert('L')).max() >= 100


def test_micrographs_are_small_jpegs():
  ramp = np.linspace(0, 255, 600 * 500).reshape(600, 500).astype(np.uint8)
  kind, picture = read(pictures.data_uri(ramp))
  assert kind == 'jpeg' and picture.size == (500, 600)
  assert np.abs(np.asarray(picture).astype(int) - ramp).max() < 6


@pytest.mark.parametrize(
  ('name', 'title', 'unit'),
  [
    ('number_density_per_m3', 'number density', 'm⁻³'),
    ('number_density_corrected_per_m3', 'number density, corrected', 'm⁻³'),
    ('density_grid_per_m2', 'line density, by crossings', 'm⁻²'),
    ('area_nm2', 'area', 'nm²'),
    ('swelling', 'swelling', '%'),
    ('expected_f1', 'expected F1', ''),
    ('overlap_not_corrected', 'overlap not corrected', ''),
    ('eccentricity', 'eccentricity', ''),
  ],
)
def test_names_of_columns(name, title, unit):
  assert (words.title_of(name), words.unit_of(name)) == (title, unit)


def column_of(name, values, **more):
  return words.column_of(name, [{name: value, **more} for value in values])


def test_columns_have_one_power_of_ten():
  column = column_of('number_density_per_m3', [5.25e20, 1.04e21, 6e20])
  assert column.unit == '10²⁰ m⁻³'
  shown = [column.text(v) for v in (5.25e20, 1.04e21, 1e17, 0.0, math.nan)]
  assert shown == ['5.25', '10.40', '0.001', '0.00', '–']
  diameter = column_of('diameter_mean_nm', [22.64, 20.26])
  assert (diameter.unit, diameter.text(22.64)) == ('nm', '22.6')
  swelling = column_of('swelling', [0.00312])
  assert (swelling.unit, swelling.text(0.00312)) == ('%', '0.312')
  none = column_of('swelling', [None, math.nan])
  assert none.text(None) == '–'


def test_where_nothing_was_found_the_interval_says_the_power_of_ten():
  name = 'number_density_per_m3'
  column = column_of(name, [0.0, 0.0], **{f'{name}_high': 1.07e22})
  assert column.unit == '10²² m⁻³'
  assert [column.text(v) for v in (0.0, 1.07e22)] == ['0.00', '1.07']


def test_bars_hold_every_size():
  sizes = np.random.default_rng(0).gamma(9, 2.4, 200)
  plot = histogram(sizes, 'diameter (nm)')
  (top, label) = plot.up[-1]
  assert top == 1
  counts = [height * float(label) for _, _, height in plot.bars]
  assert sum(counts) == pytest.approx(200)
  for (left, width, _), (following, _, _) in itertools.pairwise(plot.bars):
    assert left + width == pytest.approx(following)
  first, last = plot.along[0], plot.along[-1]
  value = float(first[1]) + plot.mean * (float(last[1]) - float(first[1]))
  assert value == pytest.approx(sizes.mean())


@pytest.mark.parametrize('sizes', [[3.0], [2.0, 2.0], [1e-3, 1, 1, 1, 1e6]])
def test_bars_of_odd_sizes(sizes):
  plot = histogram(np.array(sizes), 'nm')
  assert 0 < len(plot.bars) <= MOST_BINS
  assert all(0 <= left <= 1 for left, _, _ in plot.bars)


def test_no_bars_of_nothing():
  assert histogram(np.zeros(0), 'nm') is None


def test_simplified_as_the_library_has_it():
  rng = np.random.default_rng(3)
  contours = []
  for _ in range(12):
    blob = ndimage.gaussian_filter(rng.normal(size=(40, 60)), 4)
    contours += measure.find_contours(np.pad(blob, 1, constant_values=-1), 0.0)
  for tolerance in (0.3, 2.0):
    found = simplified(contours, tolerance)
    assert len(found) == len(contours)
    for contour, corners in zip(contours, found):
      expected = measure.approximate_polygon(contour, tolerance)[:-1]
      if len(expected) < 3:
        expected = contour[:-1]
      np.testing.assert_array_equal(corners, expected)
    few = sum(len(corners) for corners in found)
    assert few < sum(map(len, contours)) / 2


def test_nothing_is_simplified_to_nothing():
  assert simplified([], 1.0) == []
