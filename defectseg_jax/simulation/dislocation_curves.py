"""Curves that dislocations follow: smooth, in the three dimensions of a foil.

Each kind of curve begins and ends beyond the surfaces of the foil, closes on
itself, or meets others in nodes. A curve is float64 [points, 3]: x, y, z in
nanometres. The paper does not describe its lines in numbers: all numbers of
their shapes are by eye.
"""

import math
from collections.abc import Callable, Sequence

import numpy as np

from defectseg_jax.simulation.parameters import FoilParameters
from defectseg_jax.simulation.pixel_grid import unit_steps

# Distance between the points of a line: a pixel, a third of the width of the
# paper's labels.
STEP_NM = 0.32
# Lines begin up to so far outside the micrograph; by eye.
_MARGIN_NM = 100.0
# Curves end so far outside the foil, to be cut at its surfaces; by eye.
_BEYOND_NM = 1.0
# Sideways bend of a curve relative to its length; by eye.
_WAVINESS, _NETWORK_WAVINESS, _TANGLE_WAVINESS = 0.07, 0.08, 0.16


def _create_threading(
  foil: FoilParameters, directions: np.ndarray, rng: np.random.Generator
) -> list[np.ndarray]:
  """A line from one surface to the other, steeply."""
  return [_crossing_curve(foil, directions, rng, rng.uniform(0.4, 1.6))]


def _create_shallow(
  foil: FoilParameters, directions: np.ndarray, rng: np.random.Generator
) -> list[np.ndarray]:
  """A line from surface to surface with a long way between; or a half-loop."""
  relative_length = rng.uniform(2.0, 6.0)
  returns = rng.random() < 0.3
  return [_crossing_curve(foil, directions, rng, relative_length, returns)]


def _create_loop(
  foil: FoilParameters, directions: np.ndarray, rng: np.random.Generator
) -> list[np.ndarray]:
  """A closed curve, tilted, 10 to 60 nm across."""
  del directions
  radius = rng.uniform(5, 30)
  angle = np.linspace(0, 2 * math.pi, 96)
  waves = 1 + sum(
    0.12 / k * rng.normal() * np.cos(k * angle + rng.uniform(0, 2 * math.pi))
    for k in (2, 3, 4)
  )
  flat = np.stack(
    [radius * waves * np.cos(angle), radius * waves * np.sin(angle) * 0.8], 1
  )
  turn, tilt = rng.uniform(0, math.pi), rng.uniform(0, 0.35 * math.pi)
  x = flat[:, 0] * math.cos(turn) - flat[:, 1] * math.sin(turn) * math.cos(tilt)
  y = flat[:, 0] * math.sin(turn) + flat[:, 1] * math.cos(turn) * math.cos(tilt)
  curve = np.stack([x, y, flat[:, 1] * math.sin(tilt)], axis=1)
  curve[-1] = curve[0]
  return [_resample((curve + _random_point(foil, rng)).T)]


def _create_network(
  foil: FoilParameters, directions: np.ndarray, rng: np.random.Generator
) -> list[np.ndarray]:
  """Nodes in three dimensions, joined to the next ones, and to a surface."""
  centre = _random_point(foil, rng)
  spread = rng.uniform(60, 140)
  direction = rng.choice(directions)
  along = np.array([math.cos(direction), math.sin(direction)])
  count = rng.integers(4, 8)
  nodes = np.empty((count, 3))
  offsets = rng.normal(size=(count, 2)) * spread
  # A network lies along a direction: it is stretched there.
  nodes[:, :2] = centre[:2] + offsets + 0.7 * np.outer(offsets @ along, along)
  nodes[:, 2] = rng.uniform(0.2, 0.8, size=count) * foil.thickness_nm
  nodes = nodes[np.argsort(nodes[:, :2] @ along)]
  curves = [
    _wavy_curve(foil, nodes[i], nodes[i + 1], rng, _NETWORK_WAVINESS)
    for i in range(count - 1)
  ]
  for node in nodes:
    surface = rng.choice([-_BEYOND_NM, foil.thickness_nm + _BEYOND_NM])
    away = rng.normal(direction, 0.8) + math.pi * rng.integers(2)
    reach = rng.uniform(40, 180)
    end = node[:2] + reach * np.array([math.cos(away), math.sin(away)])
    curves.append(
      _wavy_curve(foil, node, np.append(end, surface), rng, _NETWORK_WAVINESS)
    )
  return curves


def _create_tangle(
  foil: FoilParameters, directions: np.ndarray, rng: np.random.Generator
) -> list[np.ndarray]:
  """Short, strongly curved lines, crowded together."""
  centre = _random_point(foil, rng)
  spread = rng.uniform(20, 60)
  direction = rng.choice(directions)
  curves = []
  for _ in range(rng.integers(5, 11)):
    middle = centre[:2] + rng.normal(size=2) * spread
    angle = rng.normal(direction, 0.5)
    half = rng.uniform(25, 90) * np.array([math.cos(angle), math.sin(angle)])
    top, bottom = -_BEYOND_NM, foil.thickness_nm + _BEYOND_NM
    curves.append(
      _wavy_curve(
        foil,
        np.append(middle - half, top),
        np.append(middle + half, rng.choice([top, bottom])),
        rng,
        _TANGLE_WAVINESS,
        sag_nm=foil.thickness_nm * rng.uniform(0.2, 0.8),
      )
    )
  return curves


