"""Values of masks: classes, numbers, what nobody labelled, colours."""

import numpy as np
import pytest
import tifffile
import tiny
from PIL import Image

from defectseg_jax.errors import InputError
from defectseg_jax.micrographs.mask_files import MaskFile
from defectseg_jax.micrographs.mask_values import MaskValues, objects_of_values
from defectseg_jax.micrographs.masks import read_mask, read_masks

CASES = tiny.SHARED / 'data' / 'cases' / 'masks'
needs_cases = pytest.mark.skipif(
  not CASES.is_dir(), reason=f'the cases are not at {CASES}'
)


def objects(values, **how):
  return objects_of_values(np.asarray(values), MaskValues(**how), path='a.png')


def refusal(values, **how):
  with pytest.raises(InputError) as caught:
    objects(values, **how)
  assert '\n' not in str(caught.value) and 'a.png' in str(caught.value)
  return str(caught.value)


def remarks(found):
  return [one.name for one in found.remarks]


def of_case(name, **how):
  (found,) = read_masks(
    MaskFile(CASES / name), shape=(256, 256), how=MaskValues(**how)
  )
  return found


@pytest.fixture(scope='module')
def base():
  return np.array(Image.open(CASES / 'base.png')) > 0


@needs_cases
@pytest.mark.parametrize(
  ('name', 'mask_class'),
  [
    ('pair_255_0.png', '0'),
    ('miniswhite_1bit_shows_white_defects.tif', '0'),
    ('miniswhite_8bit_shows_white_defects.tif', '0'),
    ('classes_0_1_2.png', '1'),
    ('ilastik_1_2.tif', '2'),
    ('base.png', '255'),
    ('base.png', 'all'),
    ('red.png', ''),
    ('red.png', '255,0,0'),
    ('alpha.png', ''),
  ],
)
def test_the_cases_are_the_base(base, name, mask_class):
  np.testing.assert_array_equal(of_case(name, mask_class=mask_class).mask, base)


@needs_cases
def test_numbers_of_objects_stay_apart():
  for name in ('ids_uint16.tif', 'ids_uint8.png'):
    found = of_case(name)
    assert found.ids is not None and found.ids.max() == 9
    assert found.same_as(of_case(name, mask_class='all'))
    assert remarks(found) == []


@needs_cases
def test_a_mask_of_one_value_is_doubted():
  assert remarks(of_case('ilastik_no_defect.tif')) == ['mask_of_one_value']
  none = of_case('ilastik_no_defect.tif', mask_class='2')
  assert remarks(none) == ['class_absent'] and not none.mask.any()


@needs_cases
@pytest.mark.parametrize('name', ['classes_0_1_2.png', 'ilastik_1_2.tif'])
def test_classes_are_asked_about(name):
  with pytest.raises(InputError, match=r'--mask_class=2 .*--mask_ignore'):
    of_case(name)


@pytest.mark.parametrize(
  ('values', 'mask_class', 'expected'),
  [
    # Labelled by Labkit, napari and MATLAB: classes from 1, in several pieces.
    ([[1, 3, 1, 3, 2]], '3', [[0, 1, 0, 1, 0]]),
    ([[0, 85, 170, 85]], '85', [[0, 1, 0, 1]]),
    ([[0.0, 2.0, 0.5, 2.0]], '2', [[0, 1, 0, 1]]),
    ([[0, -1, 0, 5]], '-1', [[0, 1, 0, 0]]),
    ([[True, False, True]], '0', [[0, 1, 0]]),
    # In one colour of several.
    ([[[0, 0, 0], [0, 255, 0], [255, 0, 0]]], '0,255,0', [[0, 1, 0]]),
    ([[[9, 9, 9], [1, 2, 3], [9, 9, 9]]], '1,2,3', [[0, 1, 0]]),
    ([[[0, 0, 0, 255], [1, 2, 3, 255]]], '1,2,3', [[0, 1]]),
  ],
)
def test_a_class_is_what_is_asked_for(values, mask_class, expected):
  found = objects(values, mask_class=mask_class)
  np.testing.assert_array_equal(found.mask, np.array(expected, bool))
  assert found.labelled is None and found.ids is None


def test_every_number_is_an_object_if_that_is_said():
  # Fragments of one number, as Cellpose leaves them.
  found = objects([[4, 4, 7, 0, 4]], mask_class='all')
  assert found.ids.tolist() == [[1, 1, 2, 0, 3]]
  assert objects([[0, 300, 300]], mask_class='all').mask.sum() == 2
  assert '0.5 is no whole number' in refusal([[0, 0.5, 2]], mask_class='all')


def test_few_numbers_may_be_classes():
  assert remarks(objects([[0, 1, 0, 2]])) == ['taken_for_objects']
  assert remarks(objects([[0, 1, 0, 2, 0, 3, 0, 4]])) == []


@pytest.mark.parametrize('between', [127, 128])
def test_grey_between_black_and_white_is_not_labelled(between):
  for kind in (np.uint8, np.float32):
    found = objects(np.array([[0, between, 255, 0]], kind))
    assert found.mask.tolist() == [[False, False, True, False]]
    assert found.labelled.tolist() == [[True, False, True, True]]
    (remark,) = found.remarks
    assert remark.name == 'not_labelled' and '25% of the image' in (
      remark.message
    )


