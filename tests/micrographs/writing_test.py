"""What is written, as ImageJ and other programs read it."""

import pathlib
import shutil
import subprocess
import zipfile

import numpy as np
import pytest
import roifile
import tifffile
from scipy import ndimage
from skimage.draw import polygon2mask

from defectseg_jax.errors import InputError
from defectseg_jax.micrographs import masks as masks
from defectseg_jax.micrographs import reading
from defectseg_jax.micrographs.outlines import outlines
from defectseg_jax.micrographs.writing import write_mask, write_tiff
from defectseg_jax.reporting.imagej_rois import write_rois

_IMAGEJ = pathlib.Path('/usr/share/java/ij.jar')
_RNG = np.random.default_rng(5)


def _objects():
  """A disc, a ring, a diagonal line, a square at the corner; and their ids."""
  mask = np.zeros((60, 80), bool)
  row, column = np.ogrid[:60, :80]
  mask[(row - 15) ** 2 + (column - 15) ** 2 <= 64] = True
  distance = (row - 40) ** 2 + (column - 40) ** 2
  mask[(distance <= 100) & (distance > 25)] = True
  mask[[5, 6, 7], [60, 61, 62]] = True
  mask[50:, 70:] = True
  return mask, ndimage.label(mask, np.ones((3, 3)))[0]


