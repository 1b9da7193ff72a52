"""What a simulated foil costs, and what it looks like.

  python -m benchmarks.foils
  python -m benchmarks.foils --picture=docs/foils.png

from the root of the repository. Each foil of 2048 x 2048 pixels, with labels
and ground truth, is simulated in a process of its own, on one core. The bounds
are 4 s, and 1 GiB for the peak of that process's memory.

With --picture, it draws a part of a micrograph of each kind above its label
instead.

Exit code 1: a bound is exceeded.
"""

import importlib
import multiprocessing
import os
import resource
import statistics
import sys
import time
from typing import TYPE_CHECKING

from benchmarks import report

if TYPE_CHECKING:
  from defectseg_jax.simulation import Foil

BOUND_S = 4.0
BOUND_GIB = 1.0
DEFECTS = ('voids', 'precipitates', 'dislocations')
PICTURED_PX = 768


def main() -> int:
  """Times, or draws; the exit code."""
  parser = report.create_parser(__doc__)
  parser.add_argument('--foils', type=int, default=5)
  parser.add_argument('--picture')
  flags = parser.parse_args()
  if flags.picture:
    _draw(flags.picture)
    return 0
  print(report.line(report.machine() | report.versions('numpy', 'scipy')))
  rows, passed = [], True
  for defect in ('voids', 'dislocations'):
    seconds, gibibytes = zip(
      *(_cost_in_own_process(defect, seed) for seed in range(flags.foils)),
      strict=True,
    )
    passed &= max(seconds) <= BOUND_S and max(gibibytes) <= BOUND_GIB
    rows.append(
      [
        f'configs/{defect}.py',
        f'{statistics.median(seconds):.2f}',
        f'{max(seconds):.2f}',
        f'{max(gibibytes):.2f}',
      ]
    )
  print(report.table(['foil', 'median s', 'most s', 'peak GiB'], rows))
  print(
    f'bounds: {BOUND_S} s, {BOUND_GIB} GiB: {"held" if passed else "MISSED"}'
  )
  return 0 if passed else 1


def _create_foil(defect: str, seed: int) -> 'Foil':
  from defectseg_jax.simulation import foil_parameters, simulate_foil

  config = importlib.import_module(f'configs.{defect}').get_config()
  return simulate_foil(foil_parameters(config.foil), seed=seed, index=0)


def _cost_in_own_process(defect: str, seed: int) -> tuple[float, float]:
  """Seconds and GiB of one foil, in a new process on one core."""
  context = multiprocessing.get_context('spawn')
  with context.Pool(1) as pool:
    return pool.apply(_cost, (defect, seed))


def _cost(defect: str, seed: int) -> tuple[float, float]:
  """Seconds and GiB of one foil, in this process."""
  if hasattr(os, 'sched_setaffinity'):
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
  # Imports come after the limit to one core, and do not count.
  importlib.import_module('defectseg_jax.simulation')
  began = time.perf_counter()
  _create_foil(defect, seed)
  seconds = time.perf_counter() - began
  peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
  # macOS counts bytes, Linux KiB.
  return seconds, peak / (2**30 if sys.platform == 'darwin' else 2**20)


def _draw(path: str) -> None:
  """Draws parts of micrographs above their labels."""
  import matplotlib

  matplotlib.use('agg')
  from matplotlib import pyplot

  figure, axes = pyplot.subplots(2, 3, figsize=(12, 8.4), layout='constrained')
  for column, defect in enumerate(DEFECTS):
    made = _create_foil(defect, seed=0)
    part = (slice(-PICTURED_PX, None),) * 2
    for axis, pixels in zip(
      axes[:, column],
      (made.pixels[part], made.masks[defect][part]),
      strict=True,
    ):
      axis.imshow(pixels, cmap='gray', interpolation='none')
      axis.set_axis_off()
    axes[0, column].set_title(f'{defect}: micrograph, and label below')
    pixel_size_nm = made.truth['pixel_size_nm']
    bar_px = 50 / pixel_size_nm
    bottom = PICTURED_PX - 40
    axes[0, column].plot([40, 40 + bar_px], [bottom] * 2, 'w', linewidth=4)
    axes[0, column].text(40, bottom - 16, '50 nm', color='w')
  figure.savefig(path, dpi=110)


if __name__ == '__main__':
  sys.exit(main())
