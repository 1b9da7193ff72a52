"""Ground truth: what is in a simulated foil, as numbers and arrays."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from defectseg_jax.simulation.dislocations import Line
from defectseg_jax.simulation.parameters import FoilParameters
from defectseg_jax.simulation.silhouettes import VisibleParticle


def particle_rows(
  seen: Sequence[VisibleParticle],
  drawn: Sequence[bool],
  foil: FoilParameters,
) -> list[dict[str, Any]]:
  """A row for each particle of which something is in the micrograph.

  Args:
    seen: particles with their silhouettes.
    drawn: whether each is in the mask.
    foil: its parameters.

  Returns:
    Rows with the units in their names. `diameter_nm` and `volume_nm3` are of
    the whole particle, `volume_in_foil_nm3` of what the surfaces left.
  """
  return [
    {
      'x_nm': float(particle.centre_nm[0]),
      'y_nm': float(particle.centre_nm[1]),
      'z_nm': float(particle.centre_nm[2]),
      'diameter_nm': float(particle.diameter_nm),
      'volume_nm3': float(particle.volume_nm3),
      'volume_in_foil_nm3': silhouette.volume_in_foil_nm3,
      'centre_in_foil': _foil_contains(particle.centre_nm, foil),
      'touches_border': silhouette.touches_border,
      'cut_by_surface': silhouette.cut_by_surface,
      'labelled': bool(label),
    }
    for (particle, silhouette), label in zip(seen, drawn, strict=True)
  ]


def line_rows(lines: Sequence[Line]) -> list[dict[str, Any]]:
  """A row for each line; its points are in `line_arrays`, in this order."""
  return [
    {
      'kind': line.kind,
      'length_nm': line.length_nm,
      'projected_length_nm': line.projected_length_nm,
      'in_contrast': line.in_contrast,
      'labelled': line.in_contrast,
    }
    for line in lines
  ]


def line_arrays(lines: Sequence[Line]) -> dict[str, np.ndarray]:
  """The polylines.

  Returns:
    `line_points_nm`, float32 [points, 3]: x, y, z of all lines, one after the
    other; the first two columns are the projected polyline. `line_starts`,
    int64 [lines + 1]: line i has the points from line_starts[i] up to
    line_starts[i + 1].
  """
  points = [line.points_nm for line in lines]
  return {
    'line_points_nm': np.concatenate([np.empty((0, 3)), *points]).astype(
      np.float32
    ),
    'line_starts': np.cumsum([0, *map(len, points)], dtype=np.int64),
  }


def foil_totals(
  particles: dict[str, list[dict[str, Any]]],
  lines: Sequence[dict[str, Any]],
  foil: FoilParameters,
) -> dict[str, Any]:
  """Densities and total lengths, over the foil under the micrograph.

  Args:
    particles: rows of `voids` and `precipitates`.
    lines: rows.
    foil: its parameters.

  Returns:
    For each kind of particle: the number of centres in that volume, the number
    density, the mean and the standard deviation of the diameters, and the
    volume fraction. For lines: their number, their lengths, and their length
    over the volume.
  """
  totals = {}
  for kind, rows in particles.items():
    inside = [row for row in rows if row['centre_in_foil']]
    diameters = np.array([row['diameter_nm'] for row in inside])
    totals[kind] = {
      'count': len(inside),
      'number_density_per_m3': len(inside) / foil.volume_m3,
      'diameter_mean_nm': float(diameters.mean()) if inside else None,
      'diameter_std_nm': float(diameters.std(ddof=1))
      if len(inside) > 1
      else None,
      'volume_fraction': sum(row['volume_nm3'] for row in inside)
      * 1e-27
      / foil.volume_m3,
    }
  length_nm = sum(row['length_nm'] for row in lines)
  totals['dislocations'] = {
    'count': len(lines),
    'length_nm': length_nm,
    'projected_length_nm': sum(row['projected_length_nm'] for row in lines),
    'density_per_m2': length_nm * 1e-9 / foil.volume_m3,
    'density_in_contrast_per_m2': sum(
      row['length_nm'] for row in lines if row['in_contrast']
    )
    * 1e-9
    / foil.volume_m3,
  }
  return totals


def _foil_contains(centre_nm: np.ndarray, foil: FoilParameters) -> bool:
  """Whether a point is in the foil and under the micrograph."""
  high = np.array([foil.side_nm, foil.side_nm, foil.thickness_nm])
  return bool(((centre_nm >= 0) & (centre_nm < high)).all())
