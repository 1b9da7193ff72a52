"""The paper's tables beside the tests are those that were read from it."""

import json

import pytest
import tiny
from published import TABLES

READ = tiny.SHARED / 'reference' / 'tables.json'


@pytest.mark.skipif(not READ.exists(), reason=f'{READ} is not there')
def test_the_tables_are_those_that_were_read_from_the_paper():
  read = json.loads(READ.read_text())
  assert TABLES.keys() == read.keys()
  for name in TABLES.keys() - {'source'}:
    assert TABLES[name] == read[name], name
