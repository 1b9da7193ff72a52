"""Which files of a folder are micrographs, and which row is of which."""

import dataclasses
import pathlib

import pytest
import tiny

from defectseg_jax.datasets.folder import labelled_files, passed_over
from defectseg_jax.errors import InputError
from defectseg_jax.micrographs.mask_files import MaskFile

CASES = pathlib.Path(__file__).parents[2].parent / 'shared/data/cases/folders'


@pytest.mark.skipif(not CASES.is_dir(), reason='shared/data/cases is not here')
@pytest.mark.parametrize(
  ('folder', 'left_out'),
  [
    ('raw_and_export', ['a.jpg (a.tif)']),
    ('hitachi', []),
    ('jeol', []),
    ('tescan', []),
  ],
)
def test_images_pair_with_masks(folder, left_out):
  (file,) = labelled_files(CASES / folder)
  assert (file.image.name, file.mask.path.name) == ('a.tif', 'a.png')
  assert passed_over(CASES / folder) == [
    f'Passed over, the raw file of the same name is taken: {one}.'
    for one in left_out
  ]


@pytest.fixture
def folder(tmp_path):
  """Empty files: nothing of them is read."""
  for name in ('a.dm4', 'a.tif', 'b.tif', 'notes.txt', 'c.1.5kx.tif'):
    path = tmp_path / 'images' / name
    path.parent.mkdir(exist_ok=True)
    path.touch()
  (tmp_path / 'masks').mkdir()
  for name in ('a', 'b', 'c.1.5kx'):
    (tmp_path / 'masks' / f'{name}.png').touch()
  return tmp_path


def test_splits_as_excel_writes_them(folder):
  (folder / 'splits.csv').write_bytes(
    '\ufeffFile;Split;Thickness nm;Thickness uncertainty\r\n'
    'D:\\x\\a.dm4;train;90,5;0,1\r\nb;dev;;\r\nc.1.5kx;test;;\r\n;;;\r\n'.encode(
      'utf-16-le'
    )
  )
  files = labelled_files(folder)
  assert [file.image.name for file in files] == [
    *('a.dm4', 'b.tif', 'c.1.5kx.tif')
  ]
  assert [file.split for file in files] == ['train', 'dev', 'test']
  assert [file.thickness_nm for file in files] == [90.5, None, None]


@pytest.mark.parametrize(
  ('row', 'message'),
  [
    ('c.1,test', 'c.1 is not in images/'),
    ('b,test', 'b stands here twice'),
    ('b.tif,test', 'b.tif stands here twice'),
  ],
)
def test_a_row_of_no_image_is_refused(folder, row, message):
  (folder / 'splits.csv').write_text(
    f'file,split\na,train\nb.tif,dev\nc.1.5kx.tif,test\n{row}\n'
  )
  with pytest.raises(InputError, match='line 5: ') as caught:
    labelled_files(folder)
  assert message in str(caught.value)


def test_images_of_a_stack_stay_in_one_set(folder):
  """They mostly show the same place."""
  (folder / 'splits.csv').write_text(
    'file,split\na,train\nb[0],dev\nb[1],test\nc.1.5kx.tif,test\n'
  )
  with pytest.raises(InputError, match='line 3: ') as caught:
    labelled_files(folder)
  assert 'write one line b, or save each' in str(caught.value)


def test_labelme_saves_beside_the_image(tmp_path):
  folder = tmp_path / 'images'
  folder.mkdir()
  for name in ('a.png', 'b.png', 'notes.txt'):
    (folder / name).touch()
  (folder / 'a_seg.npy').touch()
  for name in 'ab':
    (folder / f'{name}.json').write_text('{"shapes": []}')
  files = labelled_files(tmp_path)
  assert [(f.image.name, f.mask.path.name) for f in files] == [
    ('a.png', 'a.json'),
    ('b.png', 'b.json'),
  ]
  (said,) = passed_over(tmp_path)
  assert said == 'Passed over, not an image that can be read: notes.txt.'
  # Some may be labelled by another program, but not twice.
  (tmp_path / 'masks').mkdir()
  (folder / 'b.json').rename(tmp_path / 'masks' / 'b.json')
  assert labelled_files(tmp_path) == [
    files[0],
    dataclasses.replace(files[1], mask=MaskFile(tmp_path / 'masks' / 'b.json')),
  ]
  (tmp_path / 'masks' / 'a_mask.png').touch()
  with pytest.raises(InputError, match='are both the mask of a; take one'):
    labelled_files(tmp_path)


@pytest.mark.parametrize('suffix', ['.json', '.geojson', '_RoiSet.zip', '.roi'])
def test_images_and_outlines_in_one_folder(tmp_path, suffix):
  for name in ('a.tif', 'b.tif', 'd.tif', 'notes.txt'):
    (tmp_path / name).touch()
  for name in 'abd':
    (tmp_path / f'{name}{suffix}').write_text('{"shapes": []}')
  (tmp_path / 'splits.csv').write_text('file,split\na,train\nb,test\nd,dev\n')
  files = labelled_files(tmp_path)
  assert [(f.image.name, f.mask.path.name, f.split) for f in files] == [
    ('a.tif', f'a{suffix}', 'train'),
    ('b.tif', f'b{suffix}', 'test'),
    ('d.tif', f'd{suffix}', 'dev'),
  ]
  (said,) = passed_over(tmp_path)
  assert said == 'Passed over, not an image that can be read: notes.txt.'
  # One that nobody labelled is not left out without a word.
  (tmp_path / 'c.tif').touch()
  with pytest.raises(InputError, match=r'c\.tif: has no mask'):
    labelled_files(tmp_path)


def test_images_in_a_folder_with_masks_below(tmp_path):
  (tmp_path / 'masks').mkdir()
  for name in ('x.ome.tif', 'y.tif', 'masks/x.png', 'masks/y.ome.tif'):
    (tmp_path / name).touch()
  files = labelled_files(tmp_path)
  assert [(f.image.name, f.mask.path.name) for f in files] == [
    ('x.ome.tif', 'x.png'),
    ('y.tif', 'y.ome.tif'),
  ]


def test_a_folder_of_nothing_is_said(tmp_path):
  (tmp_path / 'other').mkdir()
  with pytest.raises(InputError, match='images: no such folder; put the'):
    labelled_files(tmp_path)


def test_small_folders_are_whole(tmp_path):
  assert passed_over(tiny.write_folder(tmp_path / 'foils')) == []
