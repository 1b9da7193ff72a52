"""Particles of one image to a row of numbers: how many, how large, how much."""

import math

import numpy as np

from defectseg_jax.quantification import checks, intervals
from defectseg_jax.quantification.densities import (
  NM,
  number_density,
  sphere_volume,
  swelling,
)
from defectseg_jax.quantification.particles import borders
from defectseg_jax.quantification.particles.detection import (
  Detection,
  corrected_count,
)
from defectseg_jax.quantification.particles.overlap_correction import (
  correct_overlap,
)
from defectseg_jax.quantification.particles.properties import Particles

PERCENTILES = (5, 25, 75, 95)

CONVENTIONS = {
  'number_density_per_m3': 'N / (A t), N by the border rule',
  'number_density_with_diameter_per_m3': 'N / (A (t + d - 2 h))',
  'number_density_corrected_per_m3': (
    'N_A / (t + d - 2 h), N_A and d of overlapping particles: Boolean model'
  ),
  'number_density_detected_per_m3': (
    'N / (A t) precision / recall, of the particles of a development set'
  ),
  'diameter_mean_nm': 'over whole particles, of sqrt(4 A / pi)',
  'diameter_std_nm': 'over whole particles, n - 1',
  'diameter_mean_corrected_nm': (
    'mean width over shape factor, Boolean model, less s^2 / (t + d - 2 h)'
  ),
  'volume_fraction': 'V / (A t), V = sum of pi d^3 / 6, N by the border rule',
  'swelling': 'V / (A t - V)',
}


def particle_summary(
  particles: Particles,
  *,
  thickness_nm: float,
  border: str = 'frame',
  unseen_nm: float = 0.0,
  thickness_uncertainty: float = 0.0,
  pixel_size_uncertainty: float = 0.0,
  detection: Detection | None = None,
  seed: int = 0,
) -> dict[str, float]:
  """A row of numbers of one image; `CONVENTIONS` says how each is defined.

  Args:
    particles: of the image.
    thickness_nm: t, of the foil.
    border: which particles are counted: all, exclude or frame (`borders`).
    unseen_nm: h, thickness of the thickest sliver of a cut particle that
      nobody draws; 0 if the faintest is drawn.
    thickness_uncertainty, pixel_size_uncertainty: relative standard
      uncertainties; widen the intervals.
    detection: what the network that made the mask found, missed and invented
      in a development set; without it, nothing is said of
      `number_density_detected_per_m3`.
    seed: of the bootstraps.

  Returns:
    Numbers by name, units in the names; `_low` and `_high` are the ends of a
    95% interval: exact Poisson for counts, bootstrap over particles for the
    mean diameter, over parts of the image for what is corrected. Without
    particles counts, densities and fractions are 0, and diameters NaN; the
    standard deviation of one particle, swelling beyond the foil's volume, and
    corrected numbers where the Boolean model does not fit are NaN too.

  Raises:
    InputError: the rule is unknown, or a number is out of its range.
  """
  checks.require_positive(thickness_nm, 'thickness_nm')
  checks.require_not_negative(unseen_nm, 'unseen_nm')
  checks.require_below(unseen_nm, thickness_nm / 2, 'unseen_nm')
  checks.require_not_negative(thickness_uncertainty, 'thickness_uncertainty')
  checks.require_not_negative(pixel_size_uncertainty, 'pixel_size_uncertainty')
  counted = borders.select_counted(particles.at_border, border)
  uncertainties = (pixel_size_uncertainty, thickness_uncertainty)
  return {
    'count': int(counted.sum()),
    'count_all': len(particles),
    'area_fraction': float(particles.area_px.sum() / particles.labels.size),
    **_diameters(particles, pixel_size_uncertainty, seed),
    **_densities(
      particles,
      counted,
      (thickness_nm, unseen_nm),
      uncertainties,
      detection,
      seed,
    ),
    **_volumes(particles, counted, thickness_nm, uncertainties),
    **_corrected(particles, thickness_nm, unseen_nm, uncertainties, seed),
  }


