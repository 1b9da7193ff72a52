"""Labels as people have them, measured and compared by the whole program."""

import csv
import io
import json
import pathlib

import numpy as np
import pytest
import roifile
import tifffile
import tiny
from PIL import Image
from rich.console import Console
from sessions import Never, by_image

from configs import voids
from defectseg_jax.errors import InputError
from defectseg_jax.jobs import quantify as job
from defectseg_jax.sessions.requests import QuantifyRequest

# Each measures whole folders.
pytestmark = pytest.mark.slow

CASES = tiny.SHARED / 'data' / 'cases'
needs_cases = pytest.mark.skipif(
  not CASES.is_dir(), reason=f'the cases are not at {CASES}'
)


@pytest.fixture
def measure(tmp_path):
  """Runs the job; rows by image."""

  def run(*masks, **fields):
    request = {
      'output': str(tmp_path / 'out'),
      'masks': [*map(str, masks)],
      'pixel_size_nm': 0.5,
      'thickness_nm': 100.0,
    }
    job.quantify(
      voids.get_config(),
      QuantifyRequest(**request | fields),
      Console(quiet=True),
      Never(),
    )
    return by_image(pathlib.Path((request | fields)['output']))

  return run


def squares():
  """Three objects, the first two of which touch."""
  ids = np.zeros((200, 300), np.uint8)
  ids[40:60, 40:60], ids[40:60, 60:80], ids[120:130, 100:110] = 4, 7, 9
  for one in range(3):
    ids[150:160, 50 * one + 20 : 50 * one + 30] = 20 + one
  return ids


def read_failures(folder):
  return json.loads((folder / 'summary.json').read_text())['failures']


def save(path, pixels):
  path.parent.mkdir(exist_ok=True, parents=True)
  if path.suffix == '.png':
    Image.fromarray(pixels).save(path)
  else:
    tifffile.imwrite(path, pixels, photometric='minisblack')
  return path


@needs_cases
@pytest.mark.parametrize(
  ('name', 'mask_class', 'count'),
  [
    ('base.png', '', 7),
    ('ids_uint16.tif', '', 9),
    ('ids_uint8.png', '', 9),
    ('ids_uint8.png', 'all', 9),
    ('classes_0_1_2.png', '1', 7),
    ('classes_0_1_2.png', '2', 1),
    ('ilastik_1_2.tif', '2', 7),
    ('ilastik_no_defect.tif', '2', 0),
    ('pair_255_0.png', '0', 7),
    ('miniswhite_1bit_shows_white_defects.tif', '0', 7),
    ('miniswhite_8bit_shows_white_defects.tif', '0', 7),
    ('labelme.json', '', 7),
    ('red.png', '', 7),
  ],
)
def test_the_cases_are_measured(measure, name, mask_class, count):
  (row,) = measure(CASES / 'masks' / name, mask_class=mask_class).values()
  assert row['count_all'] == str(count)


@needs_cases
@pytest.mark.parametrize(
  ('name', 'warning'),
  [
    ('masks/pair_255_0.png', 'mask_inverted'),
    ('masks/miniswhite_1bit_shows_white_defects.tif', 'mask_inverted'),
    ('masks/miniswhite_8bit_shows_white_defects.tif', 'mask_inverted'),
    ('folders/inverted', 'mask_inverted'),
    ('masks/ilastik_no_defect.tif', 'mask_of_one_value'),
  ],
)
def test_what_may_be_inverted_is_doubted(measure, name, warning):
  (row,) = measure(CASES / name).values()
  assert warning in row['warnings'].split('; ')


@needs_cases
def test_a_stack_of_masks_has_a_row_for_each(measure, tmp_path):
  rows = measure(CASES / 'masks' / 'stack_t3.tif')
  assert list(rows) == [f'stack_t3[{n}]' for n in range(3)]
  assert {row['count_all'] for row in rows.values()} == {'7'}


