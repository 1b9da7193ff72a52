"""What a processor computes from a short command to its end.

  python -m benchmarks.start_up
  python -m benchmarks.start_up --beside=CHECKOUT

from the root of the repository. `--help`, and `--mode=quantify` of one mask of
512 x 512 pixels with 30 discs, with its page and figures: processor seconds of
the program and of the process that reads the file. With --beside, another
checkout of this repository does the same in turns.
"""

import os
import pathlib
import resource
import subprocess
import sys
import tempfile
from collections.abc import Sequence

import numpy as np
from PIL import Image

from benchmarks import report, rows, workers

_SIDE_PX = 512


def main() -> None:
  """Prints a table."""
  parser = report.create_parser(__doc__)
  parser.add_argument('--turns', type=int, default=7)
  parser.add_argument('--beside')
  flags = parser.parse_args()
  print(report.line(report.machine() | report.versions('scipy', 'matplotlib')))
  found = measure_rows(turns=flags.turns, beside=flags.beside)
  print(report.table(rows.HEADER, [row.cells() for row in found]))


def measure_rows(
  *, turns: int = 5, beside: str | None = None
) -> list[rows.Row]:
  """Processor seconds of each command.

  Args:
    turns: of each.
    beside: the root of another checkout, or None.
  """
  checkouts = [str(workers.REPOSITORY), *([beside] if beside else [])]
  with tempfile.TemporaryDirectory() as folder:
    root = pathlib.Path(folder)
    _write_mask(root / 'mask.png')
    commands = {
      '--help': ['--help'],
      '--mode=quantify of a small mask': [
        *('quantify', '--config=voids', f'--input={root}/mask.png'),
        *('--pixel_size_nm=0.5', '--thickness_nm=100', '--overwrite'),
        f'--output={root}/numbers',
      ],
    }
    return [
      _row(name, words, checkouts, turns) for name, words in commands.items()
    ]


def _row(
  name: str, words: Sequence[str], checkouts: Sequence[str], turns: int
) -> rows.Row:
  spent: list[list[float]] = [[] for _ in checkouts]
  # The first turn fills the file cache, and compiles Python's files.
  for turn in range(turns + 1):
    for checkout, seconds in zip(checkouts, spent, strict=True):
      taken = _processor_s(words, checkout)
      if turn:
        seconds.append(taken)
  ours, *others = spent
  return rows.Row(
    *(name, 's', ours),
    peer='the checkout beside' if others else '',
    peer_turns=others[0] if others else (),
  )


def _write_mask(path: pathlib.Path) -> None:
  rng = np.random.default_rng(0)
  y, x = np.mgrid[:_SIDE_PX, :_SIDE_PX]
  mask = np.zeros((_SIDE_PX, _SIDE_PX), bool)
  for row, column in rng.uniform(20, _SIDE_PX - 20, (30, 2)):
    mask |= np.hypot(y - row, x - column) < rng.uniform(4, 9)
  Image.fromarray(mask.astype(np.uint8) * 255).save(path)


def _processor_s(words: Sequence[str], checkout: str) -> float:
  """Of a command, and of the processes that it waits for."""
  before = _of_children_s()
  subprocess.run(
    [sys.executable, '-m', 'defectseg_jax.main', *words],
    cwd=checkout,
    env={**os.environ, 'PYTHONPATH': checkout},
    check=True,
    stdout=subprocess.DEVNULL,
  )
  return _of_children_s() - before


def _of_children_s() -> float:
  used = resource.getrusage(resource.RUSAGE_CHILDREN)
  return used.ru_utime + used.ru_stime


if __name__ == '__main__':
  main()
