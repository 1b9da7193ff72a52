"""How long numbers from a mask take, and how much memory.

  python -m benchmarks.quantification
  python -m benchmarks.quantification --large_px=16384 --json=speed.json

from the root of the repository. A mask of 1024 x 1024 pixels with 200
particles and one with dislocations are measured on one core, with intervals; in
turns with them, regionprops_table of scikit-image makes the same columns.

--large_px adds a mask of that side, made of copies of the small one, with each
task in a process of its own: seconds per pixel, relative to the small mask, and
the peak of memory above that of the mask.

Exit code 1: more than 50 ms, more than twice the seconds per pixel, or more
than 8 bytes of memory per pixel.
"""

import argparse
import math
import multiprocessing
import os
import resource
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

# Before NumPy starts its threads.
for _name in ('OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS', 'MKL_NUM_THREADS'):
  os.environ[_name] = '1'

import numpy as np  # noqa: E402
from skimage import measure  # noqa: E402

from benchmarks import report, rows  # noqa: E402
from defectseg_jax.quantification.dislocations.summary import (  # noqa: E402
  dislocation_summary,
)
from defectseg_jax.quantification.particles.properties import measure_particles  # noqa: E402
from defectseg_jax.quantification.particles.summary import particle_summary  # noqa: E402

SIDE_PX = 1024
PARTICLES = 200
MOST_MS = 50.0
MOST_BYTES = 8.0
MOST_SLOWER = 2.0
PIXEL_NM, FOIL_NM = 0.32, 177.0
_COLUMNS = (
  'label',
  'centroid',
  'area',
  'equivalent_diameter_area',
  'feret_diameter_max',
  'eccentricity',
  'bbox',
)


