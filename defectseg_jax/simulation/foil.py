"""A simulated foil: geometry, then contrast, then detector, from one seed."""

import dataclasses
from collections.abc import Sequence
from itertools import compress
from typing import Any

import numpy as np

from defectseg_jax.simulation import (
  annotation,
  defect_contrast,
  detector,
  ground_truth,
  matrix_contrast,
  particles,
)
from defectseg_jax.simulation.background import random_crop
from defectseg_jax.simulation.dislocations import Line, create_dislocations
from defectseg_jax.simulation.parameters import FoilParameters

KINDS = ('voids', 'precipitates', 'dislocations')

# Each has random numbers of its own: a change of the dose moves no void.
_STREAMS = (*KINDS, 'defects', 'matrix', 'scan')


@dataclasses.dataclass(frozen=True, eq=False)
class Geometry:
  """What is in a foil, before any beam.

  Attributes:
    voids: with their silhouettes.
    precipitates: with their silhouettes.
    lines: the dislocations.
  """

  voids: Sequence[particles.VisibleParticle]
  precipitates: Sequence[particles.VisibleParticle]
  lines: Sequence[Line]


@dataclasses.dataclass(frozen=True, eq=False)
class Foil:
  """A simulated micrograph, its labels and its ground truth.

  Attributes:
    pixels: uint8 or uint16 [side_px, side_px]; voids bright, precipitates and
      dislocations dark.
    masks: of voids, precipitates and dislocations, bool [side_px, side_px].
    truth: parameters, totals, and a row for each defect, ready for JSON.
    arrays: the polylines of the dislocations: see `ground_truth.line_arrays`.
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
    seed: of the series, 0 or more.
    index: of the micrograph in the series, 0 or more. Seed and index decide all
      random numbers, whatever the order in which micrographs are simulated.
    background: float32, at least [side_px, side_px], a micrograph without
      defects. Defects are rendered into a part of it; its contrast and noise
      replace those of the simulated matrix and detector.

  Returns:
    The micrograph with labels and ground truth.

  Examples:
    >>> from defectseg_jax.simulation import foil_parameters
    >>> foil = foil_parameters(
    ...   {'side_px': 128, 'voids': {'density_per_m3': 5e21}}
    ... )
    >>> made = simulate_foil(foil, seed=0, index=0)
    >>> made.pixels.shape, made.pixels.dtype
    ((128, 128), dtype('uint8'))
    >>> made.masks['voids'].shape, made.masks['voids'].dtype
    ((128, 128), dtype('bool'))
    >>> made.truth['totals']['voids']['count']
    1
  """
  geometry = foil_geometry(foil, seed=seed, index=index)
  streams = _random_streams(seed, index)
  signal = _signal(foil, geometry, streams, background)
  masks, drawn = foil_labels(foil, geometry)
  return Foil(
    pixels=detector.quantise(signal, foil.detector.bits),
    masks=masks,
    truth={'seed': seed, 'index': index, **_truth(foil, geometry, drawn)},
    arrays=ground_truth.line_arrays(geometry.lines),
  )


def foil_geometry(foil: FoilParameters, *, seed: int, index: int) -> Geometry:
  """Particles and lines of one foil of a series; see `simulate_foil`."""
  streams = _random_streams(seed, index)
  voids = particles.create_voids(foil, streams['voids'])
  precipitates = particles.create_precipitates(foil, streams['precipitates'])
  return Geometry(
    voids=_visible_particles(voids, foil),
    precipitates=_visible_particles(precipitates, foil),
    lines=create_dislocations(foil, streams['dislocations']),
  )


def foil_labels(
  foil: FoilParameters, geometry: Geometry
) -> tuple[dict[str, np.ndarray], dict[str, list[bool]]]:
  """The masks that a careful person would draw, and what is in them.

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
  outlines = {
    'voids': [s for _, s in compress(geometry.voids, drawn['voids'])],
    'precipitates': [
      s for _, s in compress(geometry.precipitates, drawn['precipitates'])
    ],
  }
  lines = list(compress(geometry.lines, drawn['dislocations']))
  masks = {k: annotation.fill_outlines(s, foil) for k, s in outlines.items()}
  masks['dislocations'] = annotation.draw_lines(lines, foil)
  return masks, drawn


def _random_streams(seed: int, index: int) -> dict[str, np.random.Generator]:
  return {
    name: np.random.default_rng([seed, index, number])
    for number, name in enumerate(_STREAMS)
  }


def _visible_particles(
  everywhere: Sequence[particles.Particle], foil: FoilParameters
) -> list[particles.VisibleParticle]:
  """Those of which something is in the micrograph, with their silhouettes."""
  seen = particles.silhouettes(everywhere, foil)
  return [
    (particle, silhouette)
    for particle, silhouette in zip(everywhere, seen, strict=True)
    if silhouette is not None
  ]


def _signal(
  foil: FoilParameters,
  geometry: Geometry,
  streams: dict[str, np.random.Generator],
  background: np.ndarray | None,
) -> np.ndarray:
  """What the detector reads: float32 [side_px, side_px]."""
  transmission = defect_contrast.defect_transmission(
    foil,
    geometry.voids,
    geometry.precipitates,
    geometry.lines,
    streams['defects'],
  )
  if background is not None:
    ground = random_crop(background, foil.side_px, streams['matrix'])
    return ground * detector.scan(transmission, foil, streams['scan'])
  transmission *= matrix_contrast.matrix_transmission(foil, streams['matrix'])
  image = detector.scan(transmission, foil, streams['scan'])
  return detector.count_electrons(image, foil, streams['scan'])


def _truth(
  foil: FoilParameters, geometry: Geometry, drawn: dict[str, list[bool]]
) -> dict[str, Any]:
  """Parameters, totals and rows; the keys are those of truth/NAME.json."""
  rows = {
    'voids': ground_truth.particle_rows(geometry.voids, drawn['voids'], foil),
    'precipitates': ground_truth.particle_rows(
      geometry.precipitates, drawn['precipitates'], foil
    ),
  }
  line_rows = ground_truth.line_rows(geometry.lines)
  return {
    'parameters': dataclasses.asdict(foil),
    'pixel_size_nm': foil.pixel_size_nm,
    'thickness_nm': foil.thickness_nm,
    'area_m2': foil.area_m2,
    'volume_m3': foil.volume_m3,
    'totals': ground_truth.foil_totals(rows, line_rows, foil),
    **rows,
    'dislocations': line_rows,
  }
