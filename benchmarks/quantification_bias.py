"""How far numbers from masks are off, on foils whose truth is known.

  python -m benchmarks.quantification_bias
  python -m benchmarks.quantification_bias --seeds=8 --json=bias.json

from the root of the repository. Masks are those that a careful person would
draw of simulated foils; there is no network. The bias is that of the mean over
foils, with its standard error. An interval covers the foil if the foil's own
number is in it, and the steel if the density or diameter that all foils were
made with is in it.

Exit code 1: a corrected number, diameter or density is further off than 3%
(particles) or 5% (lines), or its 95% intervals cover the truth in fewer than
88% of the foils.
"""

import argparse
import dataclasses
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from benchmarks import report
from configs import dislocations, precipitates, voids
from defectseg_jax.quantification.dislocations.corrections import (
  LineCorrections,
)
from defectseg_jax.quantification.dislocations.summary import (
  dislocation_summary,
)
from defectseg_jax.quantification.particles.properties import measure_particles
from defectseg_jax.quantification.particles.summary import particle_summary
from defectseg_jax.simulation import (
  FoilParameters,
  Geometry,
  foil_geometry,
  foil_labels,
  foil_parameters,
  ground_truth,
)

LEAST_COVERAGE = 0.88
MOST_BIAS = {'particles': 0.03, 'lines': 0.05}
# What is thinner is not drawn: simulation/annotation.py.
UNSEEN_NM = {'voids': 6.0, 'precipitates': 3.0}
# Series of foils: those that are measured, and those that give the corrections
# of the lines beforehand, as stereo pairs of other foils would.
_MEASURED_INDEX, _KNOWN_INDEX = 0, 1


@dataclasses.dataclass(frozen=True)
class Estimate:
  """One definition of one number.

  Attributes:
    name: for the table.
    column: of the summary.
    truth: name in the foil's totals.
    way: of measuring, which of `WAYS`.
    bounded: whether the bounds are for it.
  """

  name: str
  column: str
  truth: str
  way: str = 'plain'
  bounded: bool = False


# Ways to measure particles: touching ones cut apart or not, h known or not.
WAYS = {
  'plain': (False, True),
  'separated': (True, True),
  'h = 0': (False, False),
}
DENSITY, DIAMETER = 'number_density_per_m3', 'diameter_mean_nm'
LINES = 'density_per_m2'
PARTICLE_ESTIMATES = (
  Estimate('number, N / (A t)', DENSITY, DENSITY),
  Estimate('number, N / (A t), separated', DENSITY, DENSITY, 'separated'),
  Estimate(
    'number, N / (A (t + d - 2 h)), separated',
    'number_density_with_diameter_per_m3',
    DENSITY,
    'separated',
  ),
  Estimate(
    'number, corrected, as if h = 0',
    'number_density_corrected_per_m3',
    DENSITY,
    'h = 0',
  ),
  Estimate(
    'number, corrected',
    'number_density_corrected_per_m3',
    DENSITY,
    bounded=True,
  ),
  Estimate('diameter', DIAMETER, DIAMETER),
  Estimate('diameter, separated', DIAMETER, DIAMETER, 'separated'),
  Estimate(
    'diameter, corrected',
    'diameter_mean_corrected_nm',
    DIAMETER,
    bounded=True,
  ),
)
LINE_ESTIMATES = (
  Estimate('grid, 2 N / (L t)', 'density_grid_per_m2', LINES),
  Estimate('random lines, 2 N / (L t)', 'density_random_lines_per_m2', LINES),
  Estimate('length, l / (A t)', 'density_projected_length_per_m2', LINES),
  Estimate('length, 4 l / (pi A t)', 'density_length_per_m2', LINES),
  Estimate(
    'grid, corrected', 'density_grid_corrected_per_m2', LINES, bounded=True
  ),
  Estimate(
    'length, corrected', 'density_length_corrected_per_m2', LINES, bounded=True
  ),
)


def main() -> int:
  """Runs what the flags ask for; the exit code."""
  flags = _flags()
  print(f'{flags.seeds} foils each\n{report.line(report.machine())}\n')
  rows = []
  for title, found in cases(flags.seeds):
    print(f'{title}\n\n{table(found)}\n')
    rows.extend({'case': title, **row} for row in found)
  missed = [row for row in rows if row['missed']]
  for row in missed:
    print(f'MISSED: {row["case"]}: {row["name"]}')
  if not missed:
    print('All corrected numbers are within their bounds.')
  report.write_json(
    flags.json,
    {'machine': report.machine(), 'foils': flags.seeds, 'rows': rows},
  )
  return 1 if missed else 0


def cases(seeds: int) -> Iterator[tuple[str, list[dict[str, Any]]]]:
  """Yields the title and the rows of each kind of foil and defect."""
  for kind, config in (('voids', voids), ('precipitates', precipitates)):
    foil = foil_parameters(config.get_config().foil)
    yield f'{kind}, configs/{kind}.py', particle_rows(foil, kind, seeds)
  for config in (dislocations, voids):
    foil = foil_parameters(config.get_config().foil)
    name = config.__name__.rpartition('.')[2]
    known = line_corrections(foil, seeds)
    factor = f'{known.projection_factor:.3f}'
    title = (
      f'dislocations, configs/{name}.py; corrected for a projection factor of '
      f'{factor} (to {known.projection_uncertainty:.1%}) and '
      f'{known.unseen_fraction:.1%} unseen (to {known.unseen_uncertainty:.1%})'
    )
    yield title, line_rows(foil, known, seeds)


