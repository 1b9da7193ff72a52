"""Which image a row of a table is of."""

import pathlib
import unicodedata

import pytest

from defectseg_jax.micrographs.image_names import (
  name_in_table,
  owners,
  row_of,
)


def row(names, file, image=None, beside=()):
  path = pathlib.Path(file)
  others = owners(map(pathlib.Path, [file, *beside]))
  return row_of(names, path, image or path.stem, beside=others)


@pytest.mark.parametrize(
  ('names', 'file', 'found'),
  [
    (['a.tif'], 'a.tif', 'a.tif'),
    (['a'], 'a.tif', 'a'),
    # A mask of the image that the table names.
    (['a.dm4'], 'a.png', 'a.dm4'),
    (['a.dm4', 'a.png'], 'a.png', 'a.png'),
    (['A.TIF'], 'a.tif', None),
    # What follows a dot is no suffix unless an image has it.
    (['foil_1.5um'], 'foil_1.tif', None),
    (['foil_1.5um'], 'foil_1.5um.tif', 'foil_1.5um'),
    (['12.5kx.v2'], '12.5kx.v2.tif', '12.5kx.v2'),
    (['12.5kx.v2.ser'], '12.5kx.v2.tif', '12.5kx.v2.ser'),
    (['b'], 'a.tif', None),
  ],
)
def test_full_names_go_before_those_without_a_suffix(names, file, found):
  assert row(names, file) == found


@pytest.mark.parametrize(
  ('names', 'image', 'found'),
  [
    (['z', 'z[1]'], 'z[1]', 'z[1]'),
    (['z', 'z[1]'], 'z[0]', 'z'),
    (['z.tif', 'z[1].tif'], 'z[1]', 'z[1].tif'),
    (['z.tif', 'z[1].tif'], 'z[0]', 'z.tif'),
    (['z[2]'], 'z[0]', None),
  ],
)
def test_images_of_one_file(names, image, found):
  assert row(names, 'z.tif', image) == found
  # The mask of an image has a file of its own.
  assert row(names, f'{image}.png') == found


def test_a_row_that_is_another_files_name_is_not_taken_from_it():
  beside = ['scan.png.tif']
  assert row(['scan.png'], 'scan.png.tif', beside=['scan.tif']) == 'scan.png'
  assert row(['scan.png'], 'scan.tif', beside=beside) is None
  assert row(['scan.png'], 'scan.tif') == 'scan.png'


def test_accents_that_a_system_took_apart():
  apart = unicodedata.normalize('NFD', 'Übersicht.tif')
  assert apart != 'Übersicht.tif'
  assert row([name_in_table(apart)], 'Übersicht.tif') == 'Übersicht.tif'
  assert row([name_in_table('Übersicht.tif')], apart) == 'Übersicht.tif'


@pytest.mark.parametrize(
  'text', ['C:\\data\\a.png', '\\\\server\\x\\a.png', 'data/a.png', ' a.png']
)
def test_folders_are_no_part_of_a_name(text):
  assert name_in_table(text) == 'a.png'
