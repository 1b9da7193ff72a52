"""How long reading an image takes, beside the library that does the work.

  python -m benchmarks.reading

from the root of the repository. TIFF and .dm4 of 2048 x 2048 pixels, in a
folder of its own, read by `read_frames` (whole file checked, scale read, by
another process, from which the pixels are copied unless they stand in the file
as they are) and by tifffile and RosettaSciIO alone, in turns. Medians.

Exit code 1: more than 1.2 times as long, and 4 ms for each MiB of pixels.
"""

import importlib
import pathlib
import statistics
import sys
import tempfile
import time
from collections.abc import Callable

import numpy as np
import tifffile

from benchmarks import report
from defectseg_jax.micrographs.reading import read_frames

SIDE_PX = 2048
# By eye; the copy takes 0.3 ms a MiB where nothing else runs.
LARGEST_RATIO, COPY_MS_A_MIB = 1.2, 4.0
_TESTS = pathlib.Path(__file__).parents[1] / 'tests'


def main() -> int:
  """Prints a table; the exit code."""
  parser = report.create_parser(__doc__)
  parser.add_argument('--repeats', type=int, default=31)
  flags = parser.parse_args()
  packages = ('tifffile', 'imagecodecs', 'RosettaSciIO')
  print(report.line(report.machine() | report.versions(*packages)))
  rows, passed = [], True
  with tempfile.TemporaryDirectory() as folder:
    for name, path, alone in _files(pathlib.Path(folder)):
      ours_ms, alone_ms = _medians_ms(
        lambda path=path: read_frames(path), alone, flags.repeats
      )
      copy_ms = COPY_MS_A_MIB * SIDE_PX**2 * 2 / 2**20
      passed &= ours_ms <= LARGEST_RATIO * alone_ms + copy_ms
      more_ms = ours_ms - alone_ms
      rows.append([name, *(f'{ms:.1f}' for ms in (ours_ms, alone_ms, more_ms))])
  print()
  print(report.table(('file', 'ms', 'library alone, ms', 'more, ms'), rows))
  return 0 if passed else 1


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


def _medians_ms(
  ours: Callable[[], object], alone: Callable[[], object], repeats: int
) -> tuple[float, float]:
  """In turns, so that what else the machine does falls on both."""
  times = {ours: [], alone: []}
  for _ in range(repeats + 1):
    for read, taken in times.items():
      begin = time.perf_counter()
      read()
      taken.append(1000 * (time.perf_counter() - begin))
  # The first of each loads modules and fills the file cache.
  of_ours, of_alone = (statistics.median(one[1:]) for one in times.values())
  return of_ours, of_alone


if __name__ == '__main__':
  sys.exit(main())
