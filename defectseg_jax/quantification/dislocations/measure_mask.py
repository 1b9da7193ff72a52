"""Everything that is measured in a mask of dislocation lines."""

import dataclasses
import math
from collections.abc import Mapping

import numpy as np

from defectseg_jax.quantification.dislocations import (
  line_intercepts,
  skeletons,
)
from defectseg_jax.quantification.dislocations.corrections import (
  LineCorrections,
)
from defectseg_jax.quantification.dislocations.detection import LineDetection
from defectseg_jax.quantification.dislocations.joined_lines import (
  JoinedLines,
  joined_lines,
)
from defectseg_jax.quantification.dislocations.properties import measure_lines
from defectseg_jax.quantification.dislocations.summary import (
  dislocation_summary,
)
from defectseg_jax.quantification.measurement import Measurement
from defectseg_jax.quantification.particles.window import (
  Window,
  specimen_mask,
)
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
  return line_measurement(
    mask,
    window,
    skeletons.line_skeleton(mask, spur_px=settings.spur_px),
    joined=None if ids is None else joined_lines(mask, ids),
    pixel_size_nm=pixel_size_nm,
    thickness_nm=thickness_nm,
    settings=settings,
    detection=detection,
    seed=seed,
  )


def line_measurement(
  mask: np.ndarray,
  window: Window,
  skeleton: skeletons.Skeleton,
  *,
  joined: JoinedLines | None,
  table: bool = True,
  random: line_intercepts.Crossings | None = None,
  pixel_size_nm: float | None,
  thickness_nm: float | None,
  settings: QuantificationSettings,
  detection: LineDetection | None,
  seed: int,
) -> Measurement:
  """The numbers of lines that are thinned.

  Args:
    mask: bool [H, W], of specimen alone.
    window: where the image shows specimen.
    skeleton: of the mask, pruned.
    joined: how many are left of lines that touch; None where none does.
    table: whether to make the table of all lines, which takes longer than the
      rest.
    random: crossings with random lines; None counts them.
    pixel_size_nm, thickness_nm, settings, detection, seed: as of `measure`.
  """
  summary = dislocation_summary(
    mask,
    pixel_size_nm=pixel_size_nm,
    thickness_nm=thickness_nm,
    spacing_px=settings.spacing_px,
    random_lines=settings.random_lines,
    spur_px=settings.spur_px,
    skeleton=skeleton,
    random=random,
    corrections=_corrections(settings),
    thickness_uncertainty=settings.thickness_uncertainty,
    pixel_size_uncertainty=settings.pixel_size_uncertainty,
    detection=detection,
    seed=seed,
    valid=window.valid,
  )
  warnings = [
    *_size_warnings(summary, pixel_size_nm, thickness_nm),
    *_join_warnings(joined),
    *beside_warnings(window.marked_beside_px),
  ]
  nothing = np.zeros(0)
  found = Measurement(
    *(summary, {}, warnings, mask.view(np.uint8), nothing.astype(bool)),
    *(nothing, nothing),
    valid=window.valid,
  )
  if not table:
    return found
  return _with_table(found, mask, skeleton, pixel_size_nm, settings.spacing_px)


def _size_warnings(
  summary: Mapping[str, float],
  pixel_size_nm: float | None,
  thickness_nm: float | None,
) -> list[QualityWarning]:
  return dislocation_warnings(
    density_per_m2=summary['density_length_per_m2'],
    line_width_nm=summary['line_width_nm'],
    pixel_size_nm=pixel_size_nm,
    thickness_nm=thickness_nm,
  )


def _with_table(
  found: Measurement,
  mask: np.ndarray,
  skeleton: skeletons.Skeleton,
  pixel_size_nm: float | None,
  spacing_px: int,
) -> Measurement:
  """With all lines, and the distances between crossings."""
  lines = measure_lines(mask, skeleton, pixel_size_nm=pixel_size_nm)
  between_px = line_intercepts.grid_intervals_px(
    mask, spacing_px=spacing_px, valid=found.valid
  )
  return dataclasses.replace(
    found,
    objects=lines.columns(),
    labels=lines.labels,
    counted=np.ones(len(lines.area_px), bool),
    sizes_nm=between_px * (pixel_size_nm or math.nan),
    sizes_px=between_px,
  )


def _corrections(settings: QuantificationSettings) -> LineCorrections:
  return LineCorrections(
    projection_factor=settings.projection_factor,
    projection_uncertainty=settings.projection_uncertainty,
    unseen_fraction=settings.unseen_fraction,
    unseen_uncertainty=settings.unseen_uncertainty,
  )


def _join_warnings(found: JoinedLines | None) -> list[QualityWarning]:
  """That lines of different ids are measured as one."""
  if found is None:
    return []
  return [
    QualityWarning(
      'lines_joined',
      f'the mask numbers {found.numbered} lines, some of which touch: those '
      f'are measured as one, which makes {found.joined}. Densities do not '
      'depend on it',
    )
  ]
