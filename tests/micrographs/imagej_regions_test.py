"""Regions of interest that ImageJ wrote, as pixels."""

import os
import pathlib
import shutil
import subprocess
import zipfile

import numpy as np
import pytest
import roifile
import tifffile
import tiny
from shapes import four_objects

from defectseg_jax.errors import InputError
from defectseg_jax.micrographs import imagej_sets
from defectseg_jax.micrographs.imagej_regions import read_regions
from defectseg_jax.micrographs.imagej_sets import parse_regions
from defectseg_jax.reporting.imagej_rois import write_rois

_IMAGEJ = pathlib.Path('/usr/share/java/ij.jar')
_SQUARE = [[10, 20], [30, 20], [30, 50], [10, 50]]


def only_image(path, shape):
  (found,) = read_regions(path, shape)
  return found


def save(path, *regions):
  roifile.roiwrite(path, regions)
  return path


def test_what_the_program_writes_is_read_to_the_pixel(tmp_path):
  mask, labels = four_objects()
  write_rois(tmp_path / 'a.zip', labels)
  regions = only_image(tmp_path / 'a.zip', mask.shape)
  np.testing.assert_array_equal(regions.objects.mask, mask)
  assert regions.shared_px == 0 and regions.hidden == ()


def test_a_set_without_regions_has_no_object(tmp_path):
  write_rois(tmp_path / 'a.zip', np.zeros((9, 9), int))
  assert not only_image(tmp_path / 'a.zip', (9, 9)).objects.mask.any()


def test_objects_that_touch_keep_apart(tmp_path):
  other = [[x + 20, y] for x, y in _SQUARE]
  both = [roifile.ImagejRoi.frompoints(one) for one in (_SQUARE, other)]
  objects = only_image(save(tmp_path / 'a.zip', *both), (60, 60)).objects
  assert objects.mask.sum() == 2 * 20 * 30
  assert np.bincount(objects.ids.ravel()).tolist() == [2400, 600, 600]


def test_what_reaches_out_of_the_image_is_cut(tmp_path):
  region = roifile.ImagejRoi.frompoints(_SQUARE)
  path = save(tmp_path / 'a.zip', region)
  assert only_image(path, (30, 15)).objects.mask.sum() == 10 * 5
  with pytest.raises(InputError, match='has no pixel of the image of 10 x 10'):
    only_image(path, (10, 10))


@pytest.mark.parametrize(
  ('kind', 'more'),
  [
    ('LINE', {}),
    ('POINT', {'n_coordinates': 0}),
    ('RECT', {'rounded_rect_arc_size': 4}),
  ],
)
def test_regions_without_an_area_are_refused(tmp_path, kind, more):
  region = roifile.ImagejRoi(
    roitype=roifile.ROI_TYPE[kind], right=9, bottom=9, name='that', **more
  )
  with pytest.raises(InputError, match="'that' is of the kind"):
    only_image(save(tmp_path / 'a.zip', region), (20, 20))


def test_damaged_files_are_refused(tmp_path):
  content = roifile.ImagejRoi.frompoints(_SQUARE).tobytes()
  part = tmp_path / 'part.roi'
  for length in range(0, 64 + 4 * len(_SQUARE), 7):
    part.write_bytes(content[:length])
    with pytest.raises(InputError) as caught:
      only_image(part, (60, 60))
    assert len(str(caught.value).splitlines()) == 1
  with zipfile.ZipFile(tmp_path / 'a.zip', 'w') as archive:
    archive.writestr('notes.txt', 'precious')
  with pytest.raises(InputError, match=r'holds notes\.txt, which is no region'):
    only_image(tmp_path / 'a.zip', (60, 60))


# The second is a NaN that signals.
_NAN = np.frombuffer(b'\x01\x00\x80\x7f', np.float32)[0]


@pytest.mark.filterwarnings('error')
@pytest.mark.parametrize('x', [np.nan, _NAN, np.inf, 1e30])
def test_corners_that_are_nowhere_are_refused(tmp_path, x):
  corners = np.array([[0, 5.5], [20, 5], [20, 9]], np.float32)
  corners[0, 0] = x
  region = roifile.ImagejRoi.frompoints(np.zeros((3, 2)) + 0.5, name='that')
  region.subpixel_coordinates = corners
  with pytest.raises(InputError, match="'that' has no corners, or some that"):
    read_regions(save(tmp_path / 'a.zip', region), (60, 60))


def test_a_region_of_no_corners_is_refused(tmp_path, monkeypatch):
  region = roifile.ImagejRoi.frompoints(_SQUARE, name='that')
  path = save(tmp_path / 'a.zip', region)
  # As roifile gives those of some damaged files.
  nothing = np.zeros((0, 2))
  monkeypatch.setattr(roifile.ImagejRoi, 'coordinates', lambda _: nothing)
  with pytest.raises(InputError, match="'that' has no corners"):
    parse_regions(path)


