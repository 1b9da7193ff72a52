"""One mask to everything that is written of it: objects, numbers, doubts."""

import dataclasses
from typing import Any

import numpy as np

from defectseg_jax.quantification.dislocations import line_intercepts, skeletons
from defectseg_jax.quantification.dislocations import summary as lines
from defectseg_jax.quantification.dislocations.detection import LineDetection
from defectseg_jax.quantification.dislocations.properties import measure_lines
from defectseg_jax.quantification.particles import summary as particles
from defectseg_jax.quantification.particles.borders import select_counted
from defectseg_jax.quantification.particles.detection import Detection
from defectseg_jax.quantification.particles.properties import measure_particles
from defectseg_jax.quantification.plausibility import (
  QualityWarning,
  dislocation_warnings,
  particle_warnings,
)

# The defect whose objects are lines; all others are particles.
LINES = 'dislocations'

_PARTICLE_HEADLINES = (
  'number_density_per_m3',
  'number_density_corrected_per_m3',
  'diameter_mean_nm',
  'diameter_std_nm',
  'volume_fraction',
  'swelling',
)
_LINE_HEADLINES = (
  'density_grid_per_m2',
  'density_length_per_m2',
  'density_grid_corrected_per_m2',
  'density_length_corrected_per_m2',
)


@dataclasses.dataclass(frozen=True, eq=False)
class Measurement:
  """What is known of one image.

  Attributes:
    summary: numbers by name, units in the names.
    objects: columns of a table, a particle or a line a row.
    doubts: what cannot be right.
    labels: int32 [H, W], the object's id at each pixel.
    counted: bool [objects], those that the number density counts; all lines.
    sizes_nm: of whole particles the diameters, of lines the distances between
      crossings along the test lines: what a histogram shows.
  """

  summary: dict[str, float]
  objects: dict[str, np.ndarray]
  doubts: list[QualityWarning]
  labels: np.ndarray
  counted: np.ndarray
  sizes_nm: np.ndarray


def headlines(defect: str) -> tuple[str, ...]:
  """The numbers of a summary that go into a paper."""
  return _LINE_HEADLINES if defect == LINES else _PARTICLE_HEADLINES


def conventions(defect: str) -> dict[str, str]:
  """How the numbers of a summary are defined, by name."""
  return (lines if defect == LINES else particles).CONVENTIONS


def measure(
  defect: str,
  mask: np.ndarray,
  *,
  image: np.ndarray | None,
  pixel_size_nm: float,
  thickness_nm: float,
  settings: Any,
  detection: Detection | LineDetection | None = None,
  seed: int = 0,
) -> Measurement:
  """Measures one mask.

  Args:
    defect: 'dislocations' are lines, anything else is particles.
    mask: bool [H, W].
    image: [H, W], the micrograph, or None.
    pixel_size_nm: side of a pixel.
    thickness_nm: of the foil.
    settings: the `quantification` section of the config.
    detection: of a development set, if the network's is known.
    seed: of bootstraps and random test lines.

  Returns:
    All of it.

  Raises:
    InputError: a setting or a length is out of its range.
  """
  scale = {'pixel_size_nm': pixel_size_nm, 'thickness_nm': thickness_nm}
  common = {
    'thickness_uncertainty': settings.thickness_uncertainty,
    'pixel_size_uncertainty': settings.pixel_size_uncertainty,
    'detection': detection,
    'seed': seed,
  }
  if defect == LINES:
    return _lines(mask, scale, settings, common)
  return _particles(mask, image, scale, settings, common)


def _particles(mask, image, scale, settings, common):
  found = measure_particles(
    mask,
    pixel_size_nm=scale['pixel_size_nm'],
    image=image,
    connectivity=settings.connectivity,
    minimum_area_px=settings.minimum_area_px,
    fill_holes=settings.fill_holes,
    separate=settings.separate,
  )
  summary = particles.particle_summary(
    found,
    thickness_nm=scale['thickness_nm'],
    border=settings.border,
    unseen_nm=settings.unseen_nm,
    **common,
  )
  taken = select_counted(found.at_border, settings.border)
  return Measurement(
    summary=summary,
    objects={**found.columns(), 'counted': taken},
    doubts=particle_warnings(
      found.diameter_nm, volume_fraction=summary['volume_fraction'], **scale
    ),
    labels=found.labels,
    counted=taken,
    sizes_nm=found.diameter_nm[found.whole],
  )


def _lines(mask, scale, settings, common):
  skeleton = skeletons.line_skeleton(mask, spur_px=settings.spur_px)
  summary = lines.dislocation_summary(
    mask,
    **scale,
    spacing_px=settings.spacing_px,
    random_lines=settings.random_lines,
    spur_px=settings.spur_px,
    skeleton=skeleton,
    corrections=lines.LineCorrections(
      projection_factor=settings.projection_factor,
      projection_uncertainty=settings.projection_uncertainty,
      unseen_fraction=settings.unseen_fraction,
      unseen_uncertainty=settings.unseen_uncertainty,
    ),
    **common,
  )
  found = measure_lines(mask, skeleton, pixel_size_nm=scale['pixel_size_nm'])
  between_px = line_intercepts.grid_intervals_px(
    mask, spacing_px=settings.spacing_px
  )
  return Measurement(
    summary=summary,
    objects=found.columns(),
    doubts=dislocation_warnings(
      density_per_m2=summary['density_length_per_m2'],
      line_width_nm=summary['line_width_nm'],
      **scale,
    ),
    labels=found.labels,
    counted=np.ones(len(found.area_px), bool),
    sizes_nm=between_px * scale['pixel_size_nm'],
  )
