"""Particles of a foil, corrected for those that hide or merge in projection.

Number and mean width come from the Boolean model (`boolean_model`), which needs
no particle told from another. The mean diameter is the mean width over a shape
factor, the ratio of width to diameter of particles that stand alone; the foil
shows large particles from a thicker layer than small ones, which makes the
mean of those seen too large by s^2 / (t + d - 2 h).
"""

import math
from typing import NamedTuple

import numpy as np

from defectseg_jax.quantification import intervals
from defectseg_jax.quantification.densities import NM
from defectseg_jax.quantification.particles import boolean_model
from defectseg_jax.quantification.particles.properties import Particles

# A particle whose convex hull it fills this far stands for one, not for a
# clump: two discs that touch fill less.
SINGLE_SOLIDITY = 0.9


class OverlapCorrection(NamedTuple):
  """Of the foil; NaN where the Boolean model does not fit.

  Attributes:
    number_per_m3: particles whose centre is in a cubic metre.
    number_interval_per_m3: its interval.
    diameter_nm: their mean diameter; NaN without particles.
    diameter_interval_nm: its interval.
    shape_factor: width along the image's axes over diameter; NaN where no
      particle stands alone.
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
    particles: of an image, separated or not; what counts is where they are.
    thickness_nm: t, of the foil.
    unseen_nm: h, thickness of the thickest sliver that nobody draws.
    level: of the intervals.
    seed: of the bootstrap over 8 x 8 parts of the image.

  Returns:
    The corrected numbers.
  """
  pixel_nm = particles.pixel_size_nm
  squares = boolean_model.square_counts(particles.labels)
  model = boolean_model.boolean_model(squares.sum(axis=0))
  again = boolean_model.boolean_model(
    intervals.resampled_means(squares, seed=seed)
  )
  factor = _shape_factor(particles)
  spread_nm = _spread_nm(particles)

  def diameter_nm(width_px):
    seen = width_px * pixel_nm / factor
    return seen - spread_nm**2 / (thickness_nm + seen - 2 * unseen_nm)

  diameter = float(diameter_nm(model.width_px))
  number = float(model.number_per_px2) * particles.labels.size
  depth_nm = thickness_nm
  if number:
    depth_nm += diameter - 2 * unseen_nm
  each = 1 / (particles.labels.size * pixel_nm**2 * depth_nm * NM**3)
  interval = intervals.clumped_interval(
    number, _clump(number, again, particles.labels.size), level=level
  )
  return OverlapCorrection(
    number_per_m3=number * each,
    number_interval_per_m3=interval.scaled(each),
    diameter_nm=diameter,
    diameter_interval_nm=intervals.percentiles(
      diameter_nm(again.width_px), level=level
    ),
    shape_factor=factor,
  )


def _shape_factor(particles):
  solid = particles.area_px >= SINGLE_SOLIDITY * particles.convex_area_px
  single = particles.whole & solid
  if not single.any():
    return math.nan
  # Over the two directions in which the model has the width, or particles that
  # lie alike would be judged from the wrong side.
  first, last = particles.box_px[single, :2], particles.box_px[single, 2:]
  ratios = (last - first).mean(axis=1) / particles.diameter_px[single]
  return float(np.median(ratios))


def _spread_nm(particles):
  sizes = particles.diameter_nm[particles.whole]
  return float(sizes.std(ddof=1)) if len(sizes) > 1 else 0.0


def _clump(number, again, pixels):
  """Variance of the number over the number; that of a Poisson count is 1."""
  numbers = again.number_per_px2 * pixels
  numbers = numbers[~np.isnan(numbers)]
  if not number > 0 or len(numbers) < 2:
    return 1.0
  return max(1.0, float(numbers.var()) / number)
