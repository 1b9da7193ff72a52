"""Geometry of dislocations: smooth curves in the three dimensions of a foil.

A dislocation cannot end inside a crystal. Lines begin and end on surfaces of
the foil, close on themselves, or meet others in nodes; what leaves the
micrograph at its edges goes on outside.
"""

import dataclasses
import math

import numpy as np

from defectseg_jax.simulation.parameters import FoilParameters

# Points along a line, in nanometres: a third of the paper's label width.
STEP_NM = 0.32
_MARGIN_NM = 100.0


@dataclasses.dataclass(frozen=True, eq=False)
class Line:
  """A piece of dislocation line inside the foil and the micrograph.

  Attributes:
    kind: threading, shallow, loop, network or tangle.
    points_nm: float64 [points, 3], x, y, z, at most STEP_NM apart.
    strength: of its contrast, 1 where g.b is largest.
    in_contrast: whether a person could see it; False where g.b is 0.
  """

  kind: str
  points_nm: np.ndarray
  strength: float
  in_contrast: bool

  @property
  def length_nm(self) -> float:
    """In three dimensions."""
    return _length(self.points_nm)

  @property
  def projected_length_nm(self) -> float:
    """As seen along the beam."""
    return _length(self.points_nm[:, :2])


def dislocations(foil: FoilParameters, rng: np.random.Generator) -> list[Line]:
  """Lines until their length over the foil's volume is what was asked for.

  Args:
    foil: its parameters.
    rng: of everything.

  Returns:
    The pieces inside the foil and the micrograph. The last curve is taken or
    left, whichever comes nearer to the density.
  """
  asked = foil.dislocations
  missing_nm = asked.density_per_m2 * foil.volume_m3 * 1e9
  # Lines of a foil lie along a few directions of its crystal.
  directions = rng.uniform(0, math.pi, size=3)
  kinds = {
    'threading': asked.threading_fraction,
    'network': asked.network_fraction,
    'tangle': asked.tangle_fraction,
  }
  kinds['shallow'] = max(0.0, 1 - sum(kinds.values()))
  found = []
  while missing_nm > 0:
    kind = rng.choice(list(kinds), p=list(kinds.values()))
    if kind == 'shallow' and rng.random() < 0.15:
      kind = 'loop'
    curves = _CURVES[kind](foil, directions, rng)
    for curve in curves:
      strength, in_contrast = _visibility(asked.out_of_contrast_fraction, rng)
      pieces = [
        Line(kind, points, strength, in_contrast)
        for points in _inside(curve, foil)
      ]
      length_nm = sum(piece.length_nm for piece in pieces)
      if length_nm > 2 * missing_nm:
        return found
      found.extend(pieces)
      missing_nm -= length_nm
  return found


def _visibility(out_of_contrast, rng):
  if rng.random() < out_of_contrast:
    return rng.uniform(0.0, 0.12), False
  return rng.uniform(0.55, 1.0), True


def _threading(foil, directions, rng):
  """From one surface to the other, steeply."""
  return [_crossing(foil, directions, rng, rng.uniform(0.4, 1.6))]


def _shallow(foil, directions, rng):
  """From surface to surface with a long way between; half-loops too."""
  return [
    _crossing(foil, directions, rng, rng.uniform(2.0, 6.0), rng.random() < 0.3)
  ]


def _loop(foil, directions, rng):
  """Closed, tilted, 10 to 60 nm across."""
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
  return [_refined(curve + _place(foil, rng))]


def _network(foil, directions, rng):
  """Nodes in three dimensions, joined to the next ones, and to a surface."""
  centre = _place(foil, rng)
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
  curves = [_wavy(nodes[i], nodes[i + 1], rng, 0.08) for i in range(count - 1)]
  for node in nodes:
    surface = rng.choice([-1.0, foil.thickness_nm + 1.0])
    away = rng.normal(direction, 0.8) + math.pi * rng.integers(2)
    reach = rng.uniform(40, 180)
    end = node[:2] + reach * np.array([math.cos(away), math.sin(away)])
    curves.append(_wavy(node, np.append(end, surface), rng, 0.08))
  return curves


