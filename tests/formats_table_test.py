"""docs/formats.md says what is read of files that are written here."""

import formats_table
import pytest

for _module in ('h5py', 'rsciio', 'zarr'):
  pytest.importorskip(_module)


@pytest.mark.slow
def test_the_page_says_what_is_read():
  text = formats_table.PAGE.read_text()
  assert text == formats_table.page_with_tables(text), (
    'run PYTHONPATH=.:tests python tests/formats_table.py'
  )
