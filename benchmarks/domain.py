"""What a patch of a domain costs, and what patches look like.

  python -m benchmarks.domain
  python -m benchmarks.domain --beside=CHECKOUT
  python -m benchmarks.domain --picture=docs/domain.png

from the root of the repository. Patches of 256 x 256 pixels with their labels,
for each defect, in a process on one core; settings are read once, as in a run.
The bound is 40 ms on average.

With --beside, another checkout of this repository simulates the patches of the
same seeds in turns with this one: on a machine that is not quiet, the ratio
says more than the times.

With --picture, it draws patches with their labels instead: a row a defect, what
counts neither way in blue.

Exit code 1: the bound is exceeded.
"""

import contextlib
import statistics
import sys
from collections.abc import Sequence

import numpy as np
from PIL import Image
from skimage import segmentation

from benchmarks import domain_worker, report, rows, workers
from defectseg_jax.simulation.domain.patch import Patch

BOUND_MS = 40.0
DEFECTS = ('voids', 'precipitates', 'dislocations')
SIDE_PX = 256
_LABEL, _IGNORED = (255, 90, 0), (0, 190, 255)


def main() -> int:
  """Times, or draws; the exit code."""
  parser = report.create_parser(__doc__)
  parser.add_argument('--patches', type=int, default=60)
  parser.add_argument('--beside')
  parser.add_argument('--picture')
  flags = parser.parse_args()
  if flags.picture:
    _draw(flags.picture)
    return 0
  print(report.line(report.machine() | report.versions('numpy', 'scipy')))
  checkouts = [str(workers.REPOSITORY)]
  if flags.beside:
    checkouts.append(flags.beside)
  times = _times_of(checkouts, flags.patches)
  lines = []
  for defect, (here, *beside) in times.items():
    lines.append([f'configs/{defect}.py:scale=general', *_summary(here)])
    for other in beside:
      ratio = statistics.mean(other) / statistics.mean(here)
      lines.append([f'the same, beside: {ratio:.2f}', *_summary(other)])
  header = ['domain', 'mean, ms', 'median, ms', 'longest, ms']
  print(report.table(header, lines))
  passed = all(statistics.mean(t[0]) <= BOUND_MS for t in times.values())
  return 0 if passed else 1


def measure_rows() -> list[rows.Row]:
  """A patch of each domain, on one core; no other program makes them."""
  times = _times_of([str(workers.REPOSITORY)], 40)
  return [
    rows.Row(f'a patch of 256 px, {defect}', 'ms', here)
    for defect, (here,) in times.items()
  ]


def _times_of(
  checkouts: Sequence[str], patches: int
) -> dict[str, list[list[float]]]:
  """Of each defect what `_times` says, of each checkout."""
  with contextlib.ExitStack() as stack:
    contenders = [
      stack.enter_context(
        workers.Worker(
          'benchmarks.domain_worker', [f'--checkout={one}'], threads=1
        )
      )
      for one in checkouts
    ]
    return {defect: _times(contenders, defect, patches) for defect in DEFECTS}


def _times(
  contenders: list[workers.Worker], defect: str, patches: int
) -> list[list[float]]:
  """Milliseconds of each patch, of each contender."""
  found: list[list[float]] = [[] for _ in contenders]
  # The first patch of a process is slow: it does not count.
  for number in range(-1, patches):
    for contender, times in zip(contenders, found, strict=True):
      taken = contender.ask(
        'milliseconds', defect=defect, number=abs(number), side_px=SIDE_PX
      )
      if number >= 0:
        times.append(taken)
  return found


def _summary(milliseconds: list[float]) -> list[str]:
  return [
    f'{number:.0f}'
    for number in (
      statistics.mean(milliseconds),
      statistics.median(milliseconds),
      max(milliseconds),
    )
  ]


def _draw(path: str) -> None:
  strips = []
  for defect in DEFECTS:
    # Those that have something to see, in the order they come in.
    patches = [
      domain_worker.simulate(defect, number, SIDE_PX) for number in range(40)
    ]
    shown = [p for p in patches if p.mask.mean() > 0.02][:6]
    strips.append(np.hstack([_outline(patch) for patch in shown]))
  picture = Image.fromarray(np.vstack(strips))
  picture.resize((picture.width * 2 // 3, picture.height * 2 // 3)).save(
    path, optimize=True
  )


def _outline(patch: Patch) -> np.ndarray:
  low, high = np.quantile(patch.pixels, (0.002, 0.998))
  grey = np.clip((patch.pixels - low) / max(high - low, 1e-9), 0, 1)
  drawn = np.repeat((255 * grey).astype(np.uint8)[..., None], 3, axis=2)
  for area, colour in ((patch.mask, _LABEL), (~patch.counts, _IGNORED)):
    drawn[segmentation.find_boundaries(area, mode='outer')] = colour
  return drawn


if __name__ == '__main__':
  sys.exit(main())
