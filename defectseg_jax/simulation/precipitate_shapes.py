"""Outlines of precipitates, and how the beam crosses them.

Lengths are in nanometres, as those of `particle_shapes`. Numbers without a
named source are by eye.
"""

import dataclasses
import functools
import math
from collections.abc import Sequence

import numpy as np

from defectseg_jax.simulation.parameters import Precipitates
from defectseg_jax.simulation.particle_shapes import Particle

# Outlines of precipitates are radii at this many angles: by eye, finer than a
# pixel for particles of these sizes.
_ANGLES = 256
_AROUND = np.linspace(0, 2 * math.pi, _ANGLES, endpoint=False)


@dataclasses.dataclass(frozen=True)
class Outline:
  """The shape of a precipitate of diameter 1.

  Attributes:
    elongation: of the ellipse, longest over shortest axis.
    turn_rad: of the ellipse.
    waves: number around, amplitude (of the logarithm of the radius) and phase.
    half_depth: half of its depth.
  """

  elongation: float
  turn_rad: float
  waves: tuple[tuple[int, float, float], ...]
  half_depth: float

  @property
  def reach(self) -> float:
    """No point is farther from the centre, in diameters.

    The diameter is a mean one, and so the largest radius is at most half of
    what it is over the smallest.
    """
    wavy = sum(abs(amplitude) for _, amplitude, _ in self.waves)
    return max(0.5 * self.elongation * math.exp(2 * wavy), self.half_depth)


def draw_outline(
  precipitates: Precipitates, rng: np.random.Generator
) -> Outline:
  """An ellipse with a wavy outline, rounded off in depth.

  Args:
    precipitates: their elongation and roughness.
    rng: random numbers for the shape.
  """
  elongation = 1 + (precipitates.elongation - 1) * rng.random()
  turn_rad = math.pi * rng.random()
  waves = []
  # Two to six waves around, lower where they are more; by eye.
  for number in range(2, 7):
    phase = 2 * math.pi * rng.random()
    amplitude = precipitates.roughness * rng.standard_normal() / number
    waves.append((number, amplitude, phase))
  # Up to 1.2 times as deep as wide; by eye.
  flattest = 1 / math.sqrt(elongation)
  half_depth = 0.5 * (flattest + (1.2 - flattest) * rng.random())
  return Outline(elongation, turn_rad, tuple(waves), half_depth)


def create_irregular_ellipsoids(
  centres_nm: Sequence[np.ndarray],
  diameters_nm: Sequence[float],
  shapes: Sequence[Outline],
) -> list[Particle]:
  """Precipitates.

  Args:
    centres_nm: x, y, z of each.
    diameters_nm: of the circles of the same area, seen from above.
    shapes: of their outlines.

  Returns:
    The precipitates.
  """
  if not shapes:
    return []
  elongation, turn_rad, half_depth = np.array(
    [(one.elongation, one.turn_rad, one.half_depth) for one in shapes]
  ).T[:, :, None]
  turned = _AROUND - turn_rad
  radius = 1 / np.hypot(
    np.cos(turned) / np.sqrt(elongation), np.sin(turned) * np.sqrt(elongation)
  )
  for wave in np.array([one.waves for one in shapes]).transpose(1, 2, 0):
    number, amplitude, phase = wave[:, :, None]
    radius *= np.exp(amplitude * np.cos(number * _AROUND + phase))
  # The area of the outline is the mean of pi r^2 over angles.
  diameter = np.reshape(diameters_nm, (-1, 1))
  radius *= diameter / 2 / np.sqrt(np.mean(radius**2, axis=1, keepdims=True))
  half_depth = (diameter * half_depth)[:, 0].tolist()
  return [
    Particle(
      kind='precipitate',
      centre_nm=centre_nm,
      diameter_nm=diameter_nm,
      # The mean of sqrt(1 - q^2) over a unit disc is 2/3.
      volume_nm3=2 * half_nm * (2 / 3) * math.pi / 4 * diameter_nm**2,
      reach_nm=reach_nm,
      form=functools.partial(_irregular_ellipsoid, outline_nm),
      size_nm=half_nm,
    )
    for centre_nm, diameter_nm, half_nm, reach_nm, outline_nm in zip(
      centres_nm,
      diameters_nm,
      half_depth,
      radius.max(axis=1).tolist(),
      np.concatenate([radius, radius[:, :1]], axis=1),
      strict=True,
    )
  ]


def _irregular_ellipsoid(
  outline_nm: np.ndarray,
  x: np.ndarray,
  y: np.ndarray,
  half_depth_nm: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
  place = (np.arctan2(y, x) / (2 * math.pi) % 1.0) * _ANGLES
  before = np.minimum(place.astype(int), _ANGLES - 1)
  share = place - before
  radius = outline_nm[before] * (1 - share) + outline_nm[before + 1] * share
  inside = np.maximum(1 - (x**2 + y**2) / radius**2, 0)
  half = half_depth_nm * np.sqrt(inside)
  return -half, half
