"""Whether voids at precipitates are told from voids anywhere.

python -m benchmarks.association
python -m benchmarks.association --large

Masks are drawn from known positions; no network looks. Half of what is asked:
how often random positions are called random. The other half: how often voids of
which a part was put at precipitates are called associated. With --large, how
long one image of 4096 x 4096 pixels takes, with 2,000 voids and 500
precipitates.
"""

import sys
import time

import numpy as np

from benchmarks import report
from defectseg_jax.quantification.association import association

_SIDE_PX = 512
_VOIDS, _VOID_RADIUS_PX = 40, (4.0, 9.0)
_PRECIPITATES, _PRECIPITATE_RADIUS_PX = 15, (8.0, 16.0)
_LARGE_PX, _LARGE_VOIDS, _LARGE_PRECIPITATES = 4096, 2000, 500
_PLANTED = 0.3
_DISTANCE_PX = 2.0
_LEVEL = 0.05


def main() -> int:
  """Prints how often a foil is called random; the exit code."""
  parser = report.create_parser(__doc__)
  parser.add_argument('--foils', type=int, default=200)
  parser.add_argument('--seed', type=int, default=0)
  parser.add_argument('--large', action='store_true')
  flags = parser.parse_args()
  print(report.line(report.machine()))
  if flags.large:
    _time_large(flags.seed)
    return 0
  for name, planted in (('random', 0.0), ('30% planted', _PLANTED)):
    p_values = np.array(
      [_p_value(flags.seed, number, planted) for number in range(flags.foils)]
    )
    called = (p_values >= _LEVEL).mean()
    print(
      f'{name}: {flags.foils} foils, called random {100 * called:.1f}%, '
      f'median p {np.median(p_values):.3f}'
    )
  return 0


def _p_value(seed: int, number: int, planted: float) -> float:
  """Of the test of one foil."""
  rng = np.random.default_rng([seed, number, round(100 * planted)])
  shape = _SIDE_PX, _SIDE_PX
  radii_b = rng.uniform(*_PRECIPITATE_RADIUS_PX, _PRECIPITATES)
  radii_a = rng.uniform(*_VOID_RADIUS_PX, _VOIDS)
  precipitates = _anywhere(radii_b, shape, rng)
  voids = _anywhere(radii_a, shape, rng)
  at = rng.permutation(_VOIDS)[: round(planted * _VOIDS)]
  for one in at:
    voids[one] = _beside(precipitates, radii_b, float(radii_a[one]), rng)
  others = _drawn(precipitates, radii_b, shape)
  found = association(
    *(voids, radii_a, others), distance_px=_DISTANCE_PX, seed=number
  )
  return found.p_value


def _time_large(seed: int) -> None:
  rng = np.random.default_rng(seed)
  shape = _LARGE_PX, _LARGE_PX
  radii_b = rng.uniform(*_PRECIPITATE_RADIUS_PX, _LARGE_PRECIPITATES)
  radii_a = rng.uniform(*_VOID_RADIUS_PX, _LARGE_VOIDS)
  others = _drawn(_anywhere(radii_b, shape, rng), radii_b, shape)
  voids = _anywhere(radii_a, shape, rng)
  began = time.process_time()
  found = association(voids, radii_a, others, distance_px=_DISTANCE_PX)
  print(
    f'{_LARGE_VOIDS} voids, {_LARGE_PRECIPITATES} precipitates, '
    f'{_LARGE_PX} x {_LARGE_PX} pixels: '
    f'{time.process_time() - began:.1f} s of processor time, '
    f'p {found.p_value:.2f}'
  )


def _drawn(
  centres: np.ndarray, radii: np.ndarray, shape: tuple[int, int]
) -> np.ndarray:
  """bool [H, W], circles."""
  mask = np.zeros(shape, bool)
  for (row, column), radius in zip(centres, radii, strict=True):
    reach = int(np.ceil(radius)) + 1
    top, left = (max(0, int(one) - reach) for one in (row, column))
    part = mask[top : int(row) + reach + 2, left : int(column) + reach + 2]
    rows, columns = np.ogrid[: part.shape[0], : part.shape[1]]
    part |= np.hypot(rows + top - row, columns + left - column) <= radius
  return mask


def _anywhere(
  radii: np.ndarray, shape: tuple[int, int], rng: np.random.Generator
) -> np.ndarray:
  """Positions of circles that do not overlap, one after the other."""
  found = np.empty((0, 2))
  for number, radius in enumerate(radii):
    while True:
      point = rng.uniform(radius, np.array(shape) - 1 - radius)
      apart = np.hypot(*(found - point).T)
      if (apart >= radii[:number] + radius).all():
        break
    found = np.vstack([found, point])
  return found


def _beside(
  precipitates: np.ndarray,
  radii: np.ndarray,
  radius: float,
  rng: np.random.Generator,
) -> np.ndarray:
  """A position at which a void touches a precipitate."""
  while True:
    one = rng.integers(len(radii))
    angle = rng.uniform(0, 2 * np.pi)
    away = (radii[one] + radius) * np.array([np.sin(angle), np.cos(angle)])
    found = precipitates[one] + away
    if ((found >= radius) & (found <= _SIDE_PX - 1 - radius)).all():
      return found


if __name__ == '__main__':
  sys.exit(main())
