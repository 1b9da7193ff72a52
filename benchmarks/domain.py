"""What a patch of a domain costs, and what patches look like.

  python -m benchmarks.domain
  python -m benchmarks.domain --picture=docs/domain.png

from the root of the repository. Patches of 256 x 256 pixels with their labels,
for each defect, in this process on one core. The bound is 40 ms on average.

With --picture, it draws patches with their labels instead: a row a defect, what
counts neither way in blue.

Exit code 1: the bound is exceeded.
"""

import importlib
import statistics
import sys
import time

import numpy as np
from PIL import Image
from skimage import segmentation

from benchmarks import report
from defectseg_jax.simulation import foil_parameters
from defectseg_jax.simulation.domain.patch import Patch
from defectseg_jax.simulation.domain.patches import simulate_patch
from defectseg_jax.simulation.domain.settings import domain_settings

BOUND_MS = 40.0
DEFECTS = ('voids', 'precipitates', 'dislocations')
SIDE_PX = 256
_LABEL, _IGNORED = (255, 90, 0), (0, 190, 255)


def main() -> int:
  """Times, or draws; the exit code."""
  parser = report.create_parser(__doc__)
  parser.add_argument('--patches', type=int, default=60)
  parser.add_argument('--picture')
  flags = parser.parse_args()
  if flags.picture:
    _draw(flags.picture)
    return 0
  print(report.line(report.machine() | report.versions('numpy', 'scipy')))
  rows, passed = [], True
  for defect in DEFECTS:
    milliseconds = []
    for number in range(flags.patches):
      begin = time.process_time()
      _patch(defect, number)
      milliseconds.append(1e3 * (time.process_time() - begin))
    mean = statistics.mean(milliseconds)
    passed &= mean <= BOUND_MS
    rows.append(
      [
        f'configs/{defect}.py:scale=general',
        f'{mean:.0f}',
        f'{statistics.median(milliseconds):.0f}',
        f'{max(milliseconds):.0f}',
      ]
    )
  print(report.table(['domain', 'mean, ms', 'median, ms', 'longest, ms'], rows))
  return 0 if passed else 1


def _patch(defect: str, number: int) -> Patch:
  config = importlib.import_module(f'configs.{defect}').get_config(
    'scale=general'
  )
  fields = config.to_dict()
  return simulate_patch(
    domain_settings(fields['domain']),
    foil_parameters(fields['foil']),
    defect=defect,
    side_px=SIDE_PX,
    seed=(9, number),
  )


def _draw(path: str) -> None:
  rows = []
  for defect in DEFECTS:
    # Those that have something to see, in the order they come in.
    patches = [_patch(defect, number) for number in range(40)]
    shown = [p for p in patches if p.mask.mean() > 0.02][:6]
    rows.append(np.hstack([_outline(patch) for patch in shown]))
  picture = Image.fromarray(np.vstack(rows))
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
