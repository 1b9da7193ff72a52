"""Outlines of precipitates, and how the beam crosses them.

Lengths are in nanometres, as those of `particle_shapes`. Numbers without a
named source are by eye.
"""

import dataclasses
import math

import numpy as np

from defectseg_jax.simulation.parameters import Precipitates
from defectseg_jax.simulation.particle_shapes import Beams, Particle, Spans

# Outlines of precipitates are radii at this many angles: by eye, finer than a
# pixel for particles of these sizes.
_ANGLES = 256
_AROUND = np.linspace(0, 2 * math.pi, _ANGLES, endpoint=False)


# Two to six waves around, lower where they are more; by eye.
_WAVES = np.arange(2, 7)


@dataclasses.dataclass(frozen=True, eq=False)
class Outlines:
  """Shapes of precipitates of diameter 1.

  Attributes:
    elongation: [n], of the ellipse, longest over shortest axis.
    turn_rad: [n], of the ellipse.
    amplitudes: [n, waves], of the logarithm of the radius.
    phases: [n, waves].
    half_depth: [n], half of the depth.
  """

  elongation: np.ndarray
  turn_rad: np.ndarray
  amplitudes: np.ndarray
  phases: np.ndarray
  half_depth: np.ndarray

  @property
  def reach(self) -> np.ndarray:
    """[n]; no point is farther from the centre, in diameters.

    Of the ellipse of that area it is half of the square root of its elongation.
    Waves make a radius longer by as much, and the mean one shorter.
    """
    wavy = np.abs(self.amplitudes).sum(axis=1)
    # Means over angles are sums here: a little more, to be sure.
    longest = 0.505 * np.sqrt(self.elongation) * np.exp(2 * wavy)
    return np.maximum(longest, self.half_depth)

  def take(self, which: np.ndarray) -> 'Outlines':
    """Some of them."""
    return Outlines(*(column[which] for column in vars(self).values()))


def draw_outlines(
  count: int, precipitates: Precipitates, rng: np.random.Generator
) -> Outlines:
  """Ellipses with wavy outlines, rounded off in depth.

  Args:
    count: how many.
    precipitates: their elongation and roughness.
    rng: random numbers for the shapes.
  """
  even, normal = rng.random, rng.standard_normal
  drawn: list[float] = []
  for _ in range(count):
    drawn += even(), even()
    for _ in _WAVES:
      drawn += even(), normal()
    drawn.append(even())
  numbers = np.reshape(drawn, (-1, 3 + 2 * len(_WAVES)))
  elongation = 1 + (precipitates.elongation - 1) * numbers[:, 0]
  # Up to 1.2 times as deep as wide; by eye.
  flattest = 1 / np.sqrt(elongation)
  return Outlines(
    elongation=elongation,
    turn_rad=math.pi * numbers[:, 1],
    amplitudes=precipitates.roughness * numbers[:, 3:-1:2] / _WAVES,
    phases=2 * math.pi * numbers[:, 2:-1:2],
    half_depth=0.5 * (flattest + (1.2 - flattest) * numbers[:, -1]),
  )


def create_irregular_ellipsoids(
  centres_nm: np.ndarray, diameters_nm: np.ndarray, shapes: Outlines
) -> list[Particle]:
  """Precipitates.

  Args:
    centres_nm: [n, 3], x, y, z of each.
    diameters_nm: [n], of the circles of the same area, seen from above.
    shapes: of their outlines.

  Returns:
    The precipitates.
  """
  elongation = shapes.elongation[:, None]
  turned = _AROUND - shapes.turn_rad[:, None]
  radius = 1 / np.hypot(
    np.cos(turned) / np.sqrt(elongation), np.sin(turned) * np.sqrt(elongation)
  )
  for number, amplitude, phase in zip(
    _WAVES, shapes.amplitudes.T, shapes.phases.T, strict=True
  ):
    wave = np.cos(number * _AROUND + phase[:, None])
    radius *= np.exp(amplitude[:, None] * wave)
  # The area of the outline is the mean of pi r^2 over angles.
  diameter = diameters_nm[:, None]
  radius *= diameter / 2 / np.sqrt(np.mean(radius**2, axis=1, keepdims=True))
  return [
    Particle(
      kind='precipitate',
      centre_nm=centre_nm,
      diameter_nm=diameter_nm,
      reach_nm=reach_nm,
      form=_IRREGULAR_ELLIPSOID,
      size_nm=half_nm,
      outline_nm=outline_nm,
    )
    for centre_nm, diameter_nm, half_nm, reach_nm, outline_nm in zip(
      centres_nm,
      diameters_nm.tolist(),
      (diameters_nm * shapes.half_depth).tolist(),
      radius.max(axis=1).tolist(),
      np.concatenate([radius, radius[:, :1]], axis=1),
      strict=True,
    )
  ]


class _IrregularEllipsoid:
  """Sizes are half the depths."""

  def spans(self, beams: Beams) -> Spans:
    x, y, bodies, body = beams
    turns = np.arctan2(y, x) / (2 * math.pi)
    turns += turns < 0
    place = turns * _ANGLES
    before = np.minimum(place.astype(int), _ANGLES - 1)
    share = place - before
    # Of all bodies in a row, since one index is quicker than two.
    outlines = np.concatenate([one.outline_nm for one in bodies])
    before += body * (_ANGLES + 1)
    radius = outlines[before] * (1 - share) + outlines[before + 1] * share
    inside = np.maximum(1 - (x**2 + y**2) / radius**2, 0)
    half = beams.size_nm * np.sqrt(inside)
    return -half, half

  def volume_nm3(self, body: Particle) -> float:
    # The mean of sqrt(1 - q^2) over a unit disc is 2/3.
    return 2 * body.size_nm * (2 / 3) * math.pi / 4 * body.diameter_nm**2


_IRREGULAR_ELLIPSOID = _IrregularEllipsoid()
