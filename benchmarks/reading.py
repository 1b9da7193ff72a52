"""How long reading an image takes, beside the library that does the work.

  python -m benchmarks.reading

from the root of the repository. TIFF and .dm4 of 2048 x 2048 pixels, in a
folder of its own, read by `read_frames` (whole file checked, scale read, by
another process) and by tifffile and RosettaSciIO alone, in turns. Medians, the
fastest turn of each, and what processors computed for them in both processes.

The other process works beside this one where a core is left for it. Where other
programs run, `nice -n -19` goes before them.

Exit code 1: the fastest takes more than 1.2 times as long as the library's.
"""

import importlib
import os
import pathlib
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import tifffile

from benchmarks import report, roofline, rows
from defectseg_jax.micrographs.reading import read_frames

SIDE_PX = 2048
LARGEST_RATIO = 1.2
_TESTS = pathlib.Path(__file__).parents[1] / 'tests'
_COLUMNS = (
  *('file', 'ms', 'alone, ms', 'ratio'),
  *('fastest ms', 'alone, ms', 'ratio', 'computed ms', 'alone, ms'),
)


class _Turns(NamedTuple):
  """Milliseconds, each [repeats], that passed and that were computed."""

  passed: list[float]
  computed: list[float]


def main() -> int:
  """Prints a table; the exit code."""
  parser = report.create_parser(__doc__)
  parser.add_argument('--repeats', type=int, default=31)
  flags = parser.parse_args()
  packages = ('tifffile', 'imagecodecs', 'RosettaSciIO')
  print(report.line(report.machine() | report.versions(*packages)))
  lines, within = [], True
  for name, of in _turns_of_files(flags.repeats).items():
    line = [name]
    for what in (statistics.median, min):
      ours_ms, alone_ms = (what(turns.passed) for turns in of)
      ratio = ours_ms / alone_ms
      line += [f'{ours_ms:.1f}', f'{alone_ms:.1f}', f'{ratio:.2f}']
    within &= ratio <= LARGEST_RATIO
    line += [f'{statistics.median(turns.computed):.1f}' for turns in of]
    lines.append(line)
  print()
  print(report.table(_COLUMNS, lines))
  return 0 if within else 1


def measure_rows() -> list[rows.Row]:
  """Each file beside the library alone; what is not packed beside a copy."""
  copy_ms = 1e3 * 2 * SIDE_PX**2 / roofline.copy_rate()
  return [
    rows.Row(
      *(f'{name}, {SIDE_PX} x {SIDE_PX} px of 16 bit', 'ms', ours.passed),
      peer='RosettaSciIO' if name == 'dm4' else 'tifffile',
      peer_turns=alone.passed,
      roofline=copy_ms / statistics.median(ours.passed)
      if name in ('TIFF', 'dm4')
      else None,
    )
    for name, (ours, alone) in _turns_of_files(31).items()
  ]


def _turns_of_files(repeats: int) -> dict[str, tuple[_Turns, _Turns]]:
  """Ours and the library's turns, by the name of the file."""
  with tempfile.TemporaryDirectory() as folder:
    files = _files(pathlib.Path(folder))
    read_frames(files[0][1])
    other = _other_process()
    return {
      name: _take_turns(
        lambda path=path: read_frames(path), alone, repeats, other
      )
      for name, path, alone in files
    }


def _other_process() -> int:
  """The one process that this one started, which reads the files."""
  children = f'/proc/self/task/{os.getpid()}/children'
  (child,) = pathlib.Path(children).read_text().split()
  return int(child)


def _computed_ms(other: int) -> float:
  """What this process and the other one computed since they began."""
  theirs_ns = pathlib.Path(f'/proc/{other}/schedstat').read_text().split()[0]
  return (time.process_time_ns() + int(theirs_ns)) / 1e6


def _files(
  folder: pathlib.Path,
) -> list[tuple[str, pathlib.Path, Callable[[], object]]]:
  """Each file's name, its path, and what reads it without us."""
  pixels = np.random.default_rng(0).poisson(1000, (SIDE_PX, SIDE_PX))
  pixels = pixels.astype(np.uint16)
  files = []
  for name, compression in (
    ('TIFF', None),
    ('TIFF, LZW', 'lzw'),
    ('TIFF, deflate', 'deflate'),
  ):
    path = folder / f'{name}.tif'
    tifffile.imwrite(path, pixels, compression=compression)
    files.append((name, path, lambda path=path: tifffile.imread(path)))
  # RosettaSciIO writes no .dm4; a test's writer does.
  sys.path.append(str(_TESTS))
  writers = importlib.import_module('microscope_writers')
  path = writers.write_dm(folder / 'a.dm4', pixels, x=(0.5, 'nm'))
  plugin = importlib.import_module('rsciio.digitalmicrograph')

  def read_dm4() -> object:
    return plugin.file_reader(str(path))

  return [*files, ('dm4', path, read_dm4)]


def _take_turns(
  ours: Callable[[], object],
  alone: Callable[[], object],
  repeats: int,
  other: int,
) -> tuple[_Turns, _Turns]:
  """In turns, so that what else the machine does falls on both."""
  of_ours, of_alone = _Turns([], []), _Turns([], [])
  for turn in range(repeats + 1):
    for read, taken in ((ours, of_ours), (alone, of_alone)):
      before, begin = _computed_ms(other), time.perf_counter()
      read()
      passed_ms = 1000 * (time.perf_counter() - begin)
      # The first of each loads modules and fills the file cache.
      if turn:
        taken.passed.append(passed_ms)
        taken.computed.append(_computed_ms(other) - before)
  return of_ours, of_alone


if __name__ == '__main__':
  sys.exit(main())
