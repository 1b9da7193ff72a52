"""Whether intervals of samples hold the truth, and equal samples seem equal.

  python -m benchmarks.samples
  python -m benchmarks.samples --series=4 --json=samples.json

from the root of the repository. A series is 6 doses of 5 foils. Particles are
discs at random places, their number in a foil is Poisson's about a rate that
differs from foil to foil, and so does their mean diameter; the foils have
different areas. Masks of truth are measured as `quantify` does, and the numbers
of each sample are those of a session. There is no network.

An interval covers if it holds the density, or the mean diameter, that the
samples of its dose are made of. In two samples of one dose, of any two series,
a difference is called real if p is below 0.05.

Exit code 1: intervals of a number cover in fewer than 88% or in more than 99%
of the samples, or more than 7% of the equal samples are called different.
"""

import pathlib
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np

from benchmarks import report
from defectseg_jax.quantification import MeasurementSettings
from defectseg_jax.quantification.over_images import statistics_over_images
from defectseg_jax.quantification.samples.comparison import differences
from defectseg_jax.quantification.samples.random_effects import SampleEstimate
from defectseg_jax.quantification.weights import image_weights
from defectseg_jax.sessions.calibration import Scales
from defectseg_jax.sessions.image_numbers import ImageNumbers, image_numbers
from defectseg_jax.sessions.sample_numbers import SampleNumbers, sample_results
from defectseg_jax.sessions.samples import Samples

LEAST, MOST, MOST_CALLED = 0.88, 0.99, 0.07
DOSES_DPA = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
FOILS, SIDE_PX, THICKNESS_NM, LEVEL = 5, 640, 100.0, 0.05
# Of the smallest dose; it grows with the root of the dose. In a foil of 640
# pixels there are 11 particles, and 62 of the largest dose.
_RATE_PER_NM3, _DIAMETER_NM = 2.7e-7, 10.0
# How foils of one sample differ, and diameters in one foil: by eye.
_BETWEEN_RATES, _BETWEEN_DIAMETERS, _SPREAD = 0.2, 0.04, 0.2
DENSITY, CORRECTED, DIAMETER = (
  'number_density_per_m3',
  'number_density_corrected_per_m3',
  'diameter_mean_nm',
)
SETTINGS = MeasurementSettings('voids')


def truth_of(dose_dpa: float) -> dict[str, float]:
  """What all samples of a dose are made of."""
  growth = (dose_dpa / DOSES_DPA[0]) ** 0.5
  density = _RATE_PER_NM3 * growth * 1e27
  diameter = _DIAMETER_NM * growth**0.25
  return {
    DENSITY: density,
    # Discs are whole: none has its centre beside the foil, as this supposes.
    CORRECTED: density * THICKNESS_NM / (THICKNESS_NM + diameter),
    DIAMETER: diameter,
  }


def draw_foil(dose_dpa: float, rng: np.random.Generator) -> np.ndarray:
  """The mask of one foil, pixels of 1 nm."""
  truth = truth_of(dose_dpa)
  side = int(SIDE_PX * rng.uniform(0.7, 1.3))
  rate = truth[DENSITY] * 1e-27 * _around_one(_BETWEEN_RATES, rng)
  mean = truth[DIAMETER] * _around_one(_BETWEEN_DIAMETERS, rng)
  # Also those whose centres are beside the image are in it.
  margin = int(2 * mean)
  whole = side + 2 * margin
  mask = np.zeros((whole, whole), bool)
  for _ in range(rng.poisson(rate * whole**2 * THICKNESS_NM)):
    row, column = rng.uniform(0, whole, 2)
    radius = mean / 2 * _around_one(_SPREAD, rng)
    top, left = max(int(row - 40), 0), max(int(column - 40), 0)
    part = mask[top : top + 81, left : left + 81]
    rows, columns = np.ogrid[: part.shape[0], : part.shape[1]]
    part |= (rows + top - row) ** 2 + (columns + left - column) ** 2 < (
      radius**2
    )
  return mask[margin:-margin, margin:-margin]


