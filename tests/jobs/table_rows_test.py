"""Rows of tables that are of no image, and names that two images share."""

import io
import json
import pathlib
import shutil

import numpy as np
import pytest
import tifffile
import tiny
from PIL import Image
from rich.console import Console
from sessions import Never, by_image, wrong

from configs import voids
from defectseg_jax.jobs import quantify as job
from defectseg_jax.runs.data import read_data
from defectseg_jax.runs.settings import run_settings
from defectseg_jax.sessions.requests import QuantifyRequest

CASES = pathlib.Path(__file__).parents[2].parent / 'shared/data/cases/folders'
slow = [pytest.mark.xdist_group('predict'), pytest.mark.slow]


@pytest.fixture
def table(tmp_path):
  def write(*lines):
    path = tmp_path / 'scales.csv'
    path.write_text('\n'.join(['file;thickness_nm', *lines]))
    return str(path)

  return write


@pytest.fixture
def measure(tmp_path):
  """Measures masks; what was said."""

  def go(*masks, **fields):
    console = Console(file=io.StringIO(), width=400)
    request = {'output': str(tmp_path / 'out'), 'masks': [*map(str, masks)]}
    job.quantify(
      voids.get_config(), QuantifyRequest(**request | fields), console, Never()
    )
    return console.file.getvalue()

  return go


@pytest.fixture
def masks(tmp_path):
  folder = tmp_path / 'masks'
  folder.mkdir()
  for name in ('foil_1', 'foil_2'):
    Image.fromarray(tiny.foil(1, 96)[1]).save(folder / f'{name}.png')
  return folder


def said_of_row(out, said, row):
  """A row that was not used: page, table, terminal."""
  line = f'1 row is of no image of --input and was not used: {row}'
  assert line in said and said.count('not used') == 1
  rows = by_image(out)
  assert all('table_row_not_used' in row['warnings'] for row in rows.values())
  assert line in '\n'.join(
    json.loads((out / 'summary.json').read_text())['remarks']
  )
  page = out / 'report.html'
  assert not page.exists() or line in page.read_text()
  return rows


def test_masks_and_a_row_of_no_mask(measure, masks, table, tmp_path):
  said = measure(
    masks,
    pixel_size_nm=0.5,
    calibration=table('foil_1.5um;150', 'foil_2.tif;80'),
  )
  rows = said_of_row(tmp_path / 'out', said, 'foil_1.5um')
  assert rows['foil_1']['thickness_nm'] == ''
  assert rows['foil_1']['warnings'].startswith('not_in_calibration')
  assert rows['foil_2']['thickness_nm'] == '80'
  assert 'foil_1: not_in_calibration' in said
  assert 'foil_2: not_in_calibration' not in said


def test_a_whole_table_says_nothing(measure, masks, table, tmp_path):
  said = measure(
    masks,
    pixel_size_nm=0.5,
    calibration=table('C:\\data\\foil_1.dm4;150', 'foil_2.tif;80'),
  )
  assert 'not used' not in said
  rows = by_image(tmp_path / 'out')
  assert {row['warnings'] for row in rows.values()} == {''}
  assert rows['foil_1']['thickness_nm'] == '150'


def test_rows_of_masks_that_a_program_named(measure, table, tmp_path):
  """Rows are of micrographs: foil.dm4, and the images of stack.tif."""
  folder = tmp_path / 'masks'
  folder.mkdir()
  mask = tiny.foil(1, 96)[1]
  Image.fromarray(mask).save(folder / 'foil_cp_masks.png')
  tifffile.imwrite(
    folder / 'stack_mask.tif', np.stack([mask] * 3), photometric='minisblack'
  )
  said = measure(
    folder,
    pixel_size_nm=0.5,
    calibration=table('foil.dm4;150', 'stack[2];60', 'stack.tif;80'),
  )
  assert 'not used' not in said
  rows = by_image(tmp_path / 'out')
  assert {name: row['thickness_nm'] for name, row in rows.items()} == {
    'foil_cp_masks': '150',
    'stack_mask[0]': '80',
    'stack_mask[1]': '80',
    'stack_mask[2]': '60',
  }


def test_a_row_of_splits_that_is_of_no_mask(measure, masks, tmp_path):
  (tmp_path / 'splits.csv').write_text(
    'file,split,thickness_nm\nfoil_1.tif,,90\nfoil_7.tif,,80\nfoil_2,,70\n'
  )
  said = measure(tmp_path, pixel_size_nm=0.5)
  rows = said_of_row(tmp_path / 'out', said, 'foil_7.tif')
  assert [row['thickness_nm'] for row in rows.values()] == ['90', '70']


