"""What --mode=predict does of masks that a person corrected."""

import io
import json
import shutil

import numpy as np
import pytest
import tifffile
import tiny
from rich.console import Console
from scipy import ndimage
from sessions import NAMES, by_image, contents, corrected, wrong

from defectseg_jax.micrographs import reading
from defectseg_jax.micrographs.writing import write_mask, write_tiff
from defectseg_jax.runs.workdir import Workdir
from defectseg_jax.sessions.folder import SessionFolder

# The run is trained once; its tests share a process.
pytestmark = [pytest.mark.xdist_group('predict'), pytest.mark.slow]

# What is said of masks whose left half is one region.
OF_HALVES = 'most_at_border; overlap_not_corrected'


def scale_of(path):
  return reading.read_frames(path)[0].pixel_size_nm


def test_a_corrected_mask_stays_and_is_measured(
  predicted, predict, no_network, tmp_path
):
  out = tmp_path / 'out'
  before = by_image(out)
  mask = corrected(out / 'masks' / 'x.tif')
  precious = (out / 'masks' / 'x.tif').read_bytes()
  no_network()
  assert predict()
  assert (out / 'masks' / 'x.tif').read_bytes() == precious
  after = by_image(out)
  assert float(after['x']['area_fraction']) == pytest.approx(
    (mask > 0).mean(), abs=0.001
  )
  assert after['x']['area_fraction'] != before['x']['area_fraction']
  assert after['y'] == before['y']
  assert {row['warnings'] for row in after.values()} == {''}
  # What the network misses says nothing of a person's mask.
  assert after['x']['number_density_detected_per_m3'] == 'NaN'
  assert after['y']['number_density_detected_per_m3'] != 'NaN'
  page = (out / 'report.html').read_text()
  assert 'Masks corrected by hand: x (in masks/x.tif).' in page


