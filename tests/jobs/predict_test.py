"""--mode=predict, from a trained run to the files a person opens."""

import json
import os
import pathlib
import shutil
import sys
import zipfile

import numpy as np
import pytest
import tifffile
import tiny
from PIL import Image
from rich.console import Console
from sessions import NAMES, After, Never, contents, rows_of, wrong

from configs import voids
from defectseg_jax.errors import InputError
from defectseg_jax.jobs import predict as job
from defectseg_jax.jobs import quantify
from defectseg_jax.micrographs.writing import write_tiff
from defectseg_jax.reporting import imagej_rois
from defectseg_jax.runs.workdir import Workdir
from defectseg_jax.runtime.interruption import Stopped
from defectseg_jax.sessions.requests import PredictRequest, QuantifyRequest

# The run is trained once; its tests share a process.
pytestmark = [pytest.mark.xdist_group('predict'), pytest.mark.slow]

PROGRAM = [sys.executable, '-m', 'defectseg_jax.main']
CRASHES = tiny.SHARED / 'data' / 'cases' / 'broken' / 'hdf5_segfault.hspy'


def test_the_command(trained_run, session, tmp_path):
  out = tmp_path / 'results'
  done = tiny.run(
    [
      *PROGRAM,
      *('--mode=predict', f'--workdir={trained_run}', '--thickness_nm=100'),
      *(f'--input={session}/[xy].tif', f'--output={out}'),
      str(session / 'z.tif'),
    ]
  )
  assert done.returncode == 0, done.stderr
  assert done.stderr == ''
  assert 'report.html' in done.stdout and '3/3 z.tif' in done.stdout
  for kind in ('images', 'masks', 'probabilities'):
    assert sorted(p.stem for p in (out / kind).iterdir()) == NAMES
  for kind in ('overlays', 'histograms', 'rois'):
    assert sorted(p.stem for p in (out / kind).iterdir()) == NAMES
  assert not [path for path in out.rglob('.*')]
  # What the run's development set says of sizes, in each image's nanometres.
  content = json.loads((trained_run / 'dev_detection.json').read_text())
  assert sum(content['by_size']['found']) == content['found']
  for place in (out, trained_run):
    assert 'Which sizes are found' in (place / 'report.html').read_text()
  for row in rows_of(out / 'summary.csv'):
    half = [float(row[f'diameter_50_detected_{unit}']) for unit in ('nm', 'px')]
    assert half[0] == pytest.approx(
      half[1] * float(row['pixel_size_nm']), rel=1e-4, nan_ok=True
    )

  threshold = json.loads((trained_run / 'test_metrics.json').read_text())[
    'threshold'
  ]
  for name in NAMES:
    mask = tifffile.imread(out / 'masks' / f'{name}.tif')
    probabilities = tifffile.imread(out / 'probabilities' / f'{name}.tif')
    assert mask.dtype == np.uint8 and probabilities.dtype == np.float32
    np.testing.assert_array_equal(mask, 255 * (probabilities >= threshold))
    with zipfile.ZipFile(out / 'rois' / f'{name}.zip') as archive:
      objects = [r for r in rows_of(out / 'objects.csv') if r['image'] == name]
      assert len(archive.namelist()) == len(objects)
  # Discs that stand out from noise are found.
  _, truth = tiny.foil(10, 200)
  found = tifffile.imread(out / 'masks' / 'x.tif')
  both = np.count_nonzero((found > 0) & (truth > 0))
  assert both > 0.5 * np.count_nonzero((found > 0) | (truth > 0))
  page = (out / 'report.html').read_text()
  assert all(name in page for name in NAMES)
  assert '--mode=predict' in page


