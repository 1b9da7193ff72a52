"""Whether JAX and OpenVINO find the same objects in real micrographs.

  python -m benchmarks.engine_masks
  python -m benchmarks.engine_masks --minutes=40

from the root of the repository, beside ../shared. Each network that comes with
the program looks at each micrograph of the folders of its defect, as
--mode=predict does. Exit code 1: the area of a mask differs by more than 0.1%.
"""

import pathlib
import sys
import time

import numpy as np

import defectseg_jax as ds
from benchmarks import real_sets, report
from defectseg_jax.prediction.regions import number_regions

FOLDERS = {
  'dislocations': ('steel316l_loops', 'twip_lines'),
  'precipitates': ('superalloy_precipitates',),
  'voids': ('voids_on_tem', 'tem_backgrounds'),
}
MOST = 0.001


def main() -> int:
  """Looks twice at each image; the exit code."""
  parser = report.create_parser(__doc__)
  parser.add_argument(
    '--minutes', type=float, help='no image is begun after; default: all are'
  )
  minutes = parser.parse_args().minutes
  packages = report.versions('jax', 'openvino')
  print(report.line(report.machine() | packages), flush=True)
  sets = [(network, name) for network in FOLDERS for name in FOLDERS[network]]
  end_s = time.monotonic() + 60 * (minutes or np.inf)
  rows, worst = [], 0.0
  for index, (network, name) in enumerate(sets):
    # What one set leaves of the time is for the next ones.
    left_s = (end_s - time.monotonic()) / (len(sets) - index)
    found, count = _compare_folder(network, name, time.monotonic() + left_s)
    *sums, areas, differences = zip(*found)
    rows.append(
      [
        *(f'{network}, {name}', f'{len(found)} of {count}'),
        *map(_total, sums),
        *(f'{100 * max(areas):.4f}', f'{max(differences):.0e}'),
      ]
    )
    worst = max(worst, *areas)
  header = ['', 'images', 'objects, JAX', 'objects, OpenVINO', 'mask px, JAX']
  header += ['px that differ', 'area differs by at most %', 'probabilities by']
  print(report.table(header, rows))
  return int(worst > MOST)


def _compare_folder(
  network: str, name: str, end_s: float
) -> tuple[list[list[float]], int]:
  """Of each image that is begun in time, at least one; and how many it has."""
  runs = [ds.load_network(network, engine=one) for one in ('jax', 'onnx')]
  folder: pathlib.Path = real_sets.SHARED / 'data' / name / 'images'
  paths = sorted(folder.iterdir())
  found: list[list[float]] = []
  for path in paths:
    if not found or time.monotonic() < end_s:
      found.append(_compare(runs, ds.read_micrograph(path)))
      print(path, *found[-1], file=sys.stderr, flush=True)
  return found, len(paths)


def _compare(runs: list[ds.Run], micrograph: ds.Micrograph) -> list[float]:
  """Of each how many objects; pixels, those that differ, and by how much."""
  first, second = (run.predict(micrograph) for run in runs)
  objects = [number_regions(one.mask)[1] for one in (first, second)]
  area, other = int(first.mask.sum()), int(second.mask.sum())
  difference = np.abs(first.probabilities - second.probabilities).max()
  return [
    *objects,
    *(area, int((first.mask != second.mask).sum())),
    *(abs(other - area) / max(area, 1), float(difference)),
  ]


def _total(column: tuple[float, ...]) -> str:
  return str(sum(column))


if __name__ == '__main__':
  sys.exit(main())
