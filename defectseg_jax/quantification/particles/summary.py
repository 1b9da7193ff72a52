"""Numbers of an image of particles: density, diameter, volume, swelling."""

import math

import numpy as np

from defectseg_jax.quantification import intervals
from defectseg_jax.quantification.densities import (
  NM,
  number_density,
  sphere_volume,
  swelling,
)
from defectseg_jax.quantification.particles.detection import (
  Detection,
  corrected_count,
)
from defectseg_jax.quantification.particles.diameters import (
  diameters,
  mean_or_nan,
)
from defectseg_jax.quantification.particles.foil import Foil
from defectseg_jax.quantification.particles.overlap_correction import (
  correct_overlap,
)
from defectseg_jax.quantification.particles.properties import Particles

CONVENTIONS = {
  'count': 'particles that the border rule counts',
  'area_fraction': 'part of the image that particles cover',
  'number_per_area_per_m2': (
    'N / A: N particles that the border rule counts, in an image of area A'
  ),
  'number_density_per_m3': (
    'N / (A t): N particles that the border rule counts, in an image of area A '
    'and a foil of thickness t'
  ),
  'number_density_with_diameter_per_m3': (
    'N / (A (t + d - 2 h)): d mean diameter, h thickness of the thickest '
    'sliver of a cut particle that nobody draws'
  ),
  'number_density_corrected_per_m3': (
    'N_A / (t + d - 2 h): N_A particles per area and d, both corrected for '
    'particles that overlap in projection, by the Boolean model'
  ),
  'number_density_detected_per_m3': (
    'N / (A t) * precision / recall: precision and recall of particles on the '
    'development set'
  ),
  'diameter_mean_px': 'as diameter_mean_nm, in pixels',
  'diameter_mean_nm': (
    'mean of sqrt(4 a / pi) over particles that touch no edge: a area of the '
    'particle'
  ),
  'diameter_std_nm': (
    'standard deviation (n - 1) of the diameters of particles that touch no '
    'edge'
  ),
  'diameter_mean_corrected_nm': (
    'w / f - s^2 / (t + d - 2 h): w mean width by the Boolean model, f shape '
    'factor, s standard deviation of the diameters, d = w / f'
  ),
  'volume_fraction': (
    'V / (A t): V sum of pi d^3 / 6 over the particles that the border rule '
    'counts'
  ),
  'swelling': 'V / (A t - V): V as of the volume fraction',
}


def particle_summary(
  particles: Particles,
  *,
  thickness_nm: float | None,
  border: str = 'frame',
  unseen_nm: float = 0.0,
  thickness_uncertainty: float = 0.0,
  pixel_size_uncertainty: float = 0.0,
  detection: Detection | None = None,
  seed: int = 0,
) -> dict[str, float]:
  """Numbers of one image; `CONVENTIONS` says how each is defined.

  Args:
    particles: of the image.
    thickness_nm: t, of the foil; None where it is not known.
    border: which particles are counted: all, exclude or frame (`borders`).
    unseen_nm: h, thickness of the thickest sliver that nobody draws.
    thickness_uncertainty, pixel_size_uncertainty: relative standard
      uncertainties; they widen the intervals.
    detection: of the network, on its development set; adds
      `number_density_detected_per_m3`.
    seed: of the bootstraps.

  Returns:
    Numbers by name; `_low` and `_high` are the ends of a 95% interval. Without
    particles, counts, densities and fractions are 0 and diameters NaN. NaN too:
    the standard deviation of one particle, swelling if voids would fill the
    foil, corrected numbers if the Boolean model does not fit, and what
    `why_missing` names.

  Raises:
    InputError: the rule is unknown, or a number is out of its range.

  Examples:
    One square of 10 x 10 pixels of 1 nm in an image of 100 x 100, and a foil of
    100 nm: one particle in 1e6 nm3.

    >>> from defectseg_jax.quantification import measure_particles
    >>> mask = np.zeros((100, 100), bool)
    >>> mask[40:50, 40:50] = True
    >>> particles = measure_particles(mask, pixel_size_nm=1.0)
    >>> found = particle_summary(particles, thickness_nm=100.0)
    >>> round(found['number_density_per_m3'] / 1e21, 3)
    1.0
  """
  foil = Foil.of(
    thickness_nm, unseen_nm, thickness_uncertainty, pixel_size_uncertainty
  )
  counted = particles.counted(border)
  return {
    'count': int(counted.sum()),
    'count_all': len(particles),
    **_area_fraction(particles),
    **_per_area(particles, int(counted.sum()), pixel_size_uncertainty),
    **diameters(particles, pixel_size_uncertainty, seed),
    **_densities(particles, counted, foil, detection, seed),
    **_volumes(particles, counted, foil),
    **_overlap_corrections(particles, foil, seed),
  }


