"""One session by one, two and four processes, of which one is killed.

  python -m benchmarks.shared --images=40

from the root of the repository. `predict --share` with the network voids on
crops of simulated foils. In each row but the first, one process is killed at a
random moment and not started again. Files are compared with those of `predict`
alone, but for what has a date or the command in it. Seconds are from the first
start to the page.
"""

import pathlib
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence

import numpy as np

from benchmarks import report
from defectseg_jax.micrographs.writing import write_tiff

_SIDE_PX = 256
_DATED = (
  *('report.html', 'summary.json', 'session.json'),
  # It tells the time by which its entries were made.
  'numbers.xlsx',
)


def main() -> None:
  """Prints a table."""
  parser = report.create_parser(__doc__)
  parser.add_argument('--images', type=int, default=40)
  parser.add_argument('--seed', type=int, default=0)
  flags = parser.parse_args()
  print(report.line(report.machine() | report.versions('jax')))
  chance = random.Random(flags.seed)
  with tempfile.TemporaryDirectory() as folder:
    root = pathlib.Path(folder)
    _write_images(root / 'images', flags.images)
    alone_s, _ = _predict(root, 'alone', 1, share=False)
    rows: list[tuple[str, ...]] = [('predict', '1', '0', f'{alone_s:.0f}', '0')]
    for processes in (1, 2, 4):
      name = f'by_{processes}'
      kill_s = chance.uniform(0.1, 0.5) * alone_s if processes > 1 else None
      seconds, killed = _predict(root, name, processes, kill_s=kill_s)
      different = len(_different(root / 'alone', root / name))
      numbers = processes, killed, f'{seconds:.0f}', different
      rows.append(('--share', *map(str, numbers)))
  head = ('command', 'processes', 'killed', 'seconds', 'files that differ')
  print(report.table(head, rows))


def _write_images(folder: pathlib.Path, count: int) -> None:
  """Discs on noise: what is timed does not hang on what is found."""
  folder.mkdir()
  rows, columns = np.mgrid[:_SIDE_PX, :_SIDE_PX]
  for number in range(count):
    rng = np.random.default_rng(number)
    pixels = rng.normal(120, 12, (_SIDE_PX, _SIDE_PX))
    for row, column in rng.uniform(0, _SIDE_PX, (12, 2)):
      away = np.hypot(rows - row, columns - column)
      pixels += 50 * (away < rng.uniform(5, 12))
    pixels = np.clip(pixels, 0, 255).astype(np.uint8)
    write_tiff(folder / f'{number:03d}.tif', pixels, pixel_size_nm=0.5)


def _predict(
  root: pathlib.Path,
  name: str,
  processes: int,
  *,
  share: bool = True,
  kill_s: float | None = None,
) -> tuple[float, int]:
  """Seconds until all have ended, and how many were killed."""
  command = [
    *(sys.executable, '-m', 'defectseg_jax.main', 'predict'),
    *('--network=voids', '--thickness_nm=100', f'--input={root}/images'),
    f'--output={root / name}',
    *(['--share'] if share else []),
  ]
  began = time.monotonic()
  started = [
    subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=sys.stderr)
    for _ in range(processes)
  ]
  if kill_s is not None:
    time.sleep(kill_s)
    started[0].kill()
  codes = [one.wait() for one in started]
  assert set(codes[1:]) <= {0}, codes
  return time.monotonic() - began, sum(code < 0 for code in codes)


def _different(alone: pathlib.Path, shared: pathlib.Path) -> Sequence[str]:
  """Paths of files that are not the same in both, below the folders."""
  found = [
    {str(path.relative_to(folder)) for path in folder.rglob('*')}
    for folder in (alone, shared)
  ]
  both = found[0] & found[1]
  other = [
    name
    for name in both
    if (alone / name).is_file()
    and pathlib.Path(name).name not in _DATED
    and (alone / name).read_bytes() != (shared / name).read_bytes()
  ]
  return sorted([*(found[0] ^ found[1]), *other])


if __name__ == '__main__':
  main()