def test_what_a_person_draws_counts_however_small_it_is(
  predict, trained_run, tmp_path
):
  """And of the network's mask nothing is there that does not count."""
  run = shutil.copytree(trained_run, tmp_path / 'run')
  path = run / 'dev_detection.json'
  content = json.loads(path.read_text())
  content['settings']['minimum_area_px'] = 150
  path.write_text(json.dumps(content))
  assert predict(workdir=Workdir(run))
  out = tmp_path / 'out'
  for name, row in by_image(out).items():
    labels, count = ndimage.label(
      tifffile.imread(out / 'masks' / f'{name}.tif'), np.ones((3, 3))
    )
    assert count == int(row['count_all'])
    assert (np.bincount(labels.ravel())[1:] >= 150).all()
  mask = np.zeros((200, 200), np.uint8)
  for place in range(20):
    row, column = 12 + 40 * (place // 5), 12 + 38 * (place % 5)
    mask[row : row + 8, column : column + 8] = 255
  write_mask(out / 'masks' / 'x.tif', mask > 0, pixel_size_nm=0.5)
  assert predict(workdir=Workdir(run))
  after = by_image(out)['x']
  assert after['count_all'] == '20'
  # 8 pixels of half a nanometre a side: sqrt(4 / pi) * 4 nm.
  assert float(after['diameter_mean_nm']) == pytest.approx(4.514, rel=1e-3)
  summary = json.loads((out / 'summary.json').read_text())
  assert summary['images'][0]['minimum_area_px'] == 0
  assert summary['images'][1]['minimum_area_px'] == 150


def test_the_network_makes_its_mask_again_where_that_is_asked_for(
  predict, session, tmp_path
):
  one = session / 'x.tif'
  assert predict(one)
  out = tmp_path / 'out'
  as_predicted, mask = contents(out), out / 'masks' / 'x.tif'
  corrected(mask)
  assert predict(one, overwrite=True)
  assert contents(out) == as_predicted
  corrected(mask)
  mask.unlink()
  assert predict(one)
  assert contents(out) == as_predicted


@pytest.mark.parametrize(
  'file', ['summary.csv', 'images/x.tif', 'probabilities/x.tif']
)
def test_other_files_that_somebody_changed_stop_a_session(
  predict, session, tmp_path, file
):
  one = session / 'x.tif'
  assert predict(one)
  out = tmp_path / 'out'
  as_predicted = contents(out)
  with (out / file).open('ab') as stream:
    stream.write(b'a note')
  precious = contents(out)
  said = wrong(predict, tmp_path, one, thickness_nm=50.0)
  assert f'{file}: is not what the program wrote; move it' in said
  assert contents(out) == precious
  assert predict(one, overwrite=True)
  assert contents(out) == as_predicted


def test_another_thickness_or_scale_needs_no_network(
  predicted, predict, no_network, another_network, tmp_path
):
  out, fresh = tmp_path / 'out', tmp_path / 'fresh'
  sized = {'thickness_nm': 50.0, 'pixel_size_nm': 0.125}
  assert predict(output=str(fresh), **sized)
  before = by_image(out)
  stamps = {p: p.stat().st_mtime_ns for p in (out / 'masks').iterdir()}
  no_network()
  assert predict(thickness_nm=50.0)
  assert stamps == {p: p.stat().st_mtime_ns for p in (out / 'masks').iterdir()}
  for name, row in by_image(out).items():
    assert float(row['number_density_per_m3']) == pytest.approx(
      2 * float(before[name]['number_density_per_m3']), rel=1e-5
    )
  assert predict(**sized)
  assert contents(out) == contents(fresh)
  # A person's pixels stay, with the scale of the numbers.
  mask = corrected(out / 'masks' / 'x.tif')
  sized['pixel_size_nm'] = 0.75
  assert predict(**sized)
  for kind in ('images', 'masks', 'probabilities'):
    for name in NAMES:
      assert scale_of(out / kind / f'{name}.tif') == pytest.approx(0.75)
  np.testing.assert_array_equal(tifffile.imread(out / 'masks' / 'x.tif'), mask)
  # And are the person's still.
  another_network('another')
  assert predict(**sized)
  np.testing.assert_array_equal(tifffile.imread(out / 'masks' / 'x.tif'), mask)


def test_what_was_corrected_outlives_another_run(
  predicted, predict, another_network, tmp_path
):
  out = tmp_path / 'out'
  mask = corrected(out / 'masks' / 'x.tif')
  precious = (out / 'masks' / 'x.tif').read_bytes()
  another_network('another')
  for _ in range(2):  # It is said again each time, not once.
    console = Console(file=io.StringIO(), width=400)
    assert predict(console=console)
    assert (out / 'masks' / 'x.tif').read_bytes() == precious
    rows = by_image(out)
    assert [row['warnings'] for row in rows.values()] == [
      'corrected_mask_kept',
      *[OF_HALVES] * 3,
    ]
    assert float(rows['x']['area_fraction']) == pytest.approx(
      (mask > 0).mean(), abs=0.001
    )
    said = console.file.getvalue()
    assert said.count('corrected_mask_kept') == 1
    assert '--overwrite takes' in said
    page = (out / 'report.html').read_text()
    assert 'masks/x.tif was corrected by hand when the run or' in page
  # What nobody touched is the new network's, and so is what it answered.
  for name in NAMES:
    answer = tifffile.imread(out / 'probabilities' / f'{name}.tif')
    assert answer[:, 0].all() and not answer[:, -1].any()
    found = tifffile.imread(out / 'masks' / f'{name}.tif')
    assert np.array_equal(found, 255 * answer) == (name != 'x')
  assert predict(overwrite=True)
  assert by_image(out)['x']['warnings'] == OF_HALVES
  np.testing.assert_array_equal(
    tifffile.imread(out / 'masks' / 'x.tif'),
    255 * tifffile.imread(out / 'probabilities' / 'x.tif'),
  )


def test_what_was_corrected_outlives_other_pixels(
  predicted, predict, session, tmp_path
):
  out = tmp_path / 'out'
  for name in 'xy':
    corrected(out / 'masks' / f'{name}.tif')
  precious = [(out / 'masks' / f'{n}.tif').read_bytes() for n in 'xy']
  for name, side in (('x', 200), ('y', 90)):
    pixels, _ = tiny.foil(99, side)
    write_tiff(session / f'{name}.tif', pixels, pixel_size_nm=0.5)
  # Those of another size cannot be the mask of this micrograph.
  assert not predict()
  rows = by_image(out)
  assert rows['x']['warnings'] == 'corrected_mask_kept'
  assert (
    'has 131 x 131 pixels, but the micrograph has 90 x 90'
    in (rows['y']['failure'])
  )
  assert precious == [(out / 'masks' / f'{n}.tif').read_bytes() for n in 'xy']
  np.testing.assert_array_equal(
    tifffile.imread(out / 'images' / 'x.tif'), tiny.foil(99, 200)[0]
  )


def test_a_corrected_mask_that_is_none_fails_alone(
  predicted, predict, tmp_path
):
  out = tmp_path / 'out'
  grey = np.arange(200 * 200, dtype=np.uint8).reshape(200, 200)
  tifffile.imwrite(out / 'masks' / 'x.tif', grey)
  assert not predict()
  rows = by_image(out)
  assert 'x.tif: ' in rows['x']['failure']
  assert 'different values' in rows['x']['failure']
  assert rows['y']['failure'] == '' and rows['y']['count'] != ''
  np.testing.assert_array_equal(tifffile.imread(out / 'masks' / 'x.tif'), grey)


def test_what_was_cut_short_is_the_programs_own(
  predict, another_network, monkeypatch, tmp_path
):
  """Killed when an image's files are in place, and not yet noted as done."""
  assert predict(output=str(tmp_path / 'whole'))

  class Killed(BaseException):
    pass

  def die(*_):
    raise Killed

  def killed():
    with monkeypatch.context() as patched, pytest.raises(Killed):
      patched.setattr(SessionFolder, 'note_done', die)
      predict()

  killed()
  assert (tmp_path / 'out' / 'masks' / 'x.tif').exists()
  assert predict()
  assert contents(tmp_path / 'out') == contents(tmp_path / 'whole')
  another_network('another')
  killed()
  assert predict()
  assert {row['warnings'] for row in by_image(tmp_path / 'out').values()} == {
    OF_HALVES
  }


def test_a_mask_is_not_beside_itself(predict, session, tmp_path):
  """A disk that knows no case finds it by both names, as a link does here."""
  assert predict(session / 'x.tif')
  masks = tmp_path / 'out' / 'masks'
  (masks / 'x.TIF').hardlink_to(masks / 'x.tif')
  assert predict(session / 'x.tif')