def _area_m2(particles: Particles) -> float:
  """A, of the specimen; NaN without a scale."""
  return particles.window.area_px * (particles.pixel_size_nm * NM) ** 2


def _per_area(
  particles: Particles, count: int, pixel_size_uncertainty: float
) -> dict[str, float]:
  """N / A, which needs no thickness."""
  each = 1 / _area_m2(particles)
  interval = intervals.propagate(
    count,
    intervals.poisson_interval(count),
    intervals.product_uncertainty((-2, pixel_size_uncertainty)),
  )
  return intervals.interval_columns(
    'number_per_area_per_m2', count * each, interval.scale_by(each)
  )


def _area_fraction(particles: Particles) -> dict[str, float]:
  """Of all particles; its interval is that of a Poisson number of clumps."""
  areas_px = particles.area_px.astype(float)
  total_px, image_px = float(areas_px.sum()), particles.window.area_px
  interval = intervals.UNKNOWN
  if total_px:
    clump_px = float((areas_px**2).sum()) / total_px
    interval = intervals.clumped_interval(total_px, clump_px)
  return intervals.interval_columns(
    'area_fraction', total_px / image_px, interval.scale_by(1 / image_px)
  )


def _densities(
  particles: Particles,
  counted: np.ndarray,
  foil: Foil,
  detection: Detection | None,
  seed: int,
) -> dict[str, float]:
  """N / (A t), N / (A (t + d - 2 h)), and N corrected for the network."""
  count = int(counted.sum())
  known = count, intervals.poisson_interval(count)
  sizes = particles.diameter_nm[particles.whole]
  diameter_nm = mean_or_nan(sizes if len(sizes) else particles.diameter_nm)
  sliver_nm = foil.unseen_nm if count else 0.0
  rows: dict[str, tuple[tuple[float, intervals.Interval], float, float]] = {
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
  found = {}
  for name, ((number, interval), added_nm, hidden_nm) in rows.items():
    each = math.nan
    if _is_known(particles, foil):
      each = number_density(
        1.0,
        area_m2=_area_m2(particles),
        thickness_m=foil.thickness_nm * NM,
        diameter_m=added_nm * NM,
        unseen_m=hidden_nm * NM,
      )
    interval = intervals.propagate(number, interval, foil.density_uncertainty)
    found |= intervals.interval_columns(
      name, number * each, interval.scale_by(each)
    )
  return found


def _is_known(particles: Particles, foil: Foil) -> bool:
  """Whether the volume of the foil in the image is."""
  return not math.isnan(particles.pixel_size_nm * foil.thickness_nm)


def _volumes(
  particles: Particles, counted: np.ndarray, foil: Foil
) -> dict[str, float]:
  """V / (A t) and V / (A t - V), with the intervals of V."""
  volumes_nm3 = sphere_volume(particles.diameter_nm[counted])
  total_nm3 = float(volumes_nm3.sum())
  foil_nm3 = _area_m2(particles) / NM**2 * foil.thickness_nm
  interval = intervals.UNKNOWN
  if total_nm3 and not math.isnan(total_nm3):
    clump_nm3 = float((volumes_nm3**2).sum()) / total_nm3
    interval = intervals.propagate(
      total_nm3,
      intervals.clumped_interval(total_nm3, clump_nm3),
      foil.volume_uncertainty,
    )

  def swelling_of(volume_nm3: float) -> float:
    if not _is_known(particles, foil):
      return math.nan
    return swelling(
      volume_nm3 * NM**3,
      area_m2=_area_m2(particles),
      thickness_m=foil.thickness_nm * NM,
    )

  return {
    **intervals.interval_columns(
      'volume_fraction', total_nm3 / foil_nm3, interval.scale_by(1 / foil_nm3)
    ),
    **intervals.interval_columns(
      'swelling',
      swelling_of(total_nm3),
      intervals.Interval(*map(swelling_of, interval)),
    ),
  }


def _overlap_corrections(
  particles: Particles, foil: Foil, seed: int
) -> dict[str, float]:
  """Density and diameter by the Boolean model."""
  found = correct_overlap(
    particles,
    thickness_nm=foil.thickness_nm,
    unseen_nm=foil.unseen_nm,
    seed=seed,
  )
  density = found.number_per_m3
  diameter = found.diameter_nm
  return {
    **intervals.interval_columns(
      'number_density_corrected_per_m3',
      density,
      intervals.propagate(
        density,
        found.number_interval_per_m3,
        foil.density_uncertainty,
      ),
    ),
    **intervals.interval_columns(
      'diameter_mean_corrected_nm',
      diameter,
      intervals.propagate(
        diameter, found.diameter_interval_nm, foil.pixel_size_uncertainty
      ),
    ),
    'shape_factor': found.shape_factor,
  }
