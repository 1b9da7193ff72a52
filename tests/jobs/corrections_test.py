"""Corrections that come back as PNG, as numbered objects, as ImageJ's ROIs."""

import io
import json

import numpy as np
import pytest
import roifile
import tifffile
from devices import take_one_device
from PIL import Image
from rich.console import Console
from sessions import Never, by_image, contents, predict_images, rows_of

from defectseg_jax.jobs import quantify
from defectseg_jax.micrographs.masks import read_object_mask
from defectseg_jax.runs.workdir import Workdir
from defectseg_jax.sessions.requests import QuantifyRequest

# The run is trained once; its tests share a process.
pytestmark = [pytest.mark.xdist_group('predict'), pytest.mark.slow]


def three_squares(side=200):
  """Numbers of three objects, the first two of which touch."""
  ids = np.zeros((side, side), np.uint8)
  ids[40:60, 40:60], ids[40:60, 60:80], ids[120:130, 100:110] = 1, 2, 3
  return ids


def apart():
  ids = three_squares()
  ids[:, 60] = 0
  return ids


@pytest.fixture
def two(predict, session):
  """Predicts x and y; whether all could be done, and what was said."""

  def go(**fields):
    console = Console(file=io.StringIO(), width=400)
    paths = session / 'x.tif', session / 'y.tif'
    return predict(*paths, console=console, **fields), console.file.getvalue()

  return go


@pytest.fixture(scope='module')
def finished(trained_run, micrographs, tmp_path_factory):
  """What --mode=predict leaves of x and y: never changed."""
  out = tmp_path_factory.mktemp('finished') / 'out'
  with pytest.MonkeyPatch.context() as patch:
    take_one_device(patch)
    images = [micrographs / 'x.tif', micrographs / 'y.tif']
    assert predict_images(trained_run, out, images)
  return out


@pytest.fixture
def measure_again(trained_run, tmp_path):
  """--mode=quantify on the masks of the session; rows by image."""

  def go(*masks):
    again = tmp_path / 'again'
    quantify.quantify(
      Workdir(trained_run).read_config(),
      QuantifyRequest(
        output=str(again),
        masks=[*map(str, masks)] or [str(tmp_path / 'out')],
        thickness_nm=100.0,
      ),
      Console(quiet=True),
      Never(),
    )
    return by_image(again)

  return go


def edit_regions(path):
  """Deletes the first region, and adds an oval and a freehand one."""
  regions = roifile.roiread(path)[1:]
  oval = roifile.ImagejRoi(
    roitype=roifile.ROI_TYPE.OVAL,
    name='mine',
    **{'left': 90, 'right': 110, 'top': 150, 'bottom': 170},
  )
  freehand = roifile.ImagejRoi.frompoints(
    [[150, 150], [170, 150], [170, 160], [150, 160]], name='more'
  )
  path.unlink()
  roifile.roiwrite(path, [*regions, oval, freehand])
  return len(regions) + 2


@pytest.mark.parametrize(
  ('name', 'pixels', 'count'),
  [
    ('x.png', np.where(apart() > 0, 255, 0), 3),
    ('x.TIFF', three_squares(), 3),
    ('x.npy', 7 * three_squares().astype(np.uint16), 3),
  ],
)
def test_a_mask_saved_beside_the_programs_is_taken(
  predicted, two, no_network, measure_again, tmp_path, name, pixels, count
):
  out = tmp_path / 'out'
  before = by_image(out)
  mine = out / 'masks' / name
  if name.endswith('npy'):
    np.save(mine, pixels)
  elif name.endswith('TIFF'):
    tifffile.imwrite(mine, pixels)
  else:
    Image.fromarray(pixels.astype(np.uint8)).save(mine)
  precious = mine.read_bytes()
  no_network()
  first = None
  for _ in range(2):
    assert two()[0]
    rows = by_image(out)
    assert int(rows['x']['count']) == count
    assert float(rows['x']['area_fraction']) == pytest.approx(
      (pixels > 0).mean(), rel=1e-5
    )
    assert rows['x']['number_density_detected_per_m3'] == 'NaN'
    assert rows['y'] == before['y']
    assert mine.read_bytes() == precious
    # As every other program reads it, and as it stays.
    kept = read_object_mask(out / 'masks' / 'x.tif')
    np.testing.assert_array_equal(kept.mask, pixels > 0)
    assert contents(out) == (first or contents(out))
    first = contents(out)
  page = (out / 'report.html').read_text()
  assert f'Masks corrected by hand: x (in masks/{name}).' in page
  summary = json.loads((out / 'summary.json').read_text())
  assert [one['corrected_in'] for one in summary['images']] == [
    f'masks/{name}',
    None,
  ]
  again = measure_again()
  for column in ('count', 'area_fraction', 'diameter_mean_nm', 'swelling'):
    assert again['x'][column] == rows['x'][column]


def test_regions_edited_in_imagej_are_taken(
  predicted, two, no_network, another_network, measure_again, tmp_path
):
  out = tmp_path / 'out'
  mine = out / 'rois' / 'x.zip'
  count = edit_regions(mine)
  precious = mine.read_bytes()
  no_network()
  for _ in range(2):
    assert two()[0]
    row = by_image(out)['x']
    assert int(row['count_all']) == count
    assert mine.read_bytes() == precious
  mask = tifffile.imread(out / 'masks' / 'x.tif')
  assert (mask[150:160, 150:170] == 255).all() and mask[160, 100] == 255
  assert mask[120:149, 120:149].max() >= 0
  page = (out / 'report.html').read_text()
  assert 'Masks corrected by hand: x (in rois/x.zip).' in page
  assert measure_again()['x']['count_all'] == str(count)
  another_network('another')
  done, said = two()
  assert done and 'rois/x.zip was corrected by hand when the run' in said
  assert by_image(out)['x']['count_all'] == str(count)
  assert mine.read_bytes() == precious
  np.testing.assert_array_equal(tifffile.imread(out / 'masks' / 'x.tif'), mask)