@pytest.mark.skipif(not CASES.is_dir(), reason='shared/data/cases is not here')
def test_what_lies_beside_micrographs_of_masks(measure, tmp_path):
  said = 'Passed over, the raw file of the same name is taken: a.jpg (a.tif).'
  assert said in measure(CASES / 'raw_and_export')
  summary = json.loads((tmp_path / 'out' / 'summary.json').read_text())
  assert said in summary['remarks']
  (image,) = summary['images']
  assert image['micrograph'].endswith('a.tif')


def test_training_says_what_it_passes_over_and_keeps_together(config, folder):
  for kind in ('images', 'masks'):
    path = folder / kind / 'b.png'
    stack = np.stack([Image.open(path)] * 2)
    tifffile.imwrite(path.with_suffix('.tif'), stack, photometric='minisblack')
    path.unlink()
  splits = (folder / 'splits.csv').read_text()
  (folder / 'splits.csv').write_text(splits.replace('b.png', 'b'))
  pixels = np.asarray(Image.open(folder / 'images' / 'a.png'))
  tifffile.imwrite(folder / 'images' / 'a.tif', pixels)
  (folder / 'images' / 'notes.md').write_text('PixelSize=0.5')
  settings = run_settings(config)
  data = read_data(settings, splits=['train', 'dev'])
  assert list(data.remarks) == [
    'Passed over, not an image that can be read: notes.md.',
    'Passed over, the raw file of the same name is taken: a.png (a.tif).',
    'All 2 images of b are in the development set: those of a stack mostly '
    'show the same place.',
  ]
  # So the page of the run says it, too.
  assert 'is taken: a.png (a.tif)' in data.in_words(settings)


class TestPredict:
  """Sessions of a network; the run is trained once."""

  pytestmark = slow

  def test_a_row_of_no_image(self, say, session, table, tmp_path):
    said = say(
      calibration=table('x;120', 'x.5um;150', 'z[1];130'), thickness_nm=None
    )
    rows = said_of_row(tmp_path / 'out', said, 'x.5um')
    thickness = {name: row['thickness_nm'] for name, row in rows.items()}
    assert thickness == {'x': '120', 'y': '', 'z[0]': '', 'z[1]': '130'}
    assert 'y: not_in_calibration' in said and 'z[0]: not_in' in said

  def test_rows_of_the_frames_of_a_file(self, say, table, tmp_path):
    lines = 'Z:\\x.tif;120', 'y.dm4;150', 'z.tif;130', 'z[1];140'
    said = say(calibration=table(*lines), thickness_nm=None)
    assert 'not_in_calibration' not in said and 'not used' not in said
    rows = by_image(tmp_path / 'out')
    assert [row['thickness_nm'] for row in rows.values()] == [
      *('120', '150', '130', '140')
    ]

  def test_a_row_of_a_file_that_cannot_be_read_is_used(
    self, predict, session, table, tmp_path
  ):
    (session / 'broken.tif').write_bytes(b'II*\0nothing')
    lines = 'broken;100', 'x;100', 'y;100', 'z;100'
    assert not predict(calibration=table(*lines))
    remarks = json.loads((tmp_path / 'out' / 'summary.json').read_text())
    assert 'not used' not in '\n'.join(remarks['remarks'])

  def test_an_image_and_a_file_of_one_name(self, predict, session, tmp_path):
    shutil.copy(session / 'x.tif', session / 'z[1].tif')
    message = wrong(predict, tmp_path)
    assert 'z.tif holds 2 images, one of which is called z[1], as' in message

  def test_pictures_and_text_beside_images(self, say, session, tmp_path):
    Image.fromarray(np.zeros((8, 8), np.uint8)).save(session / 'x.jpg')
    (session / 'notes.md').write_text('PixelSize=0.5')
    said = say(session / '*')
    remarks = (
      'Passed over, not an image that can be read: notes.md.',
      'Passed over, the raw file of the same name is taken: x.jpg (x.tif).',
    )
    page = (tmp_path / 'out' / 'report.html').read_text()
    for remark in remarks:
      assert remark in said and remark in page
    assert [*by_image(tmp_path / 'out')] == ['x', 'y', 'z[0]', 'z[1]']
