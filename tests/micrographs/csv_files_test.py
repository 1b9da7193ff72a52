"""CSVs in the languages of computers that write them."""

import pytest

from defectseg_jax.errors import InputError
from defectseg_jax.micrographs.csv_files import read_csv

NUMBERS = ('pixel_size_nm', 'thickness_nm')
ROW = {'file': 'Größe µm.tif', 'pixel_size_nm': '0.5', 'thickness_nm': '100'}


@pytest.fixture
def read(tmp_path):
  def go(text, encoding='utf-8', numbers=NUMBERS):
    path = tmp_path / 'table.csv'
    path.write_bytes(text.encode(encoding))
    return read_csv(path, numbers=numbers)

  return go


@pytest.mark.parametrize(
  ('encoding', 'mark', 'form'),
  [
    ('utf-8', '', 'UTF-8'),
    ('utf-8', '\ufeff', 'UTF-8'),
    ('utf-16-le', '\ufeff', 'UTF-16'),
    ('utf-16-be', '\ufeff', 'UTF-16'),
    ('cp1252', '', 'cp1252'),
  ],
)
@pytest.mark.parametrize('separator', [',', ';', '\t'])
@pytest.mark.parametrize('end', ['\n', '\r\n', '\r'])
def test_separators_encodings_and_ends(
  read, encoding, mark, form, separator, end
):
  lines = (
    ['file', ' Pixel size (nm)', 'THICKNESS_NM '],
    [' Größe µm.tif ', '"0,5"', '100'],
    ['', '', ''],
  )
  text = mark + end.join(map(separator.join, lines)) + end
  table = read(text, encoding)
  assert table.rows == [ROW] and table.lines == [2]
  assert table.form.endswith(f'in {form}')


@pytest.mark.parametrize('said', ['sep=;', '"sep=;"', 'SEP=;'])
def test_excel_may_say_the_separator(read, said):
  table = read(f'{said}\r\nfile;pixel_size_nm\r\na,b.tif;1,5\r\n')
  assert table.rows == [{'file': 'a,b.tif', 'pixel_size_nm': '1.5'}]
  assert table.lines == [3]


def test_columns_that_were_never_filled(read):
  table = read('file;pixel_size_nm;;\na;1;;\nb;2\n;;;\n')
  assert table.header == ['file', 'pixel_size_nm']
  assert [row['pixel_size_nm'] for row in table.rows] == ['1', '2']


@pytest.mark.parametrize(
  ('text', 'value'),
  [
    # Where semicolons part columns, the comma is that of decimals.
    ('file;thickness_nm\na;1,200\n', '1.200'),
    ('file,thickness_nm\na,0.125\n', '0.125'),
    ('file,thickness_nm\na,1.200\n', '1.200'),
    ('file,thickness_nm\na,"0,125"\n', '0.125'),
    ('file\tthickness_nm\na\t12,5e-1\n', '12.5e-1'),
  ],
)
def test_decimal_commas(read, text, value):
  assert read(text).rows[0]['thickness_nm'] == value


@pytest.mark.parametrize(
  'text',
  [
    # Thousands to an American, a little more than 1 to a German.
    'file,thickness_nm\na,"1,200"\n',
    'file\tthickness_nm\na\t"1,200"\n',
    # Of the same table, one number has a decimal comma.
    'file;pixel_size_nm;thickness_nm\na;0,5;1.200\n',
  ],
)
def test_what_nobody_can_tell_is_not_guessed(read, text):
  with pytest.raises(InputError, match='nobody can tell'):
    read(text)


def test_text_keeps_its_commas(read):
  table = read('person;image;value\nAnn;a,5;0,5\n', numbers=['value'])
  assert table.rows == [{'person': 'Ann', 'image': 'a,5', 'value': '0.5'}]


@pytest.mark.parametrize(
  ('content', 'message'),
  [
    (b'PK\x03\x04\0\0file', 'bytes of 0, as workbooks do'),
    (b'file\x81,pixel_size_nm\n', 'UTF-8, UTF-16 or cp1252'),
    (b'\xff\xfef', 'UTF-8, UTF-16 or cp1252'),
    (b'file;File;a\n1;2;3\n', 'line 1: the column file stands there twice'),
    (b'file;a\n1;2;3\n', 'line 2: has more columns than the header (read as'),
  ],
)
def test_what_is_wrong_is_said_in_one_line(tmp_path, content, message):
  path = tmp_path / 'table.csv'
  path.write_bytes(content)
  with pytest.raises(InputError) as caught:
    read_csv(path)
  assert str(path) in str(caught.value) and message in str(caught.value)
  assert len(str(caught.value).splitlines()) == 1
