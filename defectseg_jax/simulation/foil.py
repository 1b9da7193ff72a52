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
  silhouettes,
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

  voids: Sequence[silhouettes.VisibleParticle]
  precipitates: Sequence[silhouettes.VisibleParticle]
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
  masks, drawn = foil_labels(foil, geometry)
  return Foil(
    pixels=foil_pixels(
      foil, geometry, seed=seed, index=index, background=background
    ),
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


def foil_pixels(
  foil: FoilParameters,
  geometry: Geometry,
  *,
  seed: int,
  index: int,
  background: np.ndarray | None = None,
) -> np.ndarray:
  """The micrograph of a geometry.

  Args:
    foil: its parameters.
    geometry: of the foil.
    seed: see `simulate_foil`.
    index: see `simulate_foil`.
    background: see `simulate_foil`.

  Returns:
    uint8 or uint16 [side_px, side_px].
  """
  streams = _random_streams(seed, index)
  signal = _signal(foil, geometry, streams, background)
  return detector.quantise(signal, foil.detector.bits)


def foil_labels(
  foil: FoilParameters, geometry: Geometry
) -> tuple[dict[str, np.ndarray], dict[str, list[bool]]]:
  """Masks of all kinds, and what is in them: see `foil_label`."""
  found = {kind: foil_label(foil, geometry, kind) for kind in KINDS}
  return (
    {kind: mask for kind, (mask, _) in found.items()},
    {kind: drawn for kind, (_, drawn) in found.items()},
  )


def foil_label(
  foil: FoilParameters, geometry: Geometry, kind: str
) -> tuple[np.ndarray, list[bool]]:
  """The mask that a careful person would draw, and what is in it.

  Args:
    foil: its parameters.
    geometry: of the foil.
    kind: voids, precipitates or dislocations.

  Returns:
    bool [side_px, side_px]; and for each void, precipitate or line whether it
    is in the mask.
  """
  if kind == 'dislocations':
    drawn = [line.in_contrast for line in geometry.lines]
    lines = list(compress(geometry.lines, drawn))
    return annotation.draw_lines(lines, foil), drawn
  precipitates = [silhouette for _, silhouette in geometry.precipitates]
  if kind == 'precipitates':
    drawn = [annotation.precipitate_is_drawn(s) for s in precipitates]
    outlines = compress(precipitates, drawn)
  else:
    over = np.zeros((foil.side_px, foil.side_px), np.float32)
    for silhouette in precipitates:
      over[silhouette.rows, silhouette.columns] += silhouette.path_nm
    voids = [silhouette for _, silhouette in geometry.voids]
    drawn = [annotation.void_is_drawn(s, over) for s in voids]
    outlines = compress(voids, drawn)
  return annotation.fill_outlines(list(outlines), foil), drawn


def _random_streams(seed: int, index: int) -> dict[str, np.random.Generator]:
  return {
    name: np.random.default_rng([seed, index, number])
    for number, name in enumerate(_STREAMS)
  }


def _visible_particles(
  everywhere: Sequence[particles.Particle], foil: FoilParameters
) -> list[silhouettes.VisibleParticle]:
  """Those of which something is in the micrograph, with their silhouettes."""
  seen = silhouettes.silhouettes(everywhere, foil)
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
