"""Whether JAX and OpenVINO find the same objects in real micrographs.

  python -m benchmarks.engine_masks
  python -m benchmarks.engine_masks --images=2

from the root of the repository, beside ../shared. Each network that comes with
the program looks at the first images of each set of its defect, as
--mode=predict does. Exit code 1: the area of a mask differs by more than 0.1%.
"""

import sys

import numpy as np

import defectseg_jax as ds
from benchmarks import real_sets, report
from defectseg_jax.prediction.regions import number_regions
from defectseg_jax.runs.network_card import network_names

SETS = ('voids_on_tem', 'superalloys', 'loops_316l', 'twip_lines')
MOST = 0.001


def main() -> int:
  """Looks twice at each image; the exit code."""
  parser = report.create_parser(__doc__)
  parser.add_argument('--images', type=int, help='of each set; default: all')
  count = parser.parse_args().images
  packages = report.versions('jax', 'openvino')
  print(report.line(report.machine() | packages))
  rows, worst = [], 0.0
  for network in network_names():
    runs = [ds.load_network(network, engine=one) for one in ('jax', 'onnx')]
    for name, read in real_sets.sets_of(network).items():
      if name in SETS:
        found = [_compare(runs, one.micrograph) for one in read()[:count]]
        *sums, areas, differences = zip(*found)
        rows.append(
          [
            *(f'{network}, {name}', str(len(found)), *map(_total, sums)),
            *(f'{100 * max(areas):.4f}', f'{max(differences):.0e}'),
          ]
        )
        worst = max(worst, *areas)
  header = ['', 'images', 'objects, JAX', 'objects, OpenVINO', 'mask px, JAX']
  header += ['px that differ', 'area differs by at most %', 'probabilities by']
  print(report.table(header, rows))
  return int(worst > MOST)


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
