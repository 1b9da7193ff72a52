"""A simulated foil: geometry, then contrast, then detector, from one seed."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from defectseg_jax.simulation import (
  annotation,
  contrast,
  detector,
  dislocations,
  ground_truth,
  particles,
)
from defectseg_jax.simulation.background import crop
from defectseg_jax.simulation.parameters import FoilParameters

KINDS = ('voids', 'precipitates', 'dislocations')

# Each has random numbers of its own: another dose moves no void.
_STREAMS = (*KINDS, 'defects', 'matrix', 'scan')


@dataclasses.dataclass(frozen=True, eq=False)
class Geometry:
  """What is in a foil, before any beam.

  Attributes:
    voids: with what the foil and the micrograph hold of them.
    precipitates: the same.
    lines: of dislocation.
  """

  voids: Sequence[tuple[particles.Particle, particles.Silhouette]]
  precipitates: Sequence[tuple[particles.Particle, particles.Silhouette]]
  lines: Sequence[dislocations.Line]


@dataclasses.dataclass(frozen=True, eq=False)
class Foil:
  """A micrograph, its labels and what is in it.

  Attributes:
    pixels: uint8 or uint16 [side_px, side_px]; voids bright, precipitates and
      dislocations dark.
    masks: of voids, precipitates and dislocations, bool [side_px, side_px].
    truth: numbers, as JSON holds them.
    arrays: the polylines of the dislocations, as `line_arrays` has them.
  """

  pixels: np.ndarray
  masks: dict[str, np.ndarray]
  truth: dict[str, Any]
  arrays: dict[str, np.ndarray]


def simulate_foil(
  foil: FoilParameters,
  *,
  seed: int,
  index: int,
  background: np.ndarray | None = None,
) -> Foil:
  """One micrograph of a series.

  Args:
    foil: its parameters.
    seed: of the series.
    index: of the micrograph in it. Seed and index alone decide what is drawn,
      in whatever order micrographs are made.
    background: float32, at least [side_px, side_px], a micrograph without
      defects. They are rendered into a part of it; its own contrast and noise
      take the place of the simulated matrix and detector.

  Returns:
    The micrograph with labels and truth.
  """
  geometry = foil_geometry(foil, seed=seed, index=index)
  signal = _signal(foil, geometry, _random(seed, index), background)
  masks, drawn = foil_labels(foil, geometry)
  return Foil(
    pixels=detector.quantise(signal, foil.detector.bits),
    masks=masks,
    truth={'seed': seed, 'index': index, **_truth(foil, geometry, drawn)},
    arrays=ground_truth.line_arrays(geometry.lines),
  )


def foil_geometry(foil: FoilParameters, *, seed: int, index: int) -> Geometry:
  """Particles and lines of one foil of a series; see `simulate_foil`."""
  random = _random(seed, index)
  return Geometry(
    voids=_seen(particles.voids(foil, random['voids']), foil),
    precipitates=_seen(
      particles.precipitates(foil, random['precipitates']), foil
    ),
    lines=dislocations.dislocations(foil, random['dislocations']),
  )


def foil_labels(
  foil: FoilParameters, geometry: Geometry
) -> tuple[dict[str, np.ndarray], dict[str, list[bool]]]:
  """The masks of a careful person, and what that person has drawn.

  Args:
    foil: its parameters.
    geometry: of the foil.

  Returns:
    Masks of each kind, bool [side_px, side_px]; and for each void,
    precipitate and line whether it is in its mask.
  """
  over = np.zeros((foil.side_px, foil.side_px), np.float32)
  for _, silhouette in geometry.precipitates:
    over[silhouette.rows, silhouette.columns] += silhouette.path_nm
  drawn = {
    'voids': [annotation.void_is_drawn(s, over) for _, s in geometry.voids],
    'precipitates': [
      annotation.precipitate_is_drawn(s) for _, s in geometry.precipitates
    ],
    'dislocations': [line.in_contrast for line in geometry.lines],
  }

  def chosen(items, kind):
    return [i for i, yes in zip(items, drawn[kind], strict=True) if yes]

  masks = {
    kind: annotation.fill_outlines(
      [s for _, s in chosen(getattr(geometry, kind), kind)], foil
    )
    for kind in ('voids', 'precipitates')
  }
  masks['dislocations'] = annotation.draw_lines(
    chosen(geometry.lines, 'dislocations'), foil
  )
  return masks, drawn


def _random(seed, index):
  return {
    name: np.random.default_rng([seed, index, number])
    for number, name in enumerate(_STREAMS)
  }


def _seen(found, foil):
  silhouettes = [particles.silhouette(particle, foil) for particle in found]
  return [
    (particle, silhouette)
    for particle, silhouette in zip(found, silhouettes, strict=True)
    if silhouette is not None
  ]


def _signal(foil, geometry, random, background):
  transmission = contrast.defect_transmission(
    foil,
    geometry.voids,
    geometry.precipitates,
    geometry.lines,
    random['defects'],
  )
  if background is not None:
    ground = crop(background, foil.side_px, random['matrix'])
    return ground * detector.scan(transmission, foil, random['scan'])
  transmission *= contrast.matrix_transmission(foil, random['matrix'])
  image = detector.scan(transmission, foil, random['scan'])
  return detector.count_electrons(image, foil, random['scan'])


def _truth(foil, geometry, drawn):
  rows = {
    kind: ground_truth.particle_rows(getattr(geometry, kind), drawn[kind], foil)
    for kind in ('voids', 'precipitates')
  }
  line_rows = ground_truth.line_rows(geometry.lines)
  return {
    'parameters': dataclasses.asdict(foil),
    'pixel_size_nm': foil.pixel_size_nm,
    'thickness_nm': foil.thickness_nm,
    'area_m2': foil.area_m2,
    'volume_m3': foil.volume_m3,
    'totals': ground_truth.totals(rows, line_rows, foil),
    **rows,
    'dislocations': line_rows,
  }