def test_the_masks_measured_again_give_the_same_numbers(
  predicted, trained_run, tmp_path
):
  out, again = tmp_path / 'out', tmp_path / 'again'
  config = Workdir(trained_run).read_config()
  quantify.quantify(
    config,
    QuantifyRequest(
      output=str(again),
      masks=[str(out)],
      detection=str(trained_run / 'dev_detection.json'),
    ),
    Console(quiet=True),
    Never(),
  )
  assert (again / 'summary.csv').read_bytes() == (
    out / 'summary.csv'
  ).read_bytes()
  ours = rows_of(out / 'objects.csv')
  for row, other in zip(ours, rows_of(again / 'objects.csv'), strict=True):
    assert float(row.pop('mean_probability')) > 0
    assert row == other
  summary = json.loads((out / 'summary.json').read_text())
  page = (out / 'report.html').read_text()
  assert str(summary['images'][0]['count']) in page


def test_what_is_done_is_not_done_again(predict, tmp_path):
  assert predict()
  out = tmp_path / 'out'
  before = contents(out)
  stamps = {p: p.stat().st_mtime_ns for p in (out / 'masks').iterdir()}
  assert predict()
  assert contents(out) == before
  assert stamps == {p: p.stat().st_mtime_ns for p in (out / 'masks').iterdir()}
  (out / 'masks' / 'x.tif').unlink()
  assert predict()
  assert contents(out) == before


def test_an_image_that_has_changed_is_done_again(
  predicted, predict, session, tmp_path
):
  out = tmp_path / 'out'
  stamps = {p: p.stat().st_mtime_ns for p in (out / 'masks').iterdir()}
  changed, _ = tiny.foil(99, 200)
  write_tiff(session / 'x.tif', changed, pixel_size_nm=0.5)
  assert predict()
  assert predict(output=str(tmp_path / 'fresh'))
  assert contents(out) == contents(tmp_path / 'fresh')
  again = [p.name for p, then in stamps.items() if p.stat().st_mtime_ns > then]
  assert again == ['x.tif']


def test_an_interrupted_session_goes_on(predict, tmp_path):
  """Stopped in the first image, between two, and while they are drawn."""
  out = tmp_path / 'out'
  assert predict(output=str(tmp_path / 'whole'))
  for times in (1, 3, 6, 5):
    with pytest.raises(Stopped):
      predict(interruption=After(times))
    assert not (out / 'report.html').exists()
    assert not list(out.rglob('.*'))
  assert predict()
  assert contents(out) == contents(tmp_path / 'whole')


def test_one_bad_image_does_not_end_a_session(session, trained_run, tmp_path):
  (session / 'broken.tif').write_bytes(b'II*\0nothing')
  bad = {'broken', 'name\\udcff.tif'}
  shutil.copy(session / 'x.tif', os.fsdecode(bytes(session) + b'/name\xff.tif'))
  # Who reads it ends by a signal.
  if CRASHES.exists():
    shutil.copy(CRASHES, session / 'crash.hspy')
    bad.add('crash')
  out = tmp_path / 'out'
  done = tiny.run(
    [
      *PROGRAM,
      *('--mode=predict', f'--workdir={trained_run}', '--thickness_nm=100'),
      *(f'--input={session}', f'--output={out}'),
    ]
  )
  assert done.returncode == 1
  assert 'Traceback' not in done.stderr
  assert 'FAILED broken' in done.stdout
  rows = {row['image']: row for row in rows_of(out / 'summary.csv')}
  assert rows.keys() == {*NAMES, *bad}
  assert 'broken.tif' in rows['broken']['failure']
  assert rows['x']['failure'] == '' and rows['x']['count'] != ''
  content = json.loads((out / 'summary.json').read_text())
  assert content['failures'].keys() == bad
  assert 'broken' in (out / 'report.html').read_text()


def test_nothing_but_bad_images(session, predict, tmp_path):
  (session / 'broken.tif').write_bytes(b'II*\0nothing')
  assert not predict(session / 'broken.tif')
  (row,) = rows_of(tmp_path / 'out' / 'summary.csv')
  assert row['image'] == 'broken'


def test_eight_orientations_are_another_network(predicted, predict, tmp_path):
  assert predict(output=str(tmp_path / 'eight'), orientations=8)
  one, eight = (
    tifffile.imread(tmp_path / name / 'probabilities' / 'x.tif')
    for name in ('out', 'eight')
  )
  assert 0 < np.abs(one - eight).max() < 1
  assert (
    'eight orientations' in (tmp_path / 'eight' / 'report.html').read_text()
  )


