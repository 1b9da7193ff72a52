"""Diameters of the particles of an image, in pixels and in nanometres."""

import math

import numpy as np

from defectseg_jax.quantification import intervals
from defectseg_jax.quantification.particles.properties import Particles

PERCENTILES = (5, 25, 75, 95)


def diameters(
  particles: Particles, pixel_size_uncertainty: float, seed: int
) -> dict[str, float]:
  """Mean, spread and percentiles of the particles that touch no edge.

  Args:
    particles: of an image.
    pixel_size_uncertainty: relative standard uncertainty; widens intervals.
    seed: of the bootstrap.

  Returns:
    Numbers by name; NaN of no particle, and of lengths without a scale.
  """
  sizes_px = particles.diameter_px[particles.whole]
  of_pixels = intervals.bootstrap_interval(sizes_px, seed=seed)
  found = sizes_px * particles.pixel_size_nm
  mean_nm = mean_or_nan(found)
  interval = intervals.propagate(
    mean_nm,
    of_pixels.scale_by(particles.pixel_size_nm),
    pixel_size_uncertainty,
  )
  spread = float(found.std(ddof=1)) if len(found) > 1 else math.nan
  quantiles = (
    np.percentile(found, (50, *PERCENTILES))
    if len(found)
    else np.full(1 + len(PERCENTILES), math.nan)
  )
  names = ('median', *(f'p{percent:02d}' for percent in PERCENTILES))
  return {
    'count_whole': len(found),
    **intervals.interval_columns(
      'diameter_mean_px', mean_or_nan(sizes_px), of_pixels
    ),
    **intervals.interval_columns('diameter_mean_nm', mean_nm, interval),
    'diameter_std_nm': spread,
    **{f'diameter_{n}_nm': float(q) for n, q in zip(names, quantiles)},
  }


def mean_or_nan(values: np.ndarray) -> float:
  """The mean; NaN of nothing."""
  return float(values.mean()) if len(values) else math.nan
