"""Which changes report.html and the tables know of.

A review that is killed leaves changes that they do not, and maybe masks that
are half a second old; the next one that ends well makes up for it.
"""

import pathlib
from collections.abc import Mapping

from defectseg_jax.files import json_text, write_text, write_whole
from defectseg_jax.review.history import FOLDER
from defectseg_jax.review.lesson import read_json

_END = '.jsonl'


def journal_sizes(folder: pathlib.Path) -> dict[str, int]:
  """Bytes of each image's journal, which grows with every change.

  Args:
    folder: of the session.
  """
  return {
    path.name.removesuffix(_END): path.stat().st_size
    for path in sorted((folder / FOLDER).glob(f'*{_END}'))
  }


def unreported(folder: pathlib.Path) -> list[str]:
  """Images that were changed since the results were written.

  Args:
    folder: of the session.
  """
  known = read_json(_path(folder)) or {}
  sizes = journal_sizes(folder)
  return [name for name, size in sizes.items() if known.get(name) != size]


def note_reported(folder: pathlib.Path, sizes: Mapping[str, int]) -> None:
  """Takes note of the journals that the results were made with.

  Args:
    folder: of the session.
    sizes: from `journal_sizes`, before they were made.
  """
  with write_whole(_path(folder)) as temporary:
    write_text(temporary, json_text(sizes))


def _path(folder: pathlib.Path) -> pathlib.Path:
  return folder / FOLDER / 'reported.json'