def particle_rows(
  foil: FoilParameters, kind: str, seeds: int
) -> list[dict[str, Any]]:
  """A row for each estimate of voids or precipitates."""

  def summaries(mask: np.ndarray) -> dict[str, dict[str, float]]:
    measured = {
      separate: measure_particles(
        mask, pixel_size_nm=foil.pixel_size_nm, separate=separate
      )
      for separate in (False, True)
    }
    return {
      way: particle_summary(
        measured[separate],
        thickness_nm=foil.thickness_nm,
        unseen_nm=UNSEEN_NM[kind] if known else 0.0,
      )
      for way, (separate, known) in WAYS.items()
    }

  particles = getattr(foil, kind)
  return _rows(
    foil,
    kind,
    seeds,
    summaries=summaries,
    estimates=PARTICLE_ESTIMATES,
    given={DENSITY: particles.density_per_m3, DIAMETER: particles.diameter_nm},
    most_bias=MOST_BIAS['particles'],
  )


def line_rows(
  foil: FoilParameters, known: LineCorrections, seeds: int
) -> list[dict[str, Any]]:
  """A row for each estimate of dislocations."""

  def summaries(mask: np.ndarray) -> dict[str, dict[str, float]]:
    return {
      'plain': dislocation_summary(
        mask,
        pixel_size_nm=foil.pixel_size_nm,
        thickness_nm=foil.thickness_nm,
        corrections=known,
      )
    }

  return _rows(
    foil,
    'dislocations',
    seeds,
    summaries=summaries,
    estimates=LINE_ESTIMATES,
    given={LINES: foil.dislocations.density_per_m2},
    most_bias=MOST_BIAS['lines'],
  )


def line_corrections(foil: FoilParameters, seeds: int) -> LineCorrections:
  """Projection and visibility, from other foils of the same steel.

  Their standard deviation over foils is the uncertainty in one foil.
  """
  sums = []
  for seed in range(seeds):
    lines = foil_geometry(foil, seed=seed, index=_KNOWN_INDEX).lines
    seen = [line for line in lines if line.in_contrast]
    sums.append(
      [
        sum(line.length_nm for line in lines),
        sum(line.length_nm for line in seen),
        sum(line.projected_length_nm for line in seen),
      ]
    )
  everything, seen, projected = np.array(sums).T
  factor = seen.sum() / projected.sum()
  return LineCorrections(
    projection_factor=float(factor),
    projection_uncertainty=float((seen / projected).std(ddof=1) / factor),
    unseen_fraction=float(1 - seen.sum() / everything.sum()),
    unseen_uncertainty=float((seen / everything).std(ddof=1)),
  )


def _rows(
  foil: FoilParameters,
  kind: str,
  seeds: int,
  *,
  summaries: Callable[[np.ndarray], dict[str, dict[str, float]]],
  estimates: Sequence[Estimate],
  given: dict[str, float],
  most_bias: float,
) -> list[dict[str, Any]]:
  """A row for each estimate, over foils of several seeds."""
  found, truths = [], []
  for seed in range(seeds):
    geometry = foil_geometry(foil, seed=seed, index=_MEASURED_INDEX)
    masks, drawn = foil_labels(foil, geometry)
    truths.append(_totals(foil, geometry, drawn)[kind])
    found.append(summaries(masks[kind]))
  return [
    _row(
      one,
      [each[one.way] for each in found],
      np.array([total[one.truth] for total in truths]),
      given=given[one.truth],
      most_bias=most_bias,
    )
    for one in estimates
  ]


def _totals(
  foil: FoilParameters, geometry: Geometry, drawn: dict[str, list[bool]]
) -> dict[str, Any]:
  rows = {
    kind: ground_truth.particle_rows(getattr(geometry, kind), drawn[kind], foil)
    for kind in ('voids', 'precipitates')
  }
  lines = ground_truth.line_rows(geometry.lines)
  return ground_truth.foil_totals(rows, lines, foil)


def _row(
  one: Estimate,
  found: Sequence[dict[str, float]],
  truth: np.ndarray,
  *,
  given: float,
  most_bias: float,
) -> dict[str, Any]:
  """How far an estimate is off the truth of the foils, and how surely."""
  value, low, high = (
    np.array([row[f'{one.column}{end}'] for row in found])
    for end in ('', '_low', '_high')
  )
  ratio = value.mean() / truth.mean()
  # Of the ratio of two means, to first order.
  error = (value - ratio * truth).std(ddof=1) / truth.mean()
  covered = float(np.mean((low <= truth) & (truth <= high)))
  bias = float(ratio - 1)
  return {
    'name': one.name,
    'bias': bias,
    'standard_error': float(error / math.sqrt(len(truth))),
    'half_width': float(np.mean((high - low) / 2 / value)),
    'covered': covered,
    'covered_asked': float(np.mean((low <= given) & (given <= high))),
    'missed': one.bounded
    and (abs(bias) > most_bias or covered < LEAST_COVERAGE),
  }


def table(rows: list[dict[str, Any]]) -> str:
  """The rows as Markdown."""
  return report.table(
    ('', 'bias', '+-', 'half interval', 'covers the foil', 'covers the steel'),
    [
      (
        row['name'],
        f'{row["bias"]:+.1%}',
        f'{row["standard_error"]:.1%}',
        f'{row["half_width"]:.1%}',
        f'{row["covered"]:.0%}',
        f'{row["covered_asked"]:.0%}',
      )
      for row in rows
    ],
  )


def _flags() -> argparse.Namespace:
  parser = report.create_parser(__doc__)
  parser.add_argument('--seeds', type=int, default=40, help='foils of each')
  parser.add_argument('--json', help='file to write all figures to')
  flags = parser.parse_args()
  if flags.seeds < 2:
    parser.error(f'--seeds={flags.seeds}: must be at least 2')
  return flags


if __name__ == '__main__':
  sys.exit(main())