def test_a_set_of_one_region_is_a_roi(predicted, two, tmp_path):
  """So ImageJ saves it where the manager has one region only."""
  out = tmp_path / 'out'
  square = [[10, 20], [30, 20], [30, 50], [10, 50]]
  roifile.ImagejRoi.frompoints(square).tofile(out / 'rois' / 'x.roi')
  assert two()[0]
  row = by_image(out)['x']
  assert row['count_all'] == '1'
  assert float(row['area_fraction']) == pytest.approx(20 * 30 / 200**2)


def test_regions_that_overlap_are_a_warning(predicted, two, tmp_path):
  path = tmp_path / 'out' / 'rois' / 'x.zip'
  path.unlink()
  squares = [
    roifile.ImagejRoi.frompoints(
      [[n, 20], [n + 20, 20], [n + 20, 40], [n, 40]], name=name
    )
    for n, name in ((20, 'a'), (20, 'b'), (30, 'c'))
  ]
  roifile.roiwrite(path, squares)
  done, said = two()
  assert done
  assert 'regions_overlap: x.zip: 400 pixels are in several' in said
  assert 'not counted: a' in said
  row = by_image(tmp_path / 'out')['x']
  assert row['count_all'] == '2'
  assert float(row['area_fraction']) == pytest.approx(600 / 200**2)


@pytest.mark.parametrize('file', ['masks/x.png', 'rois/x.zip'])
def test_a_correction_that_is_taken_away_leaves_the_networks_mask(
  two, tmp_path, file
):
  assert two()[0]
  out = tmp_path / 'out'
  as_predicted = contents(out)
  mine = out / file
  if file.startswith('masks'):
    Image.fromarray(three_squares()).save(mine)
  else:
    edit_regions(mine)
  assert two()[0]
  assert contents(out) != as_predicted
  mine.rename(tmp_path / 'kept')
  assert two()[0]
  assert contents(out) == as_predicted


def test_two_corrections_that_contradict_stop_their_image(
  predicted, two, tmp_path
):
  out = tmp_path / 'out'
  before = by_image(out)
  Image.fromarray(three_squares()).save(out / 'masks' / 'x.png')
  edit_regions(out / 'rois' / 'x.zip')
  precious = {
    file: (out / file).read_bytes() for file in ('masks/x.png', 'rois/x.zip')
  }
  for _ in range(2):
    done, said = two()
    assert not done
    assert 'masks/x.png and ' in said and 'rois/x.zip: were both' in said
    rows = by_image(out)
    assert rows['x']['count'] == ''
    assert rows['y']['count'] == before['y']['count']
    for file, content in precious.items():
      assert (out / file).read_bytes() == content
  (out / 'masks' / 'x.png').unlink()
  assert two()[0]
  assert int(by_image(out)['x']['count_all']) > 0


def test_a_line_is_no_object(predicted, two, tmp_path):
  path = tmp_path / 'out' / 'rois' / 'x.zip'
  path.unlink()
  line = roifile.ImagejRoi(roitype=roifile.ROI_TYPE.LINE, name='scratch')
  roifile.roiwrite(path, [line])
  done, said = two()
  assert not done
  assert "the region 'scratch' is of the kind line, which has no area" in said
  path.write_bytes(b'PK, and nothing else')
  assert 'x.zip: it is no set of regions, or damaged' in two()[1]


def test_what_has_no_image_is_named(predicted, two, tmp_path):
  out = tmp_path / 'out'
  Image.fromarray(apart()).save(out / 'masks' / 'x_corrected.png')
  (out / 'rois' / 'RoiSet.zip').write_bytes(b'')
  done, said = two()
  assert done
  assert 'Not read: masks/x_corrected.png, rois/RoiSet.zip. A correct' in said


def test_overwrite_does_not_take_turns_with_a_correction(
  predicted, two, tmp_path
):
  mine = tmp_path / 'out' / 'masks' / 'x.png'
  Image.fromarray(apart()).save(mine)
  done, said = two(overwrite=True)
  assert not done and 'x.png: --overwrite takes the network' in said
  assert mine.exists()


def test_measuring_masks_knows_what_was_changed_since(
  predicted, two, measure_again, tmp_path
):
  mine = tmp_path / 'out' / 'masks' / 'x.png'
  Image.fromarray(apart()).save(mine)
  assert two()[0]
  Image.fromarray(three_squares() * 0).save(mine)
  with pytest.raises(ValueError, match=r'x\.png: was changed since'):
    measure_again(tmp_path / 'out')


def test_another_scale_leaves_numbered_objects_as_they_are(
  predicted, two, tmp_path
):
  mask = tmp_path / 'out' / 'masks' / 'x.tif'
  tifffile.imwrite(mask, 7 * apart())
  assert two()[0]
  assert two(pixel_size_nm=0.25)[0]
  np.testing.assert_array_equal(tifffile.imread(mask), 7 * apart())
  objects = rows_of(tmp_path / 'out' / 'objects.csv')
  mine = [float(o['area_nm2']) for o in objects if o['image'] == 'x']
  # The gap of a column is the second square's.
  assert mine == [20 * 20 / 16, 19 * 20 / 16, 10 * 10 / 16]