def test_it_is_not_labelled_beside_a_class_that_is_asked_for():
  """Or the answer about black on white would make background of it."""
  values = np.array([[0, 128, 255, 0]], np.uint8)
  black = objects(values, mask_class='0')
  assert black.mask.tolist() == [[True, False, False, True]]
  assert black.labelled.tolist() == [[True, False, True, True]]
  assert remarks(black) == ['not_labelled']
  grey = objects(values, mask_class='128')
  assert grey.mask.tolist() == [[False, True, False, False]]
  assert grey.labelled is None
  white = objects(values, mask_class='255', mask_ignore='none')
  assert white.mask.tolist() == [[False, False, True, False]]
  assert white.labelled is None


@pytest.mark.parametrize(
  ('values', 'how', 'mask', 'labelled'),
  [
    # Pascal VOC: 255 is not labelled.
    ([[0, 1, 255]], {'mask_ignore': '255'}, [[0, 1, 0]], [[1, 1, 0]]),
    # One of its images without a defect.
    ([[0, 0, 255]], {'mask_ignore': '255'}, [[0, 0, 0]], [[1, 1, 0]]),
    # ilastik's and napari's strokes: 0 is not labelled.
    (
      [[0, 1, 2, 1, 0, 2]],
      {'mask_class': '2', 'mask_ignore': '0'},
      [[0, 0, 1, 0, 0, 1]],
      [[0, 1, 1, 1, 0, 1]],
    ),
    ([[0, 1, np.nan]], {'mask_ignore': 'nan'}, [[0, 1, 0]], [[1, 1, 0]]),
    ([[0, 1, -1]], {'mask_ignore': '-1'}, [[0, 1, 0]], [[1, 1, 0]]),
    (
      [[[0, 0, 0], [255, 0, 0], [0, 0, 255]]],
      {'mask_ignore': '0,0,255'},
      [[0, 1, 0]],
      [[1, 1, 0]],
    ),
  ],
)
def test_what_is_not_labelled_can_be_said(values, how, mask, labelled):
  found = objects(values, **how)
  np.testing.assert_array_equal(found.mask, np.array(mask, bool))
  np.testing.assert_array_equal(found.labelled, np.array(labelled, bool))
  assert remarks(found) == ['not_labelled']


def test_all_is_labelled_where_the_value_is_missing():
  assert objects([[0, 1]], mask_ignore='255').labelled is None


def test_255_beside_1_is_asked_about():
  """Without a defect it would be all that is not 0."""
  assert '--mask_ignore' in refusal([[0, 1, 255]])


@pytest.mark.parametrize(
  ('values', 'how', 'said'),
  [
    ([[0, 0]], {'mask_ignore': '0'}, 'no pixel of it is labelled'),
    ([[0, 1]], {'mask_class': 'void'}, '--mask_class=void, but it is a mask'),
    ([[0, 1]], {'mask_class': '1,2,3'}, 'with 2 different values (0, 1)'),
    ([[0, 1]], {'mask_ignore': 'dirt'}, '--mask_ignore=dirt, but'),
    ([[[0, 0, 0], [1, 2, 3]]], {'mask_class': '1'}, 'as --mask_class=1,2,3'),
    ([[[0, 9, 0], [1, 2, 3]]], {}, 'a colour image with 2 different colours'),
    ([[0, 7, 7]], {}, '--mask_class=7'),
    (np.arange(99).reshape(9, 11), {}, 'save it with 0 for background'),
  ],
)
def test_what_cannot_be_is_said(values, how, said):
  assert said in refusal(values, **how)


def test_a_class_cannot_be_what_is_not_labelled():
  with pytest.raises(InputError, match='give two values'):
    MaskValues('2', '2')


def test_transparency_may_be_the_mask(tmp_path):
  pixels = np.zeros((4, 5, 4), np.uint8)
  pixels[1:3, 2:4] = 255, 0, 0, 255
  Image.fromarray(pixels).save(tmp_path / 'a.png')
  np.testing.assert_array_equal(
    read_mask(tmp_path / 'a.png'), pixels[..., 3] > 0
  )
  pixels[3, 3] = 255, 0, 0, 90
  Image.fromarray(pixels).save(tmp_path / 'a.png')
  with pytest.raises(InputError, match='colour image with 3 different'):
    read_mask(tmp_path / 'a.png')


@pytest.mark.parametrize('photometric', ['miniswhite', 'minisblack'])
def test_bits_are_numbers(tmp_path, photometric):
  mask = np.random.default_rng(0).random((9, 13)) > 0.6
  tifffile.imwrite(tmp_path / 'a.tif', mask, photometric=photometric)
  np.testing.assert_array_equal(read_mask(tmp_path / 'a.tif'), mask)
  found = read_mask(tmp_path / 'a.tif', mask_class=0)
  np.testing.assert_array_equal(found, ~mask)


def test_of_a_palette_the_indices_are_classes(tmp_path):
  """As Pascal VOC and LabelMe colour theirs."""
  indices = np.array([[0, 1, 0, 2, 0, 1]], np.uint8)
  image = Image.fromarray(indices)
  image.putpalette([0, 0, 0, 128, 0, 0, 0, 128, 0])
  image.save(tmp_path / 'a.png')
  found = read_mask(tmp_path / 'a.png', mask_class=1)
  np.testing.assert_array_equal(found, indices == 1)