def test_a_stack_of_masks_with_a_stack_of_images(measure, tmp_path):
  masks = np.stack([squares() > n for n in (0, 4, 19)]).astype(np.uint8)
  rng = np.random.default_rng(0)
  images = (100 * masks + rng.poisson(50, masks.shape)).astype(np.uint8)
  images[1] += 50
  save(tmp_path / 'masks' / 'z_mask.tif', masks)
  save(tmp_path / 'images' / 'z.tif', images)
  rows = measure(tmp_path / 'masks', micrographs=[str(tmp_path / 'images')])
  assert {name: row['count_all'] for name, row in rows.items()} == {
    'z[0]': '5',
    'z[1]': '5',
    'z[2]': '3',
  }
  with (tmp_path / 'out' / 'objects.csv').open(newline='') as stream:
    objects = list(csv.DictReader(stream))
  greys = {
    name: [float(o['mean_intensity']) for o in objects if o['image'] == name]
    for name in rows
  }
  assert np.mean(greys['z[0]']) == pytest.approx(150, abs=3)
  assert np.mean(greys['z[1]']) == pytest.approx(200, abs=3)
  save(tmp_path / 'images' / 'z.tif', images[:2])
  again = {'output': str(tmp_path / 'again')}
  measure(tmp_path / 'masks', micrographs=[str(tmp_path / 'images')], **again)
  failures = read_failures(tmp_path / 'again')
  assert 'has 2 frames, but' in failures['z[2]']


def test_a_mask_for_each_image_of_a_stack(measure, tmp_path):
  """As predict writes them; some may be missing."""
  rng = np.random.default_rng(0)
  images = rng.poisson(50, (3, 200, 300)).astype(np.uint8)
  images[2] += 50
  save(tmp_path / 'images' / 'z.tif', images)
  save(tmp_path / 'masks' / 'z[0].png', squares())
  save(tmp_path / 'masks' / 'z[2]_cp_masks.png', squares())
  table = tmp_path / 'scales.csv'
  table.write_text('file,pixel_size_nm\nz.tif,0.5\nz[2],0.25\n')
  given = {'micrographs': [str(tmp_path / 'images')], 'pixel_size_nm': None}
  rows = measure(tmp_path / 'masks', calibration=str(table), **given)
  assert {name: row['count_all'] for name, row in rows.items()} == {
    'z[0]': '6',
    'z[2]': '6',
  }
  assert [row['pixel_size_nm'] for row in rows.values()] == ['0.5', '0.25']
  with (tmp_path / 'out' / 'objects.csv').open(newline='') as stream:
    greys = [float(o['mean_intensity']) for o in csv.DictReader(stream)]
  assert greys == pytest.approx([50] * 6 + [100] * 6, abs=3)
  save(tmp_path / 'masks' / 'z[3].png', squares())
  measure(tmp_path / 'masks', output=str(tmp_path / 'again'), **given)
  failures = read_failures(tmp_path / 'again')
  assert 'has 3 frames, but' in failures['z[3]']


def test_what_is_ignored_of_no_image_is_said(measure, tmp_path):
  save(tmp_path / 'masks' / 'x.png', squares())
  save(tmp_path / 'ignore' / 'y.png', squares())
  measure(tmp_path)
  summary = json.loads((tmp_path / 'out' / 'summary.json').read_text())
  assert summary['remarks'][0] == 'ignore/: no image has the name y.'


