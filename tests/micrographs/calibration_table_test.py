"""CSVs of scales, as people write them."""

import pathlib

import pytest

from defectseg_jax.errors import InputError
from defectseg_jax.micrographs.calibration_table import (
  Calibration,
  read_calibration_table,
)


@pytest.fixture
def table(tmp_path):
  def write(text, encoding='utf-8'):
    path = tmp_path / 'scales.csv'
    path.write_text(text, encoding=encoding)
    return path

  return write


def test_what_is_not_written_is_not_known(table):
  path = table('file,thickness_nm,pixel_size_nm\na.tif,120,\nb.dm4,,0.5\nc,,\n')
  assert read_calibration_table(path) == {
    'a.tif': Calibration(None, 120.0),
    'b.dm4': Calibration(0.5, None),
    'c': Calibration(),
  }


def test_a_spreadsheets_byte_order_mark_and_other_columns(table):
  path = table('file,split,thickness_nm\na.png,dev,90\n', 'utf-8-sig')
  assert read_calibration_table(path) == {'a.png': Calibration(None, 90.0)}


def test_uncertainties_of_each_image(table):
  path = table(
    'file;pixel_size_nm;pixel_size_uncertainty;Thickness uncertainty\n'
    'a;0,5;0,01;\nb;0,5;;0,1\n'
  )
  assert read_calibration_table(path) == {
    'a': Calibration(0.5, None, 0.01, None),
    'b': Calibration(0.5, None, None, 0.1),
  }


def test_a_raw_file_and_its_picture_are_two_files(table):
  path = table('file,pixel_size_nm\na.dm4,1\na.jpg,2\n')
  assert [*read_calibration_table(path)] == ['a.dm4', 'a.jpg']


CASES = pathlib.Path(__file__).parents[2].parent / 'shared/data/cases/folders'


@pytest.mark.skipif(not CASES.is_dir(), reason='shared/data/cases is not here')
@pytest.mark.parametrize(
  ('name', 'file'),
  [
    ('semicolon', 'a.png'),
    ('decimal_comma', 'a.png'),
    ('tab', 'a.png'),
    ('cp1252', 'Übersicht µm.png'),
    ('utf16', 'a.png'),
    ('header_case_and_spaces', 'a.png'),
    ('windows_path', 'a.png'),
    ('stem_with_dots', '12.5kx.v2'),
  ],
)
def test_tables_as_excel_writes_them(name, file):
  found = read_calibration_table(CASES / f'calibration_{name}.csv')
  assert found == {file: Calibration(0.5, 100.0)}


@pytest.mark.parametrize(
  'header',
  [
    'File name,Pixel size (nm)',
    'FILENAME,Pixel_Size_nm',
    ' file_Name , PIXEL SIZE NM',
    'file;pixel size [nm]',
    'File Name\tpixel-size nm',
  ],
)
def test_headers_as_people_write_them(table, header):
  separator = next(one for one in ',;\t' if one in header)
  path = table(f'{header}\na.tif{separator}0.5\n')
  assert read_calibration_table(path) == {'a.tif': Calibration(0.5)}


def test_a_column_file_goes_before_others(table):
  path = table('File name,file,pixel_size_nm\nold.tif,a.tif,0.5\n')
  assert [*read_calibration_table(path)] == ['a.tif']
  with pytest.raises(InputError, match='column file stands there twice'):
    read_calibration_table(table('file name,filename,pixel_size_nm\na,b,1\n'))


@pytest.mark.parametrize(
  'text, message',
  [
    (
      '',
      'the header is missing; it needs file',
    ),
    (
      'file,scale\na,1\n',
      'the header is file,scale; it needs file',
    ),
    ('pixel_size_nm\n1\n', 'the header is pixel_size_nm; it needs file'),
    ('file,pixel_size_nm\na,1\na.tif,2\n', 'line 3: a stands here twice'),
    ('file,pixel_size_nm\na,-1\n', "line 2: pixel_size_nm is '-1'"),
    ('file,pixel_size_nm\na,nan\n', "line 2: pixel_size_nm is 'nan'"),
    ('file,pixel_size_nm\na,1,2\n', 'line 2: has more columns'),
    ('file,pixel_size_nm\n"a,1\n', 'is no CSV'),
    ('file,pixel_size_nm\na.tif,1\na,2\n', 'line 3: a stands here twice'),
    ('file,pixel_size_nm\n\n,1\n', 'line 3: names no file'),
    ('file,pixel_size_nm\n', 'has a header and no rows; write one'),
    ('file|pixel_size_nm\na|1\n', '(read as separated by commas, in UTF-8)'),
    (
      'file,thickness_nm,thickness_uncertainty\na,90,10%\n',
      "line 2: thickness_uncertainty is '10%': must be from 0 to below 1: i",
    ),
    (
      'file,thickness_nm,thickness_uncertainty\na,90,10\n',
      "line 2: thickness_uncertainty is '10': must be from 0 to below 1: it",
    ),
  ],
)
def test_what_is_wrong_is_said_in_one_line(table, text, message):
  path = table(text)
  with pytest.raises(InputError) as caught:
    read_calibration_table(path)
  assert str(path) in str(caught.value) and message in str(caught.value)
  assert len(str(caught.value).splitlines()) == 1


def test_a_table_that_is_not_there(tmp_path):
  with pytest.raises(InputError, match='cannot be opened'):
    read_calibration_table(tmp_path / 'none.csv')