def _area_m2(particles):
  return particles.labels.size * (particles.pixel_size_nm * NM) ** 2


def _mean(values):
  return float(values.mean()) if len(values) else math.nan


def _diameters(particles, pixel_size_uncertainty, seed):
  found = particles.diameter_nm[particles.whole]
  interval = intervals.propagate(
    _mean(found),
    intervals.bootstrap_interval(found, seed=seed),
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
    **intervals.with_interval('diameter_mean_nm', _mean(found), interval),
    'diameter_std_nm': spread,
    **{f'diameter_{n}_nm': float(q) for n, q in zip(names, quantiles)},
  }


def _densities(particles, counted, foil, uncertainties, detection, seed):
  """N / (A t), N / (A (t + d - 2 h)), and N corrected for the network."""
  thickness_nm, unseen_nm = foil
  count = int(counted.sum())
  known = count, intervals.poisson_interval(count)
  sizes = particles.diameter_nm[particles.whole]
  diameter_nm = _mean(sizes if len(sizes) else particles.diameter_nm)
  sliver_nm = unseen_nm if count else 0.0
  rows = {
    'number_density_per_m3': (known, 0.0, 0.0),
    'number_density_with_diameter_per_m3': (
      known,
      diameter_nm if count else 0.0,
      sliver_nm,
    ),
  }
  if detection is not None:
    corrected = corrected_count(count, detection, seed=seed)
    rows['number_density_detected_per_m3'] = (corrected, 0.0, 0.0)
  uncertainty = intervals.of_powers(
    (-2, uncertainties[0]), (-1, uncertainties[1])
  )
  found = {}
  for name, ((number, interval), added_nm, hidden_nm) in rows.items():
    each = number_density(
      1.0,
      area_m2=_area_m2(particles),
      thickness_m=thickness_nm * NM,
      diameter_m=added_nm * NM,
      unseen_m=hidden_nm * NM,
    )
    interval = intervals.propagate(number, interval, uncertainty)
    found |= intervals.with_interval(name, number * each, interval.scaled(each))
  return found


def _volumes(particles, counted, thickness_nm, uncertainties):
  volumes_nm3 = sphere_volume(particles.diameter_nm[counted])
  total_nm3 = float(volumes_nm3.sum())
  foil_nm3 = _area_m2(particles) / NM**2 * thickness_nm
  interval = intervals.UNKNOWN
  if total_nm3:
    clump_nm3 = float((volumes_nm3**2).sum()) / total_nm3
    interval = intervals.propagate(
      total_nm3,
      intervals.clumped_interval(total_nm3, clump_nm3),
      intervals.of_powers((1, uncertainties[0]), (-1, uncertainties[1])),
    )

  def swelling_of(volume_nm3):
    return swelling(
      volume_nm3 * NM**3,
      area_m2=_area_m2(particles),
      thickness_m=thickness_nm * NM,
    )

  return {
    **intervals.with_interval(
      'volume_fraction', total_nm3 / foil_nm3, interval.scaled(1 / foil_nm3)
    ),
    **intervals.with_interval(
      'swelling',
      swelling_of(total_nm3),
      intervals.Interval(*map(swelling_of, interval)),
    ),
  }


def _corrected(particles, thickness_nm, unseen_nm, uncertainties, seed):
  found = correct_overlap(
    particles, thickness_nm=thickness_nm, unseen_nm=unseen_nm, seed=seed
  )
  density = found.number_per_m3
  diameter = found.diameter_nm
  return {
    **intervals.with_interval(
      'number_density_corrected_per_m3',
      density,
      intervals.propagate(
        density,
        found.number_interval_per_m3,
        intervals.of_powers((-2, uncertainties[0]), (-1, uncertainties[1])),
      ),
    ),
    **intervals.with_interval(
      'diameter_mean_corrected_nm',
      diameter,
      intervals.propagate(
        diameter, found.diameter_interval_nm, uncertainties[0]
      ),
    ),
    'shape_factor': found.shape_factor,
  }