def _area(polygon):
  """Of a polygon (x, y), above 0 if it is clockwise in an image (Gauss)."""
  x, y = np.asarray(polygon, float).T
  return (x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2


# TIFF.


@pytest.mark.parametrize(
  'size', [0.01, 0.1, 0.32, 1 / 3, 1.0, 168.67471, 1000, *_RNG.uniform(0, 9, 9)]
)
def test_the_scale_survives_in_each_way_it_is_written(tmp_path, size):
  path = tmp_path / 'map.tif'
  pixels = _RNG.random((5, 7), np.float32)
  write_tiff(path, pixels, pixel_size_nm=size)
  (micrograph,) = reading.read_micrographs(path)
  assert micrograph.pixel_size_nm == pytest.approx(size, rel=1e-9)
  np.testing.assert_array_equal(micrograph.pixels, pixels)
  # DigitalMicrograph's tags alone, as if ImageJ had written nothing.
  with tifffile.TiffFile(path, mode='r+b') as file:
    file.pages[0].tags['ImageDescription'].overwrite('')
  assert reading.read_micrographs(path)[0].pixel_size_nm == size


def test_no_scale_is_none(tmp_path):
  path = tmp_path / 'map.tif'
  write_tiff(path, np.zeros((5, 7), np.float32), pixel_size_nm=None)
  assert reading.read_micrographs(path)[0].pixel_size_nm is None


def test_a_mask_is_0_and_255_and_a_mask_again(tmp_path):
  path = tmp_path / 'mask.tif'
  mask, _ = _objects()
  write_mask(path, mask, pixel_size_nm=0.5)
  pixels = tifffile.imread(path)
  assert pixels.dtype == np.uint8
  np.testing.assert_array_equal(np.unique(pixels), [0, 255])
  np.testing.assert_array_equal(masks.read_mask(path), mask)
  assert reading.read_micrographs(path)[0].pixel_size_nm == 0.5


# Outlines.


def test_outline_of_a_pixel_and_of_a_bent_region():
  (one,) = outlines(np.array([[True]]))
  assert one.tolist() == [[0, 0], [1, 0], [1, 1], [0, 1]]
  (bent,) = outlines(np.array([[True, False], [True, True]]))
  corners = [[0, 0], [1, 0], [1, 1], [2, 1], [2, 2], [0, 2]]
  assert sorted(bent.tolist()) == sorted(corners)
  assert _area(bent) == 3


def test_pixels_that_touch_at_a_corner_have_one_outline():
  (both,) = outlines(np.array([[True, False], [False, True]]))
  assert _area(both) == 2
  assert both.tolist().count([1, 1]) == 2


@pytest.mark.parametrize('density', [0.1, 0.4, 0.6, 0.9])
def test_outlines_of_anything(density):
  for _ in range(20):
    mask = _RNG.random((12, 9)) < density
    labels, count = ndimage.label(mask, np.ones((3, 3)))
    for label in range(1, count + 1):
      region = labels == label
      found = outlines(region)
      assert sum(map(_area, found)) == region.sum()
      # One for itself, one for every hole.
      background = np.pad(~region, 1, constant_values=True)
      assert len(found) == ndimage.label(background)[1]
      assert _area(found[0]) > 0
      assert all(_area(hole) < 0 for hole in found[1:])
      # skimage fills the same pixels; it counts pixels from their middles.
      filled = [
        polygon2mask(mask.shape, polygon[:, ::-1] - 0.5) for polygon in found
      ]
      np.testing.assert_array_equal(np.logical_xor.reduce(filled), region)


# ROIs.


def _parts(roi):
  """The polygons of a region, (x, y) in pixels of the image."""
  if roi.multi_coordinates is None:
    return [roi.integer_coordinates + [roi.left, roi.top]]
  steps, parts = list(roi.multi_coordinates), []
  while steps:
    if steps[0] == 4:
      steps.pop(0)
      continue
    if steps[0] == 0:
      parts.append([])
    parts[-1].append(steps[1:3])
    del steps[:3]
  return parts


def test_rois_are_the_objects(tmp_path):
  path = tmp_path / 'rois.zip'
  _, labels = _objects()
  labels[labels == 2] = 9  # An id left out, as after a person deleted some.
  write_rois(path, labels, position=3)
  found = {roi.name: roi for roi in roifile.roiread(path)}
  assert list(found) == ['1', '3', '4', '9']
  assert list(tmp_path.iterdir()) == [path]
  for name, roi in found.items():
    region = labels == int(name)
    assert sum(map(_area, _parts(roi))) == region.sum()
    assert roi.position == 3
    rows, columns = np.nonzero(region)
    assert (roi.top, roi.left) == (rows.min(), columns.min())
    assert (roi.bottom, roi.right) == (rows.max() + 1, columns.max() + 1)
  assert found['9'].roitype == roifile.ROI_TYPE.TRACED
  assert found['3'].composite  # the ring


def test_rois_are_the_same_bytes_at_any_time(tmp_path):
  _, labels = _objects()
  for name in ('a.zip', 'b.zip'):
    write_rois(tmp_path / name, labels)
  first, second = (path.read_bytes() for path in sorted(tmp_path.iterdir()))
  assert first == second


def test_no_objects_are_a_set_without_rois(tmp_path):
  path = tmp_path / 'rois.zip'
  write_rois(path, np.zeros((4, 5), int))
  assert roifile.roiread(path) == []


def test_rois_of_a_ragged_object(tmp_path):
  # More corners than ImageJ counts in a polygon.
  path = tmp_path / 'rois.zip'
  labels = np.zeros((3, 2**15 - 1), int)
  labels[0] = 1
  labels[1, ::2] = labels[2, ::2] = 1
  labels = np.concatenate([labels[::-1], labels])
  write_rois(path, labels)
  (roi,) = roifile.roiread(path)
  assert sum(map(_area, _parts(roi))) == labels.sum()


def test_images_larger_than_imagejs_rois_are_refused(tmp_path):
  with pytest.raises(InputError, match='1 x 32768; cut the micrograph'):
    write_rois(tmp_path / 'rois.zip', np.ones((1, 2**15), int))
  assert not list(tmp_path.iterdir())


_MACRO = """
setBatchMode(true);
folder = getArgument();
open(folder + '/map.tif');
getPixelSize(unit, width, height);
print(unit + ' ' + d2s(width, 9) + ' ' + d2s(height, 9));
print(getPixel(3, 2));
open(folder + '/mask.tif');
getPixelSize(unit, width, height);
print(unit + ' ' + d2s(width, 9) + ' ' + d2s(height, 9));
roiManager('open', folder + '/rois.zip');
for (i = 0; i < roiManager('count'); i++) {
  roiManager('select', i);
  getStatistics(area, mean);
  getRawStatistics(pixels);
  print(Roi.getName + ' ' + pixels + ' ' + d2s(area, 9) + ' ' + mean);
}
"""


@pytest.mark.skipif(
  not (_IMAGEJ.exists() and shutil.which('xvfb-run')),
  reason='no ImageJ or no Xvfb (Debian: apt install imagej xvfb xauth)',
)
def test_imagej_reads_scale_and_areas(tmp_path):
  # ImageJ opens no file without a display; Xvfb is one that nobody sees.
  mask, labels = _objects()
  size = 0.123456789
  probability = _RNG.random(mask.shape, np.float32)
  write_tiff(tmp_path / 'map.tif', probability, pixel_size_nm=1 / 3)
  write_mask(tmp_path / 'mask.tif', mask, pixel_size_nm=size)
  write_rois(tmp_path / 'rois.zip', labels)
  (tmp_path / 'read.ijm').write_text(_MACRO)
  done = subprocess.run(
    [
      *('xvfb-run', '-a', 'java', '-Xmx256m', f'-Duser.home={tmp_path}'),
      *('-cp', _IMAGEJ, 'ij.ImageJ', '-batch', 'read.ijm', tmp_path),
    ],
    cwd=tmp_path,
    capture_output=True,
    text=True,
    timeout=120,
  )
  lines = [line.split() for line in done.stdout.splitlines()]
  assert len(lines) == 7, done.stdout + done.stderr
  of_map, pixel, of_mask, *objects = lines
  assert of_map == ['nm', '0.333333333', '0.333333333']
  assert float(pixel[0]) == pytest.approx(probability[2, 3], abs=1e-3)
  assert of_mask == ['nm', '0.123456789', '0.123456789']
  for label, line in enumerate(objects, start=1):
    name, *numbers = line
    pixels = (labels == label).sum()
    assert name == str(label)
    assert [float(number) for number in numbers] == pytest.approx(
      [pixels, pixels * size**2, 255], rel=1e-6
    )


def test_the_zip_is_one_that_java_reads_as_a_stream(tmp_path):
  # It cannot where the sizes of stored entries follow behind them (bit 3).
  _, labels = _objects()
  write_rois(tmp_path / 'rois.zip', labels)
  with zipfile.ZipFile(tmp_path / 'rois.zip') as archive:
    for entry in archive.infolist():
      assert not entry.flag_bits & 8
      assert entry.date_time == (1980, 1, 1, 0, 0, 0)
