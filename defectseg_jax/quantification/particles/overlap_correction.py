"""Number and diameter of particles, corrected for overlap in projection.

Number and mean width come from the Boolean model (`boolean_model`), which need
not tell one particle from another. The mean diameter is the mean width over a
shape factor: the ratio of width to diameter of particles that stand alone. A
foil shows large particles from a thicker layer than small ones, so the mean of
those that are seen is too large by s^2 / (t + d - 2 h), with s their standard
deviation.
"""

import math
from typing import NamedTuple

import numpy as np

from defectseg_jax.quantification import intervals
from defectseg_jax.quantification.densities import NM
from defectseg_jax.quantification.particles import boolean_model
from defectseg_jax.quantification.particles.components import label_holes
from defectseg_jax.quantification.particles.properties import (
  Particles,
)

# A particle that fills this part of its convex hull is single; by eye, as two
# discs that touch fill less.
SINGLE_SOLIDITY = 0.9
# A number whose variance is so many times itself says nothing. By eye: it is 1
# of particles that lie independently, and was at most 1.6 on 20 masks of voids
# and precipitates, simulated and real.
MOST_CLUMPED = 10.0
_UNKNOWN = math.nan, intervals.UNKNOWN


class OverlapCorrection(NamedTuple):
  """Corrected numbers; NaN where the Boolean model does not fit.

  Attributes:
    number_per_m3: number of particle centres in a cubic metre.
    number_interval_per_m3: interval of that number.
    diameter_nm: mean diameter of the particles; NaN without particles.
    diameter_interval_nm: interval of that diameter.
    shape_factor: width along the image's axes over diameter; NaN if no particle
      stands alone.
  """

  number_per_m3: float
  number_interval_per_m3: intervals.Interval
  diameter_nm: float
  diameter_interval_nm: intervals.Interval
  shape_factor: float


def correct_overlap(
  particles: Particles,
  *,
  thickness_nm: float,
  unseen_nm: float = 0.0,
  level: float = intervals.LEVEL,
  seed: int = 0,
) -> OverlapCorrection:
  """Number and mean diameter, corrected for overlap and for the surfaces.

  Args:
    particles: of an image.
    thickness_nm: t, of the foil.
    unseen_nm: h, thickness of the thickest sliver that nobody draws.
    level: of the intervals.
    seed: of the bootstrap over 8 x 8 parts of the image.

  Returns:
    Both, and their intervals.

  Examples:
    One square of 20 x 20 pixels of 1 nm, of diameter d = 22.6 nm: about one
    particle in 1000 x 1000 x (100 + d) nm3.

    >>> from defectseg_jax.quantification import measure_particles
    >>> mask = np.zeros((1000, 1000), bool)
    >>> mask[500:520, 500:520] = True
    >>> particles = measure_particles(mask, pixel_size_nm=1.0)
    >>> found = correct_overlap(particles, thickness_nm=100.0)
    >>> print(f'{found.number_per_m3 * 1e-12 * 122.6e-9:.2f}')
    1.00
  """
  squares = _square_counts(particles)
  model = boolean_model.boolean_model(squares.sum(axis=0))
  means = intervals.bootstrap_means(squares, seed=seed)
  again = boolean_model.boolean_model(means)
  factor = _shape_factor(particles)

  def diameter_nm(width_px: np.ndarray) -> np.ndarray:
    seen = width_px * particles.pixel_size_nm / factor
    spread_nm = _spread_nm(particles)
    return seen - spread_nm**2 / (thickness_nm + seen - 2 * unseen_nm)

  diameter = float(diameter_nm(model.width_px))
  number = float(model.number_per_px2) * (pixels := particles.window.area_px)
  depth_nm = thickness_nm + (diameter - 2 * unseen_nm if number else 0.0)
  each = 1 / (pixels * particles.pixel_size_nm**2 * depth_nm * NM**3)
  clump = _clump(number, again, pixels)
  if clump > MOST_CLUMPED:
    return OverlapCorrection(*_UNKNOWN, *_UNKNOWN, factor)
  interval = intervals.clumped_interval(number, clump, level=level)
  return OverlapCorrection(
    number_per_m3=number * each,
    number_interval_per_m3=interval.scale_by(each),
    diameter_nm=diameter,
    diameter_interval_nm=intervals.percentile_interval(
      diameter_nm(again.width_px), level=level
    ),
    shape_factor=factor,
  )


def why_not_corrected(particles: Particles) -> str:
  """What keeps the Boolean model from fitting, where it gives no numbers.

  Args:
    particles: of an image; one at least.

  Returns:
    A clause with what to do.
  """
  _, holes = label_holes(particles.labels > 0)
  if holes:
    return (
      f'the marked regions have {holes} hole{"s" if holes > 1 else ""}, and '
      'the Boolean model is of particles without any: fill them in the mask '
      '(quantify does it with --config.quantification.fill_holes=True)'
    )
  if math.isnan(_shape_factor(particles)):
    return (
      'no particle stands alone and whole, to tell their shape by: look at a '
      'larger part of the specimen'
    )
  return (
    'the marked regions do not lie as independent particles do, for which the '
    'Boolean model is made'
  )


def _square_counts(particles: Particles) -> np.ndarray:
  if particles.squares is not None:
    return particles.squares
  return boolean_model.square_counts(
    particles.labels, valid=particles.window.valid
  )


def _shape_factor(particles: Particles) -> float:
  """Median ratio of width to diameter of single, whole particles."""
  solid = particles.area_px >= SINGLE_SOLIDITY * particles.convex_area_px
  single = particles.whole & solid
  if not single.any():
    return math.nan
  # Over the two directions of the model's width: particles that all lie in one
  # direction would have another ratio in other directions.
  first, last = particles.box_px[single, :2], particles.box_px[single, 2:]
  ratios = (last - first).mean(axis=1) / particles.diameter_px[single]
  return float(np.median(ratios))


def _spread_nm(particles: Particles) -> float:
  """Standard deviation of the diameters; 0 of fewer than two."""
  sizes = particles.diameter_nm[particles.whole]
  return float(sizes.std(ddof=1)) if len(sizes) > 1 else 0.0


def _clump(
  number: float, again: boolean_model.BooleanModel, pixels: int
) -> float:
  """Variance of the number over the number; that of a Poisson count is 1."""
  numbers = again.number_per_px2 * pixels
  numbers = numbers[~np.isnan(numbers)]
  if not number > 0 or len(numbers) < 2:
    return 1.0
  return max(1.0, float(numbers.var()) / number)
