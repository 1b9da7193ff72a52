"""Micrographs among text files and pictures."""

import pathlib

import numpy as np
import pytest
import tifffile

from defectseg_jax.errors import InputError
from defectseg_jax.micrographs.files import files_by_stem
from defectseg_jax.micrographs.selection import select_images

CASES = pathlib.Path(__file__).parents[2].parent / 'shared/data/cases/folders'


@pytest.fixture
def select(tmp_path):
  """Selects among files of these names, in each way to name them."""

  def go(*names):
    for name in names:
      (tmp_path / name).touch()
    ways = (
      [str(tmp_path)],
      [f'{tmp_path}/*'],
      [str(path) for path in sorted(tmp_path.iterdir())],
    )
    paths, remarks, refused = select_images(ways[0])
    for way in ways[1:]:
      assert select_images(way) == (paths, remarks, refused)
    assert not refused
    return [path.name for path in paths], remarks

  return go


@pytest.mark.parametrize(
  ('names', 'taken', 'said'),
  [
    (['a.tif', 'a.jpg'], ['a.tif'], 'a.jpg (a.tif)'),
    (['a.dm4', 'a.tif', 'a.png'], ['a.dm4'], 'a.png (a.dm4), a.tif (a.dm4)'),
    (['a.SER', 'a.JPG', 'b.jpg'], ['a.SER', 'b.jpg'], 'a.JPG (a.SER)'),
    (['a.npy', 'a.jpeg'], ['a.npy'], 'a.jpeg (a.npy)'),
    (['a.ome.tif', 'a.png'], ['a.ome.tif'], 'a.png (a.ome.tif)'),
    (['a.dm4', 'a.OME.TIFF'], ['a.dm4'], 'a.OME.TIFF (a.dm4)'),
  ],
)
def test_the_raw_file_goes_before_its_picture(select, names, taken, said):
  assert select(*names) == (
    taken,
    [f'Passed over, the raw file of the same name is taken: {said}.'],
  )


def test_text_files_and_tables_are_passed_over_in_one_line(select):
  names = 'a.tif', 'b.md', 'b.tif', 'notes.txt', 'scales.csv'
  assert select(*names) == (
    ['a.tif', 'b.tif'],
    [
      'Passed over, not an image that can be read: b.md, notes.txt, scales.csv.'
    ],
  )
  assert select('Thumbs.db', 'desktop.ini')[1] == select()[1]


def test_masks_beside_images_are_no_images(tmp_path):
  """They were predicted, and their numbers were in the mean."""
  grey = np.random.default_rng(0).poisson(50, (20, 30)).astype(np.uint16)
  mask = np.zeros((20, 30), np.uint8)
  mask[3:9, 3:9] = 255
  for name, pixels in {
    'x': grey,
    'x_cp_masks': mask,
    'x.tif_mask': mask,
    'z.ome': grey,
    'z_mask': mask,
    'x_labelled': grey,
    'y_mask': mask,
  }.items():
    tifffile.imwrite(tmp_path / f'{name}.tif', pixels)
  paths, remarks, _ = select_images([str(tmp_path)])
  assert [path.stem for path in paths] == [
    *('x', 'x_labelled', 'y_mask', 'z.ome')
  ]
  assert remarks == [
    'Passed over, the mask of an image beside it: x.tif_mask.tif, '
    'x_cp_masks.tif, z_mask.tif.'
  ]


def test_two_pictures_of_one_name_are_left_to_the_user(select):
  names, remarks = select('a.png', 'a.jpg')
  assert (names, remarks) == (['a.jpg', 'a.png'], [])
  with pytest.raises(InputError, match='have the same name; rename'):
    files_by_stem(map(pathlib.Path, names))


def test_pictures_elsewhere_are_not_of_the_file(tmp_path):
  for name in ('raw', 'seen'):
    (tmp_path / name).mkdir()
  (tmp_path / 'raw' / 'a.tif').touch()
  (tmp_path / 'seen' / 'a.jpg').touch()
  named = [str(tmp_path / n) for n in ('raw', 'seen')]
  paths, remarks, _ = select_images(named)
  assert len(paths) == 2 and not remarks


@pytest.mark.parametrize('name', ['a.txt', 'a.jp2'])
def test_what_alone_is_named_is_refused_with_its_reason(tmp_path, name):
  (tmp_path / name).touch()
  path = tmp_path / name
  assert select_images([str(path)]) == ([path], [], {})


@pytest.mark.skipif(not CASES.is_dir(), reason='shared/data/cases is not here')
@pytest.mark.parametrize('folder', ['hitachi', 'jeol', 'tescan'])
def test_texts_that_are_read_are_not_passed_over(folder):
  (path,), remarks, _ = select_images([str(CASES / folder / 'images')])
  assert path.name == 'a.tif' and remarks == []


@pytest.mark.skipif(not CASES.is_dir(), reason='shared/data/cases is not here')
def test_a_raw_file_and_its_export():
  folder = CASES / 'raw_and_export' / 'images'
  (path,), (remark,), _ = select_images([str(folder)])
  assert path.name == 'a.tif' and remark.endswith(': a.jpg (a.tif).')


def stack(path, count):
  tifffile.imwrite(
    path, np.zeros((count, 8, 8), np.uint8), photometric='minisblack'
  )
  return path


@pytest.mark.parametrize('place', [0, 2])
def test_a_file_called_like_an_image_of_another(tmp_path, place):
  paths = [
    stack(tmp_path / 'movie.tif', 3),
    stack(tmp_path / f'movie[{place}].tif', 1),
  ]
  with pytest.raises(InputError, match='holds 3 images, one of which'):
    files_by_stem(paths)


@pytest.mark.parametrize(('count', 'place'), [(1, 0), (3, 3)])
def test_a_file_that_is_only_nearly_called_so(tmp_path, count, place):
  paths = [
    stack(tmp_path / 'movie.tif', count),
    stack(tmp_path / f'movie[{place}].tif', 1),
  ]
  assert len(files_by_stem(paths)) == 2
