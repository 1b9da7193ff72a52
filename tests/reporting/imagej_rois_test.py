"""Regions of interest, as ImageJ and other programs read them."""

import pathlib
import shutil
import subprocess
import zipfile

import numpy as np
import pytest
import roifile
import tiny
from shapes import four_objects, signed_area

from defectseg_jax.errors import InputError
from defectseg_jax.micrographs.writing import write_mask, write_tiff
from defectseg_jax.reporting.imagej_rois import write_rois

_IMAGEJ = pathlib.Path('/usr/share/java/ij.jar')
_RNG = np.random.default_rng(5)


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
  _, labels = four_objects()
  labels[labels == 2] = 9  # An id left out, as after a person deleted some.
  write_rois(path, labels, position=3)
  found = {roi.name: roi for roi in roifile.roiread(path)}
  assert list(found) == ['1', '3', '4', '9']
  assert list(tmp_path.iterdir()) == [path]
  for name, roi in found.items():
    region = labels == int(name)
    assert sum(map(signed_area, _parts(roi))) == region.sum()
    assert roi.position == 3
    rows, columns = np.nonzero(region)
    assert (roi.top, roi.left) == (rows.min(), columns.min())
    assert (roi.bottom, roi.right) == (rows.max() + 1, columns.max() + 1)
  assert found['9'].roitype == roifile.ROI_TYPE.TRACED
  assert found['3'].composite  # the ring


def test_rois_are_the_same_bytes_at_any_time(tmp_path):
  _, labels = four_objects()
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
  assert sum(map(signed_area, _parts(roi))) == labels.sum()


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


@pytest.mark.slow
@pytest.mark.skipif(
  not (_IMAGEJ.exists() and shutil.which('xvfb-run')),
  reason='no ImageJ or no Xvfb (Debian: apt install imagej xvfb xauth)',
)
def test_imagej_reads_scale_and_areas(tmp_path):
  # ImageJ opens no file without a display; Xvfb is one that nobody sees.
  mask, labels = four_objects()
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
    timeout=tiny.HANGS_S,
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
  _, labels = four_objects()
  write_rois(tmp_path / 'rois.zip', labels)
  with zipfile.ZipFile(tmp_path / 'rois.zip') as archive:
    for entry in archive.infolist():
      assert not entry.flag_bits & 8
      assert entry.date_time == (1980, 1, 1, 0, 0, 0)
