"""Masks and scales to materials numbers. NumPy in, numbers out.

Begin with `measure`. What it is made of can be called by itself: densities from
counts, intervals, the particles and lines of a mask, people against a truth.
"""

from typing import TYPE_CHECKING

from defectseg_jax.lazy import make_getattr

if TYPE_CHECKING:
  from defectseg_jax.quantification.densities import (
    line_density_of_crossings,
    line_density_of_length,
    number_density,
    sphere_volume,
    swelling,
  )
  from defectseg_jax.quantification.dislocations.corrections import (
    LineCorrections,
  )
  from defectseg_jax.quantification.dislocations.detection import LineDetection
  from defectseg_jax.quantification.dislocations.summary import (
    dislocation_summary,
  )
  from defectseg_jax.quantification.intervals import (
    Interval,
    bootstrap_interval,
    poisson_interval,
  )
  from defectseg_jax.quantification.kinds import Kind, kind_of
  from defectseg_jax.quantification.measure_mask import (
    MeasurementSettings,
    measure,
  )
  from defectseg_jax.quantification.measurement import Measurement
  from defectseg_jax.quantification.needs import why_missing
  from defectseg_jax.quantification.over_images import statistics_over_images
  from defectseg_jax.quantification.panel import panel_errors, relative_error
  from defectseg_jax.quantification.particles.detection import Detection
  from defectseg_jax.quantification.particles.overlap_correction import (
    correct_overlap,
  )
  from defectseg_jax.quantification.particles.properties import (
    Particles,
    measure_particles,
  )
  from defectseg_jax.quantification.particles.summary import particle_summary
  from defectseg_jax.quantification.plausibility import QualityWarning
  from defectseg_jax.quantification.settings import QuantificationSettings
  from defectseg_jax.quantification.shared_uncertainties import (
    shared_uncertainty,
  )
  from defectseg_jax.quantification.weights import image_weights

# Where each name is: imported when it is asked for, since SciPy and
# scikit-image take a second.
_MODULES = {
  'Detection': 'particles.detection',
  'Interval': 'intervals',
  'Kind': 'kinds',
  'LineCorrections': 'dislocations.corrections',
  'LineDetection': 'dislocations.detection',
  'Measurement': 'measurement',
  'MeasurementSettings': 'measure_mask',
  'Particles': 'particles.properties',
  'QualityWarning': 'plausibility',
  'QuantificationSettings': 'settings',
  'bootstrap_interval': 'intervals',
  'correct_overlap': 'particles.overlap_correction',
  'dislocation_summary': 'dislocations.summary',
  'image_weights': 'weights',
  'kind_of': 'kinds',
  'line_density_of_crossings': 'densities',
  'line_density_of_length': 'densities',
  'measure': 'measure_mask',
  'measure_particles': 'particles.properties',
  'number_density': 'densities',
  'panel_errors': 'panel',
  'particle_summary': 'particles.summary',
  'poisson_interval': 'intervals',
  'relative_error': 'panel',
  'sphere_volume': 'densities',
  'shared_uncertainty': 'shared_uncertainties',
  'statistics_over_images': 'over_images',
  'swelling': 'densities',
  'why_missing': 'needs',
}

__all__ = [
  'Detection',
  'Interval',
  'Kind',
  'LineCorrections',
  'LineDetection',
  'Measurement',
  'MeasurementSettings',
  'Particles',
  'QualityWarning',
  'QuantificationSettings',
  'bootstrap_interval',
  'correct_overlap',
  'dislocation_summary',
  'image_weights',
  'kind_of',
  'line_density_of_crossings',
  'line_density_of_length',
  'measure',
  'measure_particles',
  'number_density',
  'panel_errors',
  'particle_summary',
  'poisson_interval',
  'relative_error',
  'shared_uncertainty',
  'sphere_volume',
  'statistics_over_images',
  'swelling',
  'why_missing',
]


__getattr__ = make_getattr(__name__, _MODULES)


def __dir__() -> list[str]:
  return sorted({*globals(), *__all__})