@pytest.mark.parametrize(
  'name',
  [
    *('x_mask.png', 'x_masks.png', 'x_cp_masks.png', 'x_seg.tif'),
    *('x-labels.tif', 'x_Simple Segmentation.tif', 'Count Masks of x.tif'),
  ],
)
def test_names_as_they_come(measure, tmp_path, name):
  """In quantify as in training: beside images, tables and a truth."""
  save(tmp_path / 'masks' / name, squares())
  save(tmp_path / 'images' / 'x.tif', np.ones((200, 300), np.uint16))
  save(tmp_path / 'truth' / f'x_truth{name[-4:]}', squares())
  table = tmp_path / 'scales.csv'
  table.write_text('file,pixel_size_nm\nx.tif,0.25\n')
  rows = measure(
    tmp_path / 'masks',
    micrographs=[str(tmp_path / 'images')],
    calibration=str(table),
    reference=str(tmp_path / 'truth'),
    pixel_size_nm=None,
  )
  assert rows['x']['count_all'] == '6' and rows['x']['pixel_size_nm'] == '0.25'
  with (tmp_path / 'out' / 'panel.csv').open(newline='') as stream:
    errors = [float(row['error_machine']) for row in csv.DictReader(stream)]
  # Of the truth too, objects that touch are two.
  assert errors and set(errors) == {0.0}
  rows = measure(
    tmp_path / 'masks',
    calibration=str(table),
    pixel_size_nm=None,
    output=str(tmp_path / 'alone'),
  )
  (row,) = rows.values()
  assert row['pixel_size_nm'] == '0.25' and row['count_all'] == '6'


def test_outlines_that_do_not_say_the_size_need_the_image(measure, tmp_path):
  regions = [
    roifile.ImagejRoi.frompoints(
      [[n, 20], [n + 20, 20], [n + 20, 40], [n, 40]], name=f'{n}'
    )
    for n in (20, 40, 100)
  ]
  (tmp_path / 'masks').mkdir()
  roifile.roiwrite(tmp_path / 'masks' / 'x.zip', regions)
  with pytest.raises(InputError, match=r'give the image too, in --micrographs'):
    measure(tmp_path / 'masks' / 'x.zip')
  save(tmp_path / 'images' / 'x.tif', np.ones((200, 300), np.uint16))
  row = measure(tmp_path)['x']
  assert row['count_all'] == '3'
  assert float(row['area_fraction']) == pytest.approx(1200 / 60000)


def labelme(path, *squares):
  """Squares of 20 pixels, as LabelMe saves them."""
  shapes = [
    {
      'label': 'void',
      'shape_type': 'polygon',
      'points': [[n, 20], [n + 20, 20], [n + 20, 40], [n, 40]],
    }
    for n in squares
  ]
  content = {'shapes': shapes, 'imageHeight': 200, 'imageWidth': 300}
  path.write_text(json.dumps(content))


def test_labelme_saves_beside_the_image(measure, tmp_path):
  """One folder is enough, and its images have the scale."""
  folder = tmp_path / 'labelled'
  pixels = np.random.default_rng(0).poisson(50, (200, 300)).astype('u2')
  pixels[20:40, 20:60] += 100
  for name in ('x', 'y', 'notlabelled'):
    save(folder / f'{name}.tif', pixels)
  labelme(folder / 'x.json', 20, 40)
  labelme(folder / 'y.json', 100)
  table = tmp_path / 'scales.csv'
  table.write_text('file,pixel_size_nm\nx.tif,0.25\ny.tif,0.5\n')
  rows = measure(folder, calibration=str(table), pixel_size_nm=None)
  assert {name: row['count_all'] for name, row in rows.items()} == {
    'x': '2',
    'y': '1',
  }
  assert [row['pixel_size_nm'] for row in rows.values()] == ['0.25', '0.5']
  summary = json.loads((tmp_path / 'out' / 'summary.json').read_text())
  assert (
    summary['remarks'][0] == 'Passed over, without labels: notlabelled.tif.'
  )
  with (tmp_path / 'out' / 'objects.csv').open(newline='') as stream:
    greys = [float(o['mean_intensity']) for o in csv.DictReader(stream)]
  assert greys == pytest.approx([150, 150, 50], abs=3)


def test_a_mask_and_outlines_of_one_name_are_asked_about(measure, tmp_path):
  save(tmp_path / 'masks' / 'x.png', squares())
  labelme(tmp_path / 'masks' / 'x.json', 20, 40)
  with pytest.raises(InputError, match=r'x\.json and .*x\.png have the same'):
    measure(tmp_path / 'masks')