@pytest.fixture
def sized_run(trained_run, tmp_path):
  """Makes a copy of the run that has seen other sizes."""

  def make(**sizes):
    copy = tmp_path / 'sized'
    shutil.copytree(trained_run, copy, dirs_exist_ok=True)
    (copy / 'seen_sizes.json').write_text(json.dumps(sizes))
    return Workdir(copy)

  return make


def test_images_meet_the_network_at_the_scale_it_knows(
  predict, sized_run, session, tmp_path
):
  """Pixels of 0.5 nm, and a network trained at 0.25: enlarged by 2."""
  assert predict(session / 'x.tif')
  workdir = sized_run(pixel_size_nm=[0.2, 0.25])
  assert predict(session / 'x.tif', workdir=workdir, output=str(tmp_path / '2'))
  as_it_is, enlarged = (
    tifffile.imread(tmp_path / name / 'probabilities' / 'x.tif')
    for name in ('out', '2')
  )
  assert enlarged.shape == as_it_is.shape and (enlarged != as_it_is).any()
  (one,) = json.loads((tmp_path / '2' / 'summary.json').read_text())['images']
  (other,) = json.loads((tmp_path / 'out' / 'summary.json').read_text())[
    'images'
  ]
  assert one['zooms'] == [2] and other['zooms'] == [1]
  smallest = other['minimum_area_px']
  assert one['minimum_area_px'] == max(1, -(-smallest // 4))
  # As it was trained: the same bits, under the same key.
  workdir = sized_run(pixel_size_nm=[0.4, 0.6])
  stamp = (tmp_path / 'out' / 'masks' / 'x.tif').stat().st_mtime_ns
  assert predict(session / 'x.tif', workdir=workdir)
  assert stamp == (tmp_path / 'out' / 'masks' / 'x.tif').stat().st_mtime_ns
  workdir = sized_run(pixel_size_nm=[0.9, 1])
  assert predict(session / 'x.tif', workdir=workdir)
  assert stamp != (tmp_path / 'out' / 'masks' / 'x.tif').stat().st_mtime_ns


def test_several_scales_or_the_one_of_a_diameter(
  predict, sized_run, session, tmp_path
):
  workdir = sized_run(diameter_px=[5, 80])
  out = tmp_path / 'out'
  for diameter_nm in (None, None, 10.0, 32.0):
    assert predict(
      session / 'x.tif', workdir=workdir, object_diameter_nm=diameter_nm
    )
    (image,) = json.loads((out / 'summary.json').read_text())['images']
    zooms = image['zooms']
    page = (out / 'report.html').read_text()
    if diameter_nm is None:
      assert {*zooms} <= {0.5, 1} and zooms
      assert ', '.join(f'{zoom:g}' for zoom in zooms) + ': all images' in page
    else:
      assert zooms == pytest.approx([1 if diameter_nm == 10 else 0.496], 0.01)
  threshold = json.loads((workdir.path / 'test_metrics.json').read_text())[
    'threshold'
  ]
  np.testing.assert_array_equal(
    tifffile.imread(out / 'masks' / 'x.tif') > 0,
    tifffile.imread(out / 'probabilities' / 'x.tif') >= threshold,
  )


def test_a_diameter_that_is_of_no_use(predict, sized_run, tmp_path):
  said = wrong(predict, tmp_path, object_diameter_nm=0.0)
  assert '--object_diameter_nm=0.0: must be from 0.1' in said
  said = wrong(predict, tmp_path, object_diameter_nm=5.0)
  assert '--object_diameter_nm=5: the network of' in said
  workdir = sized_run(diameter_px=[80, 5])
  said = wrong(predict, tmp_path, workdir=workdir)
  assert 'seen_sizes.json: is damaged' in said


def test_what_the_program_did_not_write_is_left_alone(
  predict, session, tmp_path
):
  out = tmp_path / 'out'
  (out / 'masks').mkdir(parents=True)
  mine = out / 'masks' / 'x.tif'
  mine.write_text('precious')
  said = wrong(predict, tmp_path)
  assert 'out: holds files that are not of a session' in said
  assert mine.read_text() == 'precious'
  assert predict(overwrite=True)
  assert tifffile.imread(mine).shape == (200, 200)
  # In a session's own folder, too.
  shutil.rmtree(out)
  assert predict(session / 'x.tif')
  (out / 'masks' / 'y.tif').write_text('precious')
  with pytest.raises(InputError, match=r'y\.tif: is there already, and not of'):
    predict(session / 'x.tif', session / 'y.tif')
  assert (out / 'masks' / 'y.tif').read_text() == 'precious'


def test_images_of_another_session_are_not_mixed_in(predict, session, tmp_path):
  assert predict(session / 'x.tif', session / 'z.tif')
  said = wrong(predict, tmp_path, session / 'y.tif')
  assert 'out: holds results of x and 2 more, which --input does not' in said
  assert predict(session / 'y.tif', overwrite=True)
  masks = sorted(path.name for path in (tmp_path / 'out' / 'masks').iterdir())
  assert masks == ['y.tif']
  assert [
    row['image'] for row in rows_of(tmp_path / 'out' / 'summary.csv')
  ] == ['y']


def test_what_is_wrong_is_said_before_anything_is_done(
  predict, trained_run, session, tmp_path
):
  said = wrong(predict, tmp_path, orientations=4)
  assert '--orientations=4: choose one of 1, 8' in said
  said = wrong(predict, tmp_path, tmp_path / 'none.tif')
  assert 'none.tif: there is no such file' in said
  config = Workdir(trained_run).read_config()
  config.quantification.separate = True
  said = wrong(predict, tmp_path, config=config)
  assert 'made with separate=False, and now it is True; score the run' in said
  config = Workdir(trained_run).read_config()
  config.seed = 8
  assert 'config.seed was 0' in wrong(predict, tmp_path, config=config)
  done = tiny.run([*PROGRAM, '--mode=predict', f'--output={tmp_path / "o"}'])
  assert done.stderr.startswith('error: --workdir: is missing')


def test_a_run_that_was_not_scored(tmp_path):
  workdir = Workdir(tmp_path / 'run')
  workdir.path.mkdir()
  workdir.config.write_text(json.dumps(voids.get_config().to_dict()))
  with pytest.raises(InputError, match=r'dev_detection\.json: is missing'):
    job.predict(
      voids.get_config(),
      workdir,
      PredictRequest(
        output='x', images=[str(workdir.config)], thickness_nm=1.0
      ),
      Console(quiet=True),
      Never(),
    )


def test_a_corrected_session_is_a_folder_to_train_on(predicted, tmp_path):
  out = tmp_path / 'out'
  rows = rows_of(out / 'splits.csv')
  assert [row['file'] for row in rows] == [f'{name}.tif' for name in NAMES]
  assert {row['thickness_nm'] for row in rows} == {'100.0'}
  for row in rows:
    assert (out / 'images' / row['file']).exists()
    assert (out / 'masks' / row['file']).exists()
  original, _ = tiny.foil(10, 200)
  np.testing.assert_array_equal(
    tifffile.imread(out / 'images' / 'x.tif'), original
  )


def test_an_image_too_large_for_imagej_has_no_regions(
  predict, tmp_path, monkeypatch
):
  monkeypatch.setattr(imagej_rois, 'LARGEST_COORDINATE_PX', 150)
  assert predict()
  out = tmp_path / 'out'
  assert sorted(path.stem for path in (out / 'rois').iterdir()) == NAMES[1:]
  warnings = [row['warnings'] for row in rows_of(out / 'summary.csv')]
  assert warnings == ['no_regions', '', '', '']


def test_a_damaged_index(predict, tmp_path):
  (tmp_path / 'out').mkdir()
  (tmp_path / 'out' / 'session.json').write_text('{')
  assert 'session.json: is damaged' in wrong(predict, tmp_path)
  assert pathlib.Path(tmp_path / 'out' / 'session.json').read_text() == '{'
  with Image.new('L', (9, 9)) as small:
    small.save(tmp_path / 'session' / 'small.png')
