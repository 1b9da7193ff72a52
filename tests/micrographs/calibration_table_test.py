"""CSVs of scales, as people write them."""

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
    'a': Calibration(None, 120.0),
    'b': Calibration(0.5, None),
    'c': Calibration(),
  }


def test_a_spreadsheets_byte_order_mark_and_other_columns(table):
  path = table('file,split,thickness_nm\na.png,dev,90\n', 'utf-8-sig')
  assert read_calibration_table(path) == {'a': Calibration(None, 90.0)}


@pytest.mark.parametrize(
  'text, message',
  [
    ('', 'the header is missing; it needs file'),
    ('file,scale\na,1\n', 'the header is file,scale; it needs file'),
    ('pixel_size_nm\n1\n', 'the header is pixel_size_nm; it needs file'),
    ('file,pixel_size_nm\na,1\na.tif,2\n', 'line 3: a stands here twice'),
    ('file,pixel_size_nm\na,-1\n', "line 2: pixel_size_nm is '-1'"),
    ('file,pixel_size_nm\na,nan\n', "line 2: pixel_size_nm is 'nan'"),
    ('file,pixel_size_nm\na,1,2\n', 'line 2: has more columns'),
    ('file,pixel_size_nm\n"a,1\n', 'is no CSV'),
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