def test_specimen_is_found_by_the_images_name(measure, tmp_path):
  """And what is of no image is said: its areas would count."""
  save(tmp_path / 'masks' / 'x_cp_masks.tif', squares())
  valid = np.zeros((200, 300), np.uint8)
  valid[:100] = 1
  save(tmp_path / 'valid' / 'x.png', valid)
  (row,) = measure(
    tmp_path / 'masks' / 'x_cp_masks.tif', valid=str(tmp_path / 'valid')
  ).values()
  assert (row['count_all'], row['valid_fraction']) == ('2', '0.5')
  (tmp_path / 'valid' / 'x.png').rename(tmp_path / 'valid' / 'xx.png')
  (row,) = measure(
    tmp_path / 'masks' / 'x_cp_masks.tif',
    valid=str(tmp_path / 'valid'),
    output=str(tmp_path / 'again'),
  ).values()
  assert row['count_all'] == '6'
  summary = json.loads((tmp_path / 'again' / 'summary.json').read_text())
  assert summary['remarks'][0] == '--valid: no image has the name xx.'


def test_a_file_of_many_images_is_as_many_rows(measure, tmp_path):
  square = [20, 20, 40, 20, 40, 40, 20, 40]
  content = {
    'images': [
      {'id': n, 'file_name': f'{name}.png', 'height': 90, 'width': 120}
      for n, name in enumerate('abc')
    ],
    'annotations': [
      {'id': n, 'image_id': i, 'category_id': 1, 'segmentation': [square]}
      for n, i in enumerate((0, 2), start=1)
    ],
    'categories': [{'id': 1, 'name': 'void'}],
  }
  path = tmp_path / 'annotations.json'
  path.write_text(json.dumps(content))
  rows = measure(path)
  assert {name: row['count_all'] for name, row in rows.items()} == {
    'a': '1',
    'b': '0',
    'c': '1',
  }
  assert rows['b']['warnings'] == 'nothing_drawn'


def test_numbers_are_of_what_is_labelled(measure, tmp_path):
  """A corner with a third value, with ignore/ and with valid/."""
  ids = squares()
  part = np.zeros(ids.shape, bool)
  part[:100] = True
  mask = np.where(ids > 0, np.uint8(255), np.uint8(0))
  whole = measure(save(tmp_path / 'a.png', mask[:100]))['a']
  third = np.where(part, mask, np.uint8(128))
  found = measure(save(tmp_path / 'b.png', third), output=str(tmp_path / 'b'))[
    'b'
  ]
  assert found['warnings'] == 'not_labelled'
  folder = tmp_path / 'folder'
  save(folder / 'masks' / 'c.png', mask)
  save(
    folder / 'images' / 'c.tif', np.arange(60000, dtype='u2').reshape(200, -1)
  )
  save(folder / 'ignore' / 'c.png', (~part).astype('u1'))
  beside = measure(folder, output=str(tmp_path / 'c'))['c']
  assert 'not_labelled' in beside['warnings']
  (folder / 'ignore' / 'c.png').unlink()
  (folder / 'ignore').rmdir()
  save(folder / 'valid' / 'c.png', part.astype('u1'))
  inside = measure(folder, output=str(tmp_path / 'd'))['c']
  for row in (found, beside, inside):
    for name in ('count_all', 'area_fraction', 'number_density_per_m3'):
      assert float(row[name]) == pytest.approx(float(whole[name]), rel=1e-4)


def test_a_panel_compares_whole_images(measure, tmp_path):
  mask = np.where(squares() > 0, np.uint8(255), np.uint8(0))
  save(tmp_path / 'masks' / 'x.png', mask)
  mask[:, 200:] = 128
  save(tmp_path / 'truth' / 'x.png', mask)
  with pytest.raises(InputError, match=r'33% of the image is not labelled'):
    measure(tmp_path / 'masks', reference=str(tmp_path / 'truth'))


# ---- training -------------------------------------------------------------