def _crossing_curve(
  foil: FoilParameters,
  directions: np.ndarray,
  rng: np.random.Generator,
  relative_length: float,
  returns: bool = False,
) -> np.ndarray:
  """From a surface to the other one, or back to the first.

  Args:
    foil: its parameters.
    directions: angles in the foil's plane; the curve lies near one of them.
    rng: random numbers for its position and shape.
    relative_length: its length in projection over the foil's thickness.
    returns: whether it ends on the surface where it begins.

  Returns:
    [points, 3].
  """
  middle = _random_point(foil, rng)[:2]
  angle = rng.normal(rng.choice(directions), 0.25)
  half = 0.5 * relative_length * foil.thickness_nm
  half = half * np.array([math.cos(angle), math.sin(angle)])
  ends = [-_BEYOND_NM, foil.thickness_nm + _BEYOND_NM]
  if rng.random() < 0.5:
    ends.reverse()
  if returns:
    ends[1] = ends[0]
  depth = foil.thickness_nm * rng.uniform(0.3, 0.9)
  return _wavy_curve(
    foil,
    np.append(middle - half, ends[0]),
    np.append(middle + half, ends[1]),
    rng,
    _WAVINESS,
    sag_nm=(depth if ends[0] < 0 else -depth) if returns else 0.0,
  )


def _random_point(foil: FoilParameters, rng: np.random.Generator) -> np.ndarray:
  """In the foil, under the micrograph or near it: [3]."""
  low, high = -_MARGIN_NM, foil.side_nm + _MARGIN_NM
  return np.append(
    rng.uniform(low, high, size=2), rng.uniform(0, foil.thickness_nm)
  )


def _wavy_curve(
  foil: FoilParameters,
  start: np.ndarray,
  end: np.ndarray,
  rng: np.random.Generator,
  waviness: float,
  sag_nm: float = 0.0,
) -> np.ndarray:
  """From start to end, bent sideways by a few smooth waves.

  The ends stay where they are; `sag_nm` bends the middle down in depth. A curve
  that passes by the micrograph has no points.
  """
  chord = end - start
  length = max(float(np.hypot(*chord[:2])), 1.0)
  waves = range(1, 3 + int(length / 25))
  heights = np.array([waviness * length / k**1.4 for k in waves])
  heights *= rng.normal(size=len(waves))
  reach_nm = float(np.abs(heights).sum())
  if _passes_by(start.tolist(), end.tolist(), reach_nm, foil.side_nm):
    return np.empty((0, 3))
  t = unit_steps(max(16, math.ceil(1.5 * length)))
  bends = np.sin(np.outer([math.pi * k for k in waves], t))
  bend = (heights[:, None] * bends).sum(axis=0)
  # Axes first: what is worked out of all points is the quicker for it.
  curve = start[:, None] + t * chord[:, None]
  curve[0] += bend * (-chord[1] / length)
  curve[1] += bend * (chord[0] / length)
  if sag_nm:
    curve[2] += sag_nm * np.sin(math.pi * t)
  return _resample(curve)


def _passes_by(
  start: Sequence[float],
  end: Sequence[float],
  reach_nm: float,
  side_nm: float,
) -> bool:
  """Whether no point within a reach of a chord is in the micrograph."""
  (x, y, *_), (last_x, last_y, *_) = start, end
  # Rounding moves no point so far.
  reach_nm += 1e-6 * (1 + side_nm + reach_nm)
  if (
    max(x, last_x) + reach_nm < 0
    or max(y, last_y) + reach_nm < 0
    or min(x, last_x) - reach_nm > side_nm
    or min(y, last_y) - reach_nm > side_nm
  ):
    return True
  # The corners of the micrograph lie on one side, beyond the reach.
  right, down = last_x - x, last_y - y
  aside = [
    (corner_y - y) * right - (corner_x - x) * down
    for corner_x in (0.0, side_nm)
    for corner_y in (0.0, side_nm)
  ]
  beyond = reach_nm * math.hypot(right, down)
  return min(aside) > beyond or max(aside) < -beyond


def _resample(curve: np.ndarray) -> np.ndarray:
  """A curve [3, points] as [points, 3], with points STEP_NM apart."""
  x, y, z = np.square(curve[:, 1:] - curve[:, :-1])
  along = np.zeros(curve.shape[1])
  np.cumsum(np.sqrt(x + y + z), out=along[1:])
  last = float(along[-1])
  count = max(2, math.ceil(last / STEP_NM) + 1)
  places = np.arange(count) * (last / (count - 1))
  places[-1] = last
  return np.stack([np.interp(places, along, axis) for axis in curve], axis=1)


# From the kind of a line to what makes its curves: of the foil, angles of the
# directions in its plane along which lines lie, and random numbers.
CREATE_CURVES: dict[
  str,
  Callable[[FoilParameters, np.ndarray, np.random.Generator], list[np.ndarray]],
] = {
  'threading': _create_threading,
  'shallow': _create_shallow,
  'loop': _create_loop,
  'network': _create_network,
  'tangle': _create_tangle,
}
