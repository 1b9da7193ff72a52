"""Tables 1 to 4 of the paper: what tests compare with."""

import json
import pathlib

TABLES = json.loads(
  pathlib.Path(__file__).with_name('published_tables.json').read_text()
)