@needs_cases
@pytest.mark.slow
def test_training_asks_whether_masks_are_black_on_white(tmp_path):
  fields = {
    **tiny.TINY,
    'data.dir': CASES / 'folders' / 'inverted',
    'data.cache_dir': tmp_path / 'cache',
  }
  done = tiny.run(tiny.command_line(tmp_path / 'run', fields=fields))
  assert done.returncode == 1
  assert 'is the mask of a black on white?' in done.stderr
  assert 'give --mask_class=0' in done.stderr
  assert not (tmp_path / 'run').exists()
  done = tiny.run(
    tiny.command_line(
      tmp_path / 'run',
      '--mask_class=0',
      fields={**fields, 'training.epochs': 1},
    )
  )
  assert done.returncode == 0, done.stderr
  config = json.loads((tmp_path / 'run' / 'config.json').read_text())
  assert config['data']['mask_class'] == '0'


@pytest.mark.slow
def test_what_is_not_labelled_is_in_no_loss_and_in_no_score(tmp_path):
  """Whatever stands there, not a bit of training and scores is another."""
  runs = []
  for fill in (0, 255):
    folder = tiny.write_folder(tmp_path / f'foils_{fill}')
    for name in 'abc':
      mask = np.array(Image.open(folder / 'masks' / f'{name}.png'))
      part = np.zeros(mask.shape, bool)
      part[30:190, 50:240] = True
      mask[~part] = fill
      save(folder / 'masks' / f'{name}.png', mask)
      save(folder / 'ignore' / f'{name}.png', (~part).astype(np.uint8))
    fields = {
      **tiny.TINY,
      'training.epochs': 2,
      'data.dir': folder,
      'data.cache_dir': tmp_path / f'cache_{fill}',
    }
    workdir = tmp_path / f'run_{fill}'
    done = tiny.run(tiny.command_line(workdir, fields=fields))
    assert done.returncode == 0, done.stderr
    assert 'Not labelled, and in no loss and no score: 54% of a' in done.stdout
    page = (workdir / 'report.html').read_text()
    assert 'Not labelled, and in no score and no number: 54% of c' in page
    runs.append(
      [
        (workdir / name).read_bytes()
        for name in ('history.csv', 'test_metrics.json', 'dev_detection.json')
      ]
    )
  assert runs[0] == runs[1]


@pytest.mark.slow
@pytest.mark.xdist_group('predict')
def test_a_truth_of_a_part_is_compared_there(predict, tmp_path):
  truth = tiny.foil(10, 200)[1]
  third = truth.copy()
  third[:, 90:] = 128
  save(tmp_path / 'truth' / 'x_masks.png', third)
  stack = np.stack([tiny.foil(seed, 96)[1] for seed in (20, 21)])
  save(tmp_path / 'truth' / 'z-labels.tif', stack)
  console = Console(file=io.StringIO(), width=400)
  assert predict(reference=str(tmp_path / 'truth'), console=console)
  out = tmp_path / 'out'
  rows = by_image(out)
  for name, true in (
    ('x', truth[:, :90]),
    ('z[0]', stack[0]),
    ('z[1]', stack[1]),
  ):
    found = tifffile.imread(out / 'masks' / f'{name}.tif') > 0
    found, true = found[:, : true.shape[1]], true > 0
    iu = (found & true).sum() / (found | true).sum()
    assert float(rows[name]['iu']) == pytest.approx(iu, rel=1e-5)
  assert 'not_labelled' in rows['x']['warnings']
  assert 'not_labelled' not in rows['z[0]']['warnings']
  assert rows['y']['iu'] == ''


@pytest.mark.slow
@pytest.mark.xdist_group('predict')
def test_a_truth_that_may_be_inverted_is_doubted(predict, tmp_path):
  truth = tiny.foil(10, 200)[1]
  save(tmp_path / 'truth' / 'x.png', 255 - truth)
  assert predict(reference=str(tmp_path / 'truth'))
  row = by_image(tmp_path / 'out')['x']
  assert 'reference_inverted' in row['warnings'] and float(row['iu']) < 0.3
  assert predict(reference=str(tmp_path / 'truth'), mask_class='0')
  row = by_image(tmp_path / 'out')['x']
  assert 'reference_inverted' not in row['warnings']
  assert float(row['iu']) > 0.3
