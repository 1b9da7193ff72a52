"""Geometry of dislocations: smooth curves in the three dimensions of a foil.

A dislocation cannot end inside a crystal. Lines begin and end on surfaces of
the foil, close on themselves, or meet others in nodes; what leaves the
micrograph at its edges goes on outside.

Lengths are in nanometres.
"""

import dataclasses
import math

import numpy as np

from defectseg_jax.simulation.choices import make_choice
from defectseg_jax.simulation.dislocation_curves import CREATE_CURVES
from defectseg_jax.simulation.parameters import FoilParameters

# Fraction of the lines in the foil's plane that are closed loops; by eye.
_LOOP_FRACTION = 0.15


@dataclasses.dataclass(frozen=True, eq=False)
class Line:
  """A piece of dislocation line inside the foil and the micrograph.

  Attributes:
    kind: threading, shallow, loop, network or tangle.
    points_nm: float64 [points, 3], x, y, z, at most STEP_NM apart.
    strength: of its contrast, 1 where g.b is largest.
    in_contrast: whether a person can see it; False where g.b is 0.
  """

  kind: str
  points_nm: np.ndarray
  strength: float
  in_contrast: bool

  @property
  def length_nm(self) -> float:
    """In three dimensions."""
    return _polyline_length(self.points_nm)

  @property
  def projected_length_nm(self) -> float:
    """As seen along the beam."""
    return _polyline_length(self.points_nm[:, :2])


def create_dislocations(
  foil: FoilParameters, rng: np.random.Generator
) -> list[Line]:
  """Lines until their length over the foil's volume is the given density.

  Args:
    foil: its parameters.
    rng: random numbers for everything.

  Returns:
    The pieces inside the foil and the micrograph. The last curve is kept if the
    density is nearer with it than without.
  """
  wanted = foil.dislocations
  missing_nm = wanted.density_per_m2 * foil.volume_m3 * 1e9
  # Lines of a foil lie along a few directions of its crystal; three by eye.
  directions = rng.uniform(0, math.pi, size=3)
  kinds = {
    'threading': wanted.threading_fraction,
    'network': wanted.network_fraction,
    'tangle': wanted.tangle_fraction,
  }
  kinds['shallow'] = max(0.0, 1 - sum(kinds.values()))
  choose = make_choice(kinds)
  lines = []
  while missing_nm > 0:
    kind = choose(rng)
    if kind == 'shallow' and rng.random() < _LOOP_FRACTION:
      kind = 'loop'
    curves = CREATE_CURVES[kind](foil, directions, rng)
    for curve in curves:
      strength, in_contrast = _visibility(wanted.out_of_contrast_fraction, rng)
      pieces = [
        Line(kind, points, strength, in_contrast)
        for points in _pieces_inside(curve, foil)
      ]
      length_nm = sum(piece.length_nm for piece in pieces)
      if length_nm > 2 * missing_nm:
        return lines
      lines.extend(pieces)
      missing_nm -= length_nm
  return lines


def _visibility(
  out_of_contrast_fraction: float, rng: np.random.Generator
) -> tuple[float, bool]:
  """Strength of a line's contrast, by eye, and whether a person sees it."""
  if rng.random() < out_of_contrast_fraction:
    return rng.uniform(0.0, 0.12), False
  return rng.uniform(0.55, 1.0), True


def _pieces_inside(curve: np.ndarray, foil: FoilParameters) -> list[np.ndarray]:
  """The pieces of a curve inside the foil and the micrograph."""
  if not len(curve):
    return []
  high = foil.side_nm, foil.side_nm, foil.thickness_nm
  within = np.ones(len(curve), bool)
  for axis, most in zip(curve.T, high, strict=True):
    within &= (axis >= 0) & (axis <= most)
  # With a False on either side.
  within = np.concatenate([[False], within, [False]])
  edges = np.flatnonzero(within[1:] != within[:-1])
  return [
    curve[first:last]
    for first, last in zip(edges[::2], edges[1::2], strict=True)
    if last - first > 1
  ]


def _polyline_length(points: np.ndarray) -> float:
  steps = np.square(points[1:] - points[:-1])
  return float(np.sqrt(sum(steps.T)).sum())
