"""Everything that is measured in a mask of dislocation lines."""

import math

import numpy as np

from defectseg_jax.quantification.dislocations import (
  line_intercepts,
  skeletons,
)
from defectseg_jax.quantification.dislocations.corrections import (
  LineCorrections,
)
from defectseg_jax.quantification.dislocations.detection import LineDetection
from defectseg_jax.quantification.dislocations.properties import measure_lines
from defectseg_jax.quantification.dislocations.summary import (
  dislocation_summary,
)
from defectseg_jax.quantification.measurement import Measurement
from defectseg_jax.quantification.particles.window import specimen_mask
from defectseg_jax.quantification.plausibility import (
  QualityWarning,
  beside_warnings,
  dislocation_warnings,
)
from defectseg_jax.quantification.settings import QuantificationSettings


def measure_line_mask(
  mask: np.ndarray,
  *,
  image: np.ndarray | None,
  pixel_size_nm: float | None,
  thickness_nm: float | None,
  settings: QuantificationSettings,
  detection: LineDetection | None,
  seed: int,
  ids: np.ndarray | None = None,
  valid: np.ndarray | None,
) -> Measurement:
  """Measures the lines of one mask; arguments as of `measure`.

  The image is not used, nor what ids say of lines that touch.
  """
  del image
  mask, window = specimen_mask(mask, valid)
  skeleton = skeletons.line_skeleton(mask, spur_px=settings.spur_px)
  summary = dislocation_summary(
    mask,
    pixel_size_nm=pixel_size_nm,
    thickness_nm=thickness_nm,
    spacing_px=settings.spacing_px,
    random_lines=settings.random_lines,
    spur_px=settings.spur_px,
    skeleton=skeleton,
    corrections=_corrections(settings),
    thickness_uncertainty=settings.thickness_uncertainty,
    pixel_size_uncertainty=settings.pixel_size_uncertainty,
    detection=detection,
    seed=seed,
    valid=window.valid,
  )
  found = measure_lines(mask, skeleton, pixel_size_nm=pixel_size_nm)
  between_px = line_intercepts.grid_intervals_px(
    mask, spacing_px=settings.spacing_px, valid=window.valid
  )
  return Measurement(
    summary=summary,
    objects=found.columns(),
    warnings=[
      *dislocation_warnings(
        density_per_m2=summary['density_length_per_m2'],
        line_width_nm=summary['line_width_nm'],
        pixel_size_nm=pixel_size_nm,
        thickness_nm=thickness_nm,
      ),
      *_join_warnings(len(found.area_px), ids),
      *beside_warnings(window.marked_beside_px),
    ],
    labels=found.labels,
    counted=np.ones(len(found.area_px), bool),
    sizes_nm=between_px * (pixel_size_nm or math.nan),
    sizes_px=between_px,
    valid=window.valid,
  )


def _corrections(settings: QuantificationSettings) -> LineCorrections:
  return LineCorrections(
    projection_factor=settings.projection_factor,
    projection_uncertainty=settings.projection_uncertainty,
    unseen_fraction=settings.unseen_fraction,
    unseen_uncertainty=settings.unseen_uncertainty,
  )


def _join_warnings(lines: int, ids: np.ndarray | None) -> list[QualityWarning]:
  """That lines of different ids are measured as one."""
  if ids is None:
    return []
  numbered = len(np.unique(ids[ids > 0]))
  return [
    QualityWarning(
      'lines_joined',
      f'the mask numbers {numbered} lines, some of which touch: those are '
      f'measured as one, which makes {lines}. Densities do not depend on it',
    )
  ]