def _tangle(foil, directions, rng):
  """Short, strongly curved lines, crowded together."""
  centre = _place(foil, rng)
  spread = rng.uniform(20, 60)
  direction = rng.choice(directions)
  curves = []
  for _ in range(rng.integers(5, 11)):
    middle = centre[:2] + rng.normal(size=2) * spread
    angle = rng.normal(direction, 0.5)
    half = rng.uniform(25, 90) * np.array([math.cos(angle), math.sin(angle)])
    top, bottom = -1.0, foil.thickness_nm + 1.0
    curves.append(
      _wavy(
        np.append(middle - half, top),
        np.append(middle + half, rng.choice([top, bottom])),
        rng,
        0.16,
        sag_nm=foil.thickness_nm * rng.uniform(0.2, 0.8),
      )
    )
  return curves


_CURVES = {
  'threading': _threading,
  'shallow': _shallow,
  'loop': _loop,
  'network': _network,
  'tangle': _tangle,
}


def _crossing(foil, directions, rng, reach, returns=False):
  """A line of in-plane extent reach * thickness, through the foil or back."""
  middle = _place(foil, rng)[:2]
  angle = rng.normal(rng.choice(directions), 0.25)
  half = 0.5 * reach * foil.thickness_nm
  half = half * np.array([math.cos(angle), math.sin(angle)])
  beyond = 1.0
  ends = [-beyond, foil.thickness_nm + beyond]
  if rng.random() < 0.5:
    ends.reverse()
  if returns:
    ends[1] = ends[0]
  depth = foil.thickness_nm * rng.uniform(0.3, 0.9)
  return _wavy(
    np.append(middle - half, ends[0]),
    np.append(middle + half, ends[1]),
    rng,
    0.07,
    sag_nm=(depth if ends[0] < 0 else -depth) if returns else 0.0,
  )


def _place(foil, rng):
  low, high = -_MARGIN_NM, foil.side_nm + _MARGIN_NM
  return np.append(
    rng.uniform(low, high, size=2), rng.uniform(0, foil.thickness_nm)
  )


def _wavy(start, end, rng, waviness, sag_nm=0.0):
  """From start to end, bent sideways by a few smooth waves.

  The ends stay where they are; `sag_nm` bends the middle down in depth.
  """
  chord = end - start
  length = max(float(np.hypot(*chord[:2])), 1.0)
  t = np.linspace(0, 1, max(16, math.ceil(1.5 * length)))[:, None]
  sideways = np.array([-chord[1], chord[0]]) / length
  waves = range(1, 3 + int(length / 25))
  bend = sum(
    waviness * length / k**1.4 * rng.normal() * np.sin(math.pi * k * t)
    for k in waves
  )
  curve = start + t * chord
  curve[:, :2] += bend * sideways
  curve[:, 2:] += sag_nm * np.sin(math.pi * t)
  return _refined(curve)


def _refined(curve):
  """The same curve with points STEP_NM apart."""
  along = np.append(
    0, np.cumsum(np.linalg.norm(np.diff(curve, axis=0), axis=1))
  )
  places = np.linspace(0, along[-1], max(2, math.ceil(along[-1] / STEP_NM) + 1))
  return np.stack(
    [np.interp(places, along, curve[:, axis]) for axis in range(3)], axis=1
  )


def _inside(curve, foil):
  """The pieces of a curve inside the foil and the micrograph."""
  high = np.array([foil.side_nm, foil.side_nm, foil.thickness_nm])
  within = ((curve >= 0) & (curve <= high)).all(axis=1)
  edges = np.flatnonzero(np.diff(within.astype(np.int8), prepend=0, append=0))
  return [
    curve[first:last]
    for first, last in zip(edges[::2], edges[1::2], strict=True)
    if last - first > 1
  ]


def _length(points):
  return float(np.linalg.norm(np.diff(points, axis=0), axis=1).sum())