def main() -> int:
  """Runs what the flags ask for; the exit code."""
  flags = _flags()
  print(f'{report.line(report.machine())}, one core\n')
  masks = {'particles': particle_mask(), 'lines': line_mask()}
  times = time_small(masks, flags.repeats)
  print(_small_table(times, flags.repeats))
  passed = max(_median_ms(times[n]) for n in BOUNDED) <= MOST_MS
  large = []
  if flags.large_px:
    large = [
      measure_large_in_own_process(name, masks[name], flags.large_px // SIDE_PX)
      for name in masks
    ]
    passed &= all(row['passed'] for row in large)
    print(f'\n{_large_table(large, flags.large_px // SIDE_PX * SIDE_PX)}')
  report.write_json(
    flags.json,
    {
      'benchmark': 'quantification',
      'machine': report.machine(),
      'seconds': times,
      'large': large,
      'passed': passed,
    },
  )
  print(f'\n{"All within" if passed else "OVER"} the bounds.')
  return 0 if passed else 1


def measure_rows() -> list[rows.Row]:
  """Each task on one core; particles beside scikit-image."""
  masks = {'particles': particle_mask(), 'lines': line_mask()}
  times = {
    name: [1e3 * one for one in found]
    for name, found in time_small(masks, 15).items()
  }
  theirs = times.pop(_THEIRS)
  return [
    rows.Row(
      *(f'{name}, {SIDE_PX} x {SIDE_PX} px', 'ms', found),
      peer='' if TASKS[name][1] == 'lines' else _THEIRS,
      peer_turns=() if TASKS[name][1] == 'lines' else theirs,
    )
    for name, found in times.items()
  ]


def particle_mask() -> np.ndarray:
  """200 discs of gamma-distributed diameters, apart from each other."""
  rng = np.random.default_rng(0)
  mask = np.zeros((SIDE_PX, SIDE_PX), bool)
  y, x = np.mgrid[:SIDE_PX, :SIDE_PX]
  placed = []
  while len(placed) < PARTICLES:
    row, column = rng.uniform(0, SIDE_PX, size=2)
    radius = min(max(rng.gamma(5, 3.3), 2), 40)
    if all(
      math.hypot(row - r, column - c) > radius + other + 3
      for r, c, other in placed
    ):
      placed.append((row, column, radius))
      mask |= np.hypot(y - row, x - column) <= radius
  return mask


def line_mask() -> np.ndarray:
  """Waves of 3 pixels' width that cover a tenth, as dislocations do."""
  rng = np.random.default_rng(0)
  mask = np.zeros((SIDE_PX, SIDE_PX), bool)
  while mask.mean() < 0.097:
    (row, column), angle = rng.uniform(0, SIDE_PX, size=2), rng.uniform(0, 7)
    along = np.linspace(-200, 200, 1600)
    across = 12 * np.sin(along / rng.uniform(20, 60) + rng.uniform(0, 6))
    rows = row + along * math.sin(angle) + across * math.cos(angle)
    columns = column + along * math.cos(angle) - across * math.sin(angle)
    for dr in (-1, 0, 1):
      for dc in (-1, 0, 1):
        r, c = np.rint(rows).astype(int) + dr, np.rint(columns).astype(int) + dc
        inside = (r >= 0) & (c >= 0) & (r < SIDE_PX) & (c < SIDE_PX)
        mask[r[inside], c[inside]] = True
  return mask


def measure_particle_mask(mask: np.ndarray, *, separate: bool = False) -> None:
  """Table and row of numbers."""
  found = measure_particles(mask, pixel_size_nm=PIXEL_NM, separate=separate)
  found.columns()
  particle_summary(found, thickness_nm=FOIL_NM)


def measure_line_mask(mask: np.ndarray) -> None:
  """Row of numbers."""
  dislocation_summary(mask, pixel_size_nm=PIXEL_NM, thickness_nm=FOIL_NM)


def measure_by_regionprops(mask: np.ndarray) -> None:
  """The same columns as the table's, but for the smallest Feret diameter."""
  measure.regionprops_table(measure.label(mask), properties=_COLUMNS)


_THEIRS = 'scikit-image regionprops_table'
TASKS: dict[str, tuple[Callable, str]] = {
  'particles: table, densities, intervals': (
    measure_particle_mask,
    'particles',
  ),
  'the same, touching ones separated': (
    lambda mask: measure_particle_mask(mask, separate=True),
    'particles',
  ),
  _THEIRS: (measure_by_regionprops, 'particles'),
  'dislocations: grid, length, intervals': (measure_line_mask, 'lines'),
}
BOUNDED = (
  'particles: table, densities, intervals',
  'dislocations: grid, length, intervals',
)


def time_small(
  masks: dict[str, np.ndarray], repeats: int
) -> dict[str, list[float]]:
  """Seconds of each task, in turns, after a turn that does not count."""
  times = {name: [] for name in TASKS}
  for turn in range(repeats + 1):
    for name, (task, kind) in TASKS.items():
      begin = time.perf_counter()
      task(masks[kind])
      if turn:
        times[name].append(time.perf_counter() - begin)
  return times


def measure_large_in_own_process(
  kind: str, mask: np.ndarray, copies: int
) -> dict[str, Any]:
  """Seconds and memory of a mask of copies x copies of a small one."""
  context = multiprocessing.get_context('spawn')
  with context.Pool(1) as pool:
    return pool.apply(_measure_large, (kind, mask, copies))


def _measure_large(kind: str, mask: np.ndarray, copies: int) -> dict[str, Any]:
  task = {'particles': measure_particle_mask, 'lines': measure_line_mask}[kind]
  task(mask)
  seconds = []
  for _ in range(3):
    begin = time.perf_counter()
    task(mask)
    seconds.append(time.perf_counter() - begin)
  # In place: copies that come and go would hide what the task adds.
  large = np.empty((copies * SIDE_PX, copies * SIDE_PX), bool)
  large.reshape(copies, SIDE_PX, copies, SIDE_PX)[:] = mask[:, None]
  before = _peak_memory_bytes()
  begin = time.perf_counter()
  task(large)
  taken = time.perf_counter() - begin
  added = (_peak_memory_bytes() - before) / large.size
  slower = taken / copies**2 / statistics.median(seconds)
  return {
    'kind': kind,
    'seconds': taken,
    'times_slower_per_pixel': slower,
    'bytes_per_pixel': added,
    'passed': added <= MOST_BYTES and slower <= MOST_SLOWER,
  }


def _peak_memory_bytes() -> int:
  most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
  return most if sys.platform == 'darwin' else most * 1024


def _median_ms(seconds: Sequence[float]) -> float:
  return 1e3 * statistics.median(seconds)


def _small_table(times: dict[str, list[float]], repeats: int) -> str:
  lines = [
    (name, f'{_median_ms(found):.1f}', f'{1e3 * min(found):.1f}')
    for name, found in times.items()
  ]
  title = f'{SIDE_PX} x {SIDE_PX}, {repeats} times each'
  return report.table((title, 'median ms', 'min ms'), lines)


def _large_table(found: Sequence[dict[str, Any]], side_px: int) -> str:
  return report.table(
    (
      f'{side_px} x {side_px}',
      'seconds',
      'times the time per pixel',
      'bytes a pixel',
    ),
    [
      (
        row['kind'],
        f'{row["seconds"]:.1f}',
        f'{row["times_slower_per_pixel"]:.2f}',
        f'{row["bytes_per_pixel"]:.1f}',
      )
      for row in found
    ],
  )


def _flags() -> argparse.Namespace:
  parser = report.create_parser(__doc__)
  parser.add_argument('--repeats', type=int, default=15, help='of each')
  parser.add_argument(
    '--large_px', type=int, default=0, help=f'a multiple of {SIDE_PX}; 0: none'
  )
  parser.add_argument('--json', help='file to write all figures to')
  flags = parser.parse_args()
  if flags.repeats < 1:
    parser.error(f'--repeats={flags.repeats}: must be at least 1')
  if flags.large_px < 0 or flags.large_px % SIDE_PX:
    parser.error(
      f'--large_px={flags.large_px}: must be 0 or a multiple of {SIDE_PX}'
    )
  return flags


if __name__ == '__main__':
  sys.exit(main())