def test_a_set_that_unpacks_to_too_much_is_refused(tmp_path, monkeypatch):
  monkeypatch.setattr(imagej_sets, '_MOST_BYTES', 999)
  path = tmp_path / 'a.zip'
  with zipfile.ZipFile(path, 'w', zipfile.ZIP_DEFLATED) as archive:
    for name in 'ab':
      archive.writestr(f'{name}.roi', bytes(500))
  assert path.stat().st_size < 999
  with pytest.raises(InputError, match='its regions have 1000 bytes'):
    parse_regions(path)


@pytest.mark.parametrize('suffix', ['.roi', '.zip'])
def test_a_pipe_is_not_waited_for(tmp_path, suffix):
  path = tmp_path / f'a{suffix}'
  os.mkfifo(path)
  with pytest.raises(InputError, match='a pipe or a socket'):
    read_regions(path, (60, 60))


_MACRO = """
setBatchMode(true);
folder = getArgument();
newImage('a', '8-bit black', 120, 100, 1);
function keep(name) { Roi.setName(name); roiManager('add'); }
makeOval(3, 4, 15, 11); keep('oval');
makeOval(30, 4, 20, 20); keep('circle');
makeRectangle(60, 5, 12, 7); keep('rectangle');
makeOval(80.5, 5.5, 14.5, 9.25); keep('fine oval');
makeSelection('freehand', newArray(40,50.5,55,47), newArray(40,42,58,60));
keep('freehand');
makeSelection('traced', newArray(70,80,80,75,75,70),
  newArray(40,40,50,50,60,60));
keep('traced');
makePolygon(5,40, 25,42, 20,60, 8,55); keep('polygon');
makeEllipse(10, 75, 40, 90, 0.5); keep('ellipse');
makeRotatedRectangle(60,70,90,90,12); keep('rotated');
makeRectangle(100,70,12,12); setKeyDown('alt'); makeRectangle(104,74,4,4);
keep('ring');
roiManager('save', folder + '/set.zip');
for (i = 0; i < roiManager('count'); i++) {
  roiManager('select', i);
  run('Set...', 'value=' + (i + 1));
}
run('Select None');
saveAs('tiff', folder + '/filled.tif');
"""


@pytest.mark.slow
@pytest.mark.skipif(
  not (_IMAGEJ.exists() and shutil.which('xvfb-run')),
  reason='no ImageJ or no Xvfb (Debian: apt install imagej xvfb xauth)',
)
def test_regions_are_the_pixels_that_imagej_fills(tmp_path):
  (tmp_path / 'draw.ijm').write_text(_MACRO)
  subprocess.run(
    [
      *('xvfb-run', '-a', 'java', '-Xmx256m', f'-Duser.home={tmp_path}'),
      *('-cp', _IMAGEJ, 'ij.ImageJ', '-batch', 'draw.ijm', tmp_path),
    ],
    cwd=tmp_path,
    capture_output=True,
    timeout=tiny.HANGS_S,
    check=False,
  )
  filled = tifffile.imread(tmp_path / 'filled.tif')
  found = only_image(tmp_path / 'set.zip', filled.shape).objects.mask
  # ImageJ 1.52 rounds the slanted edges of a polygon in whole pixels.
  polygon = filled == 7
  assert np.count_nonzero(found[polygon]) > 0.98 * polygon.sum()
  filled[35:65, :30] = found[35:65, :30] = 0
  np.testing.assert_array_equal(found, filled > 0)


def test_regions_of_a_stack_are_of_their_slices(tmp_path):
  square = np.array([[2, 2], [6, 2], [6, 6], [2, 6]])
  made = [
    roifile.ImagejRoi.frompoints(square + 8 * n, name=f'{n}') for n in range(4)
  ]
  # Of a slice, of a frame of a hyperstack, of both, and of all.
  made[0].position, made[1].t_position = 1, 2
  made[2].position = made[2].z_position = 3
  path = save(tmp_path / 'a.zip', *made)
  found = read_regions(path, (40, 40), images=3)
  assert [
    [bool(one.objects.mask[4 + 8 * n, 4 + 8 * n]) for n in range(4)]
    for one in found
  ] == [
    [True, False, False, True],
    [False, True, False, True],
    [False, False, True, True],
  ]
  with pytest.raises(InputError, match=r"'1' is of slice 2, and there is 1 im"):
    only_image(path, (40, 40))
  with pytest.raises(InputError, match="'2' is of slice 3, and there are 2 im"):
    read_regions(path, (40, 40), images=2)
