"""Everything that is measured in a mask of particles."""

import functools
import math
from collections.abc import Mapping

import numpy as np

from defectseg_jax.quantification.checks import boolean_mask
from defectseg_jax.quantification.measurement import Measurement
from defectseg_jax.quantification.particles.connectivity import (
  Numbers,
  connectivity_warnings,
  numbers_of,
  touch_at_corners,
)
from defectseg_jax.quantification.particles.detection import Detection
from defectseg_jax.quantification.particles.overlap_correction import (
  why_not_corrected,
)
from defectseg_jax.quantification.particles.properties import (
  Particles,
  measure_particles,
)
from defectseg_jax.quantification.particles.summary import particle_summary
from defectseg_jax.quantification.plausibility import (
  QualityWarning,
  beside_warnings,
  border_warnings,
  particle_warnings,
)
from defectseg_jax.quantification.settings import QuantificationSettings


def measure_particle_mask(
  mask: np.ndarray,
  *,
  image: np.ndarray | None,
  pixel_size_nm: float | None,
  thickness_nm: float | None,
  settings: QuantificationSettings,
  detection: Detection | None,
  seed: int,
  ids: np.ndarray | None = None,
  valid: np.ndarray | None,
) -> Measurement:
  """Measures the particles of one mask; arguments as of `measure`."""
  find = functools.partial(
    measure_particles,
    mask,
    pixel_size_nm=pixel_size_nm,
    ids=ids,
    minimum_area_px=settings.minimum_area_px,
    fill_holes=settings.fill_holes,
    separate=settings.separate,
    valid=valid,
  )
  # First, so that no memory is taken twice.
  other = None
  if touch_at_corners(boolean_mask(mask) if ids is None else ids):
    other = numbers_of(
      find(connectivity=12 - settings.connectivity), settings.border
    )
  found = find(connectivity=settings.connectivity, image=image)
  return particle_measurement(
    found,
    other,
    thickness_nm=thickness_nm,
    settings=settings,
    detection=detection,
    seed=seed,
  )


def particle_measurement(
  found: Particles,
  other: Numbers | None,
  *,
  thickness_nm: float | None,
  settings: QuantificationSettings,
  detection: Detection | None,
  seed: int,
  table: bool = True,
) -> Measurement:
  """The numbers of particles that are found and measured.

  Args:
    found: the particles.
    other: what the other connectivity makes of them; None where it is known to
      be the same.
    thickness_nm, settings, detection, seed: as of `measure`.
    table: whether to make the table of all particles.
  """
  known = not math.isnan(found.pixel_size_nm)
  pixel_size_nm = found.pixel_size_nm if known else None
  summary = particle_summary(
    found,
    thickness_nm=thickness_nm,
    border=settings.border,
    unseen_nm=settings.unseen_nm,
    thickness_uncertainty=settings.thickness_uncertainty,
    pixel_size_uncertainty=settings.pixel_size_uncertainty,
    detection=detection,
    seed=seed,
  )
  sizes_px = found.diameter_px[found.whole]
  counted = found.counted(settings.border)
  return Measurement(
    summary=summary,
    objects={**found.columns(), 'counted': counted} if table else {},
    warnings=[
      *connectivity_warnings(
        numbers_of(found, settings.border),
        other,
        settings.connectivity,
        'nm' if pixel_size_nm else 'px',
      ),
      *_warnings(found, summary, counted, pixel_size_nm, thickness_nm),
    ],
    labels=found.labels,
    counted=counted,
    sizes_nm=sizes_px * (pixel_size_nm or math.nan),
    sizes_px=sizes_px,
    valid=found.window.valid,
  )


def _warnings(
  found: Particles,
  summary: Mapping[str, float],
  counted: np.ndarray,
  pixel_size_nm: float | None,
  thickness_nm: float | None,
) -> list[QualityWarning]:
  """What a reader must know before the numbers are believed."""
  return [
    *particle_warnings(
      found.diameter_nm,
      volume_fraction=summary['volume_fraction'],
      pixel_size_nm=pixel_size_nm,
      thickness_nm=thickness_nm,
    ),
    *border_warnings(
      found.area_px,
      found.at_border,
      counted,
      image_px=found.window.area_px,
    ),
    *beside_warnings(found.window.marked_beside_px),
    *_correction_warnings(
      found, summary, None not in (pixel_size_nm, thickness_nm)
    ),
  ]


def _correction_warnings(
  found: Particles, summary: Mapping[str, float], volume_known: bool
) -> list[QualityWarning]:
  """Why there is no corrected density."""
  corrected = summary['number_density_corrected_per_m3']
  if not (volume_known and len(found) and math.isnan(corrected)):
    return []
  return [
    QualityWarning(
      'overlap_not_corrected',
      'density and diameter cannot be corrected for overlap: '
      f'{why_not_corrected(found)}',
    )
  ]
