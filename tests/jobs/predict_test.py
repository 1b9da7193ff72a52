"""--mode=predict, from a trained run to the files a person opens."""

import csv
import dataclasses
import io
import json
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

from configs import voids
from defectseg_jax.errors import InputError
from defectseg_jax.jobs import predict as job
from defectseg_jax.jobs import quantify, trained
from defectseg_jax.jobs.interruption import Stopped
from defectseg_jax.jobs.session_folder import SessionFolder
from defectseg_jax.jobs.workdir import Workdir
from defectseg_jax.micrographs import reading, rois
from defectseg_jax.micrographs.writing import write_tiff

# The run is trained once; its tests share a process.
pytestmark = pytest.mark.xdist_group('predict')

PROGRAM = [sys.executable, '-m', 'defectseg_jax.main']


class Never:
  """Nobody interrupts."""

  def something_to_save(self):
    pass

  def check(self):
    pass


class After(Never):
  """Interrupts when it is asked for the n-th time."""

  def __init__(self, times):
    self.left = times

  def check(self):
    self.left -= 1
    if self.left == 0:
      raise Stopped


@pytest.fixture(scope='module')
def run(tmp_path_factory):
  """The workdir of a run of three epochs."""
  folder = tmp_path_factory.mktemp('run')
  for seed, name in enumerate('abc'):
    tiny.write_foil(folder / 'foils', name, seed)
  (folder / 'foils' / 'splits.csv').write_text(
    'file,split\na.png,train\nb.png,dev\nc.png,test\n'
  )
  fields = {
    **tiny.TINY,
    'training.epochs': 6,
    'data.dir': folder / 'foils',
    'data.cache_dir': folder / 'cache',
  }
  done = tiny.run(
    [
      *PROGRAM,
      *('--config=configs/voids.py', f'--workdir={folder / "run"}'),
      *(f'--config.{name}={value}' for name, value in fields.items()),
    ]
  )
  assert done.returncode == 0, done.stderr
  return folder / 'run'


@pytest.fixture
def session(tmp_path):
  """Two calibrated micrographs, one of a stack of two, of other sizes."""
  folder = tmp_path / 'session'
  folder.mkdir()
  for seed, (name, side) in enumerate((('x', 200), ('y', 131)), start=10):
    pixels, _ = tiny.foil(seed, side)
    write_tiff(folder / f'{name}.tif', pixels, pixel_size_nm=0.5)
  stack = np.stack([tiny.foil(seed, 96)[0] for seed in (20, 21)])
  tifffile.imwrite(
    folder / 'z.tif',
    stack,
    imagej=True,
    resolution=(4, 4),
    metadata={'unit': 'nm', 'axes': 'ZYX'},
  )
  return folder


NAMES = ['x', 'y', 'z[0]', 'z[1]']


@pytest.fixture
def predict(run, session, tmp_path):
  """Runs the job in this process; whether all could be done."""

  def go(*given, interruption=None, config=None, console=None, **fields):
    fields = {
      'output': str(tmp_path / 'out'),
      'thickness_nm': 100.0,
      'images': [*map(str, given)] or [str(session)],
      **fields,
    }
    workdir = Workdir(run)
    return job.predict(
      config or workdir.read_config(),
      workdir,
      job.Request(**fields),
      console or Console(quiet=True),
      interruption or Never(),
    )

  return go


def rows_of(path):
  with path.open(newline='') as stream:
    return list(csv.DictReader(stream))


def contents(folder):
  """All that follows from the session, and not from when it was done."""
  return {
    str(path.relative_to(folder)): path.read_bytes()
    for path in sorted(folder.rglob('*'))
    if path.is_file() and path.name not in ('session.json', 'report.html')
  }