def measure_series(
  rng: np.random.Generator,
) -> list[tuple[SampleNumbers, list[ImageNumbers]]]:
  """The samples of one series, each with its images."""
  found = []
  for dose_dpa in DOSES_DPA:
    images = [
      _measure_foil(f'{dose_dpa:g}_{n}', draw_foil(dose_dpa, rng))
      for n in range(FOILS)
    ]
    name = f'{dose_dpa:g}'
    samples = Samples(
      {one.name: name for one in images}, {name: {'dose_dpa': dose_dpa}}
    )
    results = sample_results(
      samples, images, (DENSITY, CORRECTED, DIAMETER), SETTINGS
    )
    if results is None:
      raise AssertionError('there are samples')
    found.append((results.samples[0], images))
  return found


def tally(count: int, seed: int) -> Iterator[dict[str, Any]]:
  """A row for each number: what covers, and what is called different."""
  rng = np.random.default_rng(seed)
  series = [measure_series(rng) for _ in range(count)]
  for name in (DENSITY, CORRECTED, DIAMETER):
    held, student, errors, called, pairs = 0, 0, [], 0, 0
    for n, one in enumerate(series):
      for place, (sample, images) in enumerate(one):
        true = truth_of(DOSES_DPA[place])[name]
        number = sample.numbers[name]
        held += number.interval.low <= true <= number.interval.high
        low, high = _student(name, images)
        student += low <= true <= high
        errors.append(number.estimate.value / true - 1)
        for other in series[:n]:
          before = other[place][0].numbers[name].estimate
          called += _is_called(before, number.estimate)
          pairs += 1
    total = len(errors)
    yield {
      'number': name,
      'samples': total,
      'bias': float(np.mean(errors)),
      'covers': held / total,
      'covers, jackknife': student / total,
      'pairs': pairs,
      'called different': called / max(pairs, 1),
    }


def _is_called(first: SampleEstimate, second: SampleEstimate) -> bool:
  return differences({'a': first, 'b': second})[0].p < LEVEL


def _student(name: str, images: list[ImageNumbers]) -> tuple[float, float]:
  """The interval of the mean over images, for comparison."""
  rows = [one.row for one in images]
  weights = {name: image_weights(name, rows).values}
  found = statistics_over_images(rows, [name], weights=weights)[name]
  return found['low'], found['high']


def _measure_foil(name: str, mask: np.ndarray) -> ImageNumbers:
  lengths: Any = {'pixel_size_nm': 1.0, 'thickness_nm': THICKNESS_NM}
  return image_numbers(
    name,
    SETTINGS.measure(mask, **lengths),
    Scales(**lengths).scale_of(pathlib.Path(name), {}),
    settings=SETTINGS,
    sources={},
  )


def _around_one(relative: float, rng: np.random.Generator) -> float:
  """Log-normal, with the mean 1."""
  sigma = np.log1p(relative**2) ** 0.5
  return float(np.exp(rng.normal(-(sigma**2) / 2, sigma)))


def main() -> int:
  """Runs what the flags ask for; the exit code."""
  parser = report.create_parser(__doc__)
  parser.add_argument('--series', type=int, default=34)
  parser.add_argument('--seed', type=int, default=0)
  parser.add_argument('--json')
  flags = parser.parse_args()
  print(f'{flags.series} series\n{report.line(report.machine())}\n')
  rows = list(tally(flags.series, flags.seed))
  cells = [
    [f'{one:.3f}' if isinstance(one, float) else str(one) for one in row]
    for row in (row.values() for row in rows)
  ]
  print(report.table(list(rows[0]), cells))
  missed = [
    row['number']
    for row in rows
    if not LEAST <= row['covers'] <= MOST
    or row['called different'] > MOST_CALLED
  ]
  print('MISSED: ' + ', '.join(missed) if missed else 'All within the bounds.')
  report.write_json(flags.json, {'machine': report.machine(), 'rows': rows})
  return 1 if missed else 0


if __name__ == '__main__':
  sys.exit(main())