def test_the_command(run, session, tmp_path):
  out = tmp_path / 'results'
  done = tiny.run(
    [
      *PROGRAM,
      *('--mode=predict', f'--workdir={run}', '--thickness_nm=100'),
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

  threshold = json.loads((run / 'test_metrics.json').read_text())['threshold']
  for name in NAMES:
    mask = tifffile.imread(out / 'masks' / f'{name}.tif')
    probabilities = tifffile.imread(out / 'probabilities' / f'{name}.tif')
    assert mask.dtype == np.uint8 and probabilities.dtype == np.float32
    np.testing.assert_array_equal(mask, 255 * (probabilities >= threshold))
    with zipfile.ZipFile(out / 'rois' / f'{name}.zip') as rois:
      objects = [r for r in rows_of(out / 'objects.csv') if r['image'] == name]
      assert len(rois.namelist()) == len(objects)
  # Discs that stand out from noise are found.
  _, truth = tiny.foil(10, 200)
  found = tifffile.imread(out / 'masks' / 'x.tif')
  both = np.count_nonzero((found > 0) & (truth > 0))
  assert both > 0.5 * np.count_nonzero((found > 0) | (truth > 0))
  page = (out / 'report.html').read_text()
  assert all(name in page for name in NAMES)
  assert '--mode=predict' in page


def test_the_masks_measured_again_give_the_same_numbers(run, predict, tmp_path):
  assert predict()
  out, again = tmp_path / 'out', tmp_path / 'again'
  config = Workdir(run).read_config()
  quantify.quantify(
    config,
    quantify.Request(
      output=str(again),
      masks=[str(out)],
      detection=str(run / 'dev_detection.json'),
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


def test_an_image_that_has_changed_is_done_again(predict, session, tmp_path):
  assert predict()
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
    predict(interruption=After(times))
    assert not (out / 'report.html').exists()
    assert not list(out.rglob('.*'))
  assert predict()
  assert contents(out) == contents(tmp_path / 'whole')


def test_one_bad_image_does_not_end_a_session(session, run, tmp_path):
  (session / 'broken.tif').write_bytes(b'II*\0nothing')
  tifffile.imwrite(session / 'bare.tif', np.zeros((64, 64), np.uint8))
  out = tmp_path / 'out'
  done = tiny.run(
    [
      *PROGRAM,
      *('--mode=predict', f'--workdir={run}', '--thickness_nm=100'),
      *(f'--input={session}', f'--output={out}'),
    ]
  )
  assert done.returncode == 1
  assert 'Traceback' not in done.stderr
  assert 'FAILED broken' in done.stdout
  assert 'pixel_size_nm is not known' in done.stdout
  rows = {row['image']: row for row in rows_of(out / 'summary.csv')}
  assert rows.keys() == {*NAMES, 'broken', 'bare'}
  assert 'broken.tif' in rows['broken']['failure']
  assert rows['x']['failure'] == '' and rows['x']['count'] != ''
  content = json.loads((out / 'summary.json').read_text())
  assert content['failures'].keys() == {'broken', 'bare'}
  assert 'broken' in (out / 'report.html').read_text()


def test_nothing_but_bad_images(session, predict, tmp_path):
  (session / 'broken.tif').write_bytes(b'II*\0nothing')
  assert not predict(session / 'broken.tif')
  (row,) = rows_of(tmp_path / 'out' / 'summary.csv')
  assert row['image'] == 'broken'


def test_eight_orientations_are_another_network(predict, tmp_path):
  assert predict()
  assert predict(output=str(tmp_path / 'eight'), orientations=8)
  one, eight = (
    tifffile.imread(tmp_path / name / 'probabilities' / 'x.tif')
    for name in ('out', 'eight')
  )
  assert 0 < np.abs(one - eight).max() < 1
  assert (
    'eight orientations' in (tmp_path / 'eight' / 'report.html').read_text()
  )


def wrong(predict, tmp_path, *given, **fields):
  before = sorted(tmp_path.rglob('*'))
  with pytest.raises(InputError) as caught:
    predict(*given, **fields)
  assert sorted(tmp_path.rglob('*')) == before
  assert len(str(caught.value).splitlines()) == 1
  return str(caught.value)


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


@pytest.fixture
def another_network(monkeypatch):
  """From when it is called on, the network finds the left half of all."""

  def halves(pixels, **_):
    probabilities = np.zeros(pixels.shape, np.float32)
    probabilities[:, : pixels.shape[1] // 2] = 1.0
    return probabilities

  def begin(identity, probabilities=halves):
    read = trained.trained
    monkeypatch.setattr(
      job,
      'trained',
      lambda *given, **more: dataclasses.replace(
        read(*given, **more),
        probabilities=probabilities,
        **({'identity': identity} if identity else {}),
      ),
    )

  return begin


@pytest.fixture
def no_network(another_network):
  """From when it is called on, whoever asks the network fails."""

  def refuse(pixels, **_):
    raise AssertionError('the network was asked')

  return lambda: another_network(None, refuse)


def corrected(path):
  """Saves a mask with a block more, as an editor that knows no scale."""
  mask = tifffile.imread(path)
  mask[:40, :40] = 255
  tifffile.imwrite(path, mask)
  return mask


def by_image(out):
  return {row['image']: row for row in rows_of(out / 'summary.csv')}


def scale_of(path):
  return reading.read_frames(path)[0].pixel_size_nm


def test_a_corrected_mask_stays_and_is_measured(predict, no_network, tmp_path):
  assert predict()
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
  assert 'Masks corrected by hand: x.' in (out / 'report.html').read_text()


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
  'file', ['summary.csv', 'rois/x.zip', 'images/x.tif', 'probabilities/x.tif']
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
  predict, no_network, another_network, tmp_path
):
  assert predict()
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
  predict, another_network, tmp_path
):
  assert predict()
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
      '',
      '',
      '',
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
  assert by_image(out)['x']['warnings'] == ''
  np.testing.assert_array_equal(
    tifffile.imread(out / 'masks' / 'x.tif'),
    255 * tifffile.imread(out / 'probabilities' / 'x.tif'),
  )


def test_what_was_corrected_outlives_other_pixels(predict, session, tmp_path):
  assert predict()
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


def test_a_corrected_mask_that_is_none_fails_alone(predict, tmp_path):
  assert predict()
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
    ''
  }


# Against a truth.


@pytest.fixture
def truth(tmp_path):
  """Masks of x and of the first image of z, named as these are."""
  folder = tmp_path / 'truth'
  folder.mkdir()
  for name, seed, side in (('x', 10, 200), ('z[0]', 20, 96)):
    Image.fromarray(tiny.foil(seed, side)[1]).save(folder / f'{name}.png')
  return folder


def test_a_truth_is_compared_with(predict, truth, tmp_path):
  console = Console(file=io.StringIO(), width=200)
  assert predict(reference=str(truth), console=console)
  out = tmp_path / 'out'
  rows = by_image(out)
  for name, seed, side in (('x', 10, 200), ('z[0]', 20, 96)):
    found = tifffile.imread(out / 'masks' / f'{name}.tif') > 0
    true = tiny.foil(seed, side)[1] > 0
    both = (found & true).sum()
    for score, of in (
      ('iu', found | true),
      ('precision', found),
      ('recall', true),
    ):
      assert float(rows[name][score]) == pytest.approx(
        both / of.sum(), rel=1e-5
      )
  for name in ('y', 'z[1]'):
    assert {rows[name][n] for n in ('iu', 'precision', 'recall')} == {''}
    assert rows[name]['warnings'] == ''
  content = json.loads((out / 'summary.json').read_text())
  assert content['over_images']['iu']['images'] == 2
  # No ratio is above 1, however wide its interval.
  assert content['over_images']['recall']['high'] <= 1
  assert content['conventions']['iu'].startswith('TP / (TP + FP + FN)')
  said = console.file.getvalue()
  assert said.count(' iu ') == 3  # Of two images, and their mean.
  assert 'mean of 4' in said and 'mean of 2 ' in said
  assert '\nof 2<' in (out / 'report.html').read_text()
  # A panel with a truth means the same.
  panel = tmp_path / 'panel'
  shutil.copytree(truth, panel / 'truth')
  (panel / 'Ann').mkdir()
  before = contents(out)
  assert predict(reference=str(panel))
  assert contents(out) == before
  assert predict()
  assert 'iu' not in by_image(out)['x']


def test_the_corrected_mask_is_what_is_compared(
  predict, session, truth, tmp_path
):
  one = session / 'x.tif'
  assert predict(one)
  with Image.open(truth / 'x.png') as true:
    true.save(tmp_path / 'out' / 'masks' / 'x.tif')
  assert predict(one, reference=str(truth))
  row = by_image(tmp_path / 'out')['x']
  assert (row['iu'], row['precision'], row['recall']) == ('1', '1', '1')


def test_a_truth_that_does_not_fit_is_one_line(predict, truth, tmp_path):
  (truth / 'z[0].png').unlink()
  Image.fromarray(tiny.foil(0, 64)[1]).save(truth / 'y.png')
  (truth / 'z[1].png').write_bytes(b'nothing')
  Image.fromarray(tiny.foil(0, 64)[1]).save(truth / 'q.png')
  console = Console(file=io.StringIO(), width=400)
  assert not predict(reference=str(truth), console=console)
  rows = by_image(tmp_path / 'out')
  assert [row['warnings'] for row in rows.values()] == [
    '',
    'no_comparison',
    '',
    'no_comparison',
  ]
  assert rows['x']['iu'] != '' and rows['y']['iu'] == ''
  assert rows['y']['count'] != ''
  said = [line.strip() for line in console.file.getvalue().splitlines()]
  page = (tmp_path / 'out' / 'report.html').read_text()
  for text in (
    'y.png: has 64 x 64 pixels, but the micrograph 131 x 131; give the mask',
    'z[1].png: ',
    '1 of its masks name no image of --input, the first q',
  ):
    assert len([line for line in said if text in line]) == 1, text
    assert text in page


def test_a_reference_of_no_use_is_refused(predict, session, truth, tmp_path):
  one = session / 'y.tif'
  said = wrong(predict, tmp_path, one, reference=str(truth))
  assert 'none of its masks has the name of a micrograph; the first is' in said
  said = wrong(predict, tmp_path, reference=str(truth / 'x.png'))
  assert 'x.png: is no folder; --mode=predict compares masks' in said
  said = wrong(predict, tmp_path, reference=str(tmp_path / 'none'))
  assert 'none: is no folder' in said
  (truth / 'empty').mkdir()
  said = wrong(predict, tmp_path, reference=str(truth / 'empty'))
  assert 'empty: has no masks; give a folder of true masks' in said


def test_the_comparison_is_seen(predict, truth, tmp_path, browser):
  assert predict(reference=str(truth))
  page = browser.new_page()
  page.set_default_timeout(5000)
  page.goto((tmp_path / 'out' / 'report.html').as_uri())
  switch = page.get_by_role('radio', name='comparison')

  def seen():
    return page.locator('.image.current .layer').evaluate_all(
      'all => all.filter(one => one.getBoundingClientRect().width)'
      '.map(one => one.dataset.layer)'
    )

  assert seen() == ['micrograph']
  page.get_by_text('comparison', exact=True).click()
  assert seen() == ['comparison']
  page.get_by_label('outlines').uncheck()
  picture = page.locator('.image.current .picture').screenshot()
  with Image.open(io.BytesIO(picture)) as shot:
    colours = {colour for _, colour in shot.convert('RGB').getcolors(1 << 24)}
  assert {(64, 224, 208), (0, 0, 0)} < colours
  assert {(255, 0, 0), (255, 255, 0)} & colours
  facts = page.locator('.image.current .facts').inner_text()
  iu = 100 * float(by_image(tmp_path / 'out')['x']['iu'])
  assert f'IU\t{iu:.1f} %' in facts
  page.get_by_label('Next image').click()  # y, which has no truth.
  assert switch.is_disabled() and seen() == ['micrograph']
  assert 'IU' not in page.locator('.image.current .facts').inner_text()
  # The scores' columns fit on a sheet of A4 with its margins.
  page.set_viewport_size({'width': 688, 'height': 900})
  page.emulate_media(media='print')
  assert page.evaluate('document.documentElement.scrollWidth') <= 688
  page.close()


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
  predict, run, session, tmp_path
):
  said = wrong(predict, tmp_path, thickness_nm=None)
  assert '--thickness_nm: is missing' in said
  said = wrong(predict, tmp_path, orientations=4)
  assert '--orientations=4: choose 1 or 8' in said
  said = wrong(predict, tmp_path, tmp_path / 'none.tif')
  assert 'none.tif: there is no such file' in said
  config = Workdir(run).read_config()
  config.quantification.separate = True
  said = wrong(predict, tmp_path, config=config)
  assert 'made with separate=False, and now it is True; score the run' in said
  config = Workdir(run).read_config()
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
      job.Request(output='x', images=['y'], thickness_nm=1.0),
      Console(quiet=True),
      Never(),
    )


def test_a_corrected_session_is_a_folder_to_train_on(predict, tmp_path):
  assert predict()
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
  monkeypatch.setattr(rois, 'LARGEST_COORDINATE_PX', 150)
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
