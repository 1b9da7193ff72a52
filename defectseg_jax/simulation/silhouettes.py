"""Voids and precipitates as the beam sees them, cut by surfaces and edges.

Lengths are in nanometres: see `particles`.
"""

import dataclasses
from collections.abc import Iterator, Sequence

import numpy as np

from defectseg_jax.simulation.parameters import FoilParameters
from defectseg_jax.simulation.particle_shapes import Beams, Form, Particle
from defectseg_jax.simulation.pixel_grid import pixels_of_boxes

# Pixels that are worked out at once: few enough for a processor's cache.
_BATCH_PX = 1 << 14


@dataclasses.dataclass(frozen=True, eq=False)
class Silhouette:
  """What of a particle lies in the foil and in the micrograph.

  Attributes:
    rows: of the micrograph.
    columns: of the micrograph.
    path_nm: float32 [rows, columns], length of the beam inside the particle.
    touches_border: whether the micrograph's edge cuts it.
    cut_by_surface: whether a surface of the foil cuts it.
    volume_in_foil_nm3: of what the surfaces leave, including what lies outside
      the micrograph.
  """

  rows: slice
  columns: slice
  path_nm: np.ndarray
  touches_border: bool
  cut_by_surface: bool
  volume_in_foil_nm3: float


VisibleParticle = tuple[Particle, Silhouette]


def silhouettes(
  bodies: Sequence[Particle], foil: FoilParameters
) -> list[Silhouette | None]:
  """The particles as the beam sees them, cut by the surfaces and the edges.

  Args:
    bodies: of what the foil was cut from.
    foil: its parameters.

  Returns:
    Of each; None where nothing of it is left in the micrograph.
  """
  pixel = foil.pixel_size_nm
  # Rows before columns.
  centres = np.reshape([body.centre_nm for body in bodies], (-1, 3))[:, 1::-1]
  reach = np.reshape([body.reach_nm for body in bodies], (-1, 1))
  first = np.floor((centres - reach) / pixel).astype(np.int64)
  last = np.ceil((centres + reach) / pixel).astype(np.int64)
  meets = (last.min(axis=1) > 0) & (first.max(axis=1) < foil.side_px)
  found: list[Silhouette | None] = [None] * len(bodies)
  areas_px = (last - first).prod(axis=1).tolist()
  for batch in _batches(bodies, areas_px, np.flatnonzero(meets).tolist()):
    some = [bodies[number] for number in batch]
    seen = _silhouettes_of_one_form(some, first[batch], last[batch], foil)
    for number, one in zip(batch, seen, strict=True):
      found[number] = one
  return found


def _batches(
  bodies: Sequence[Particle],
  areas_px: Sequence[int],
  numbers: Sequence[int],
) -> Iterator[list[int]]:
  """Numbers of bodies of one form, with not too many pixels together."""
  same: dict[Form, list[int]] = {}
  for number in numbers:
    same.setdefault(bodies[number].form, []).append(number)
  for members in same.values():
    batch, pixels = [], 0
    for number in members:
      if batch and pixels + areas_px[number] > _BATCH_PX:
        yield batch
        batch, pixels = [], 0
      batch.append(number)
      pixels += areas_px[number]
    yield batch


def _silhouettes_of_one_form(
  bodies: Sequence[Particle],
  first: np.ndarray,
  last: np.ndarray,
  foil: FoilParameters,
) -> Iterator[Silhouette | None]:
  """All pixels of their boxes in a row, since NumPy is slow in small steps."""
  sides = last - first
  ends = sides.prod(axis=1).cumsum()
  starts = ends - sides.prod(axis=1)
  centres = np.array([one.centre_nm for one in bodies])
  body, row, column = pixels_of_boxes(first, sides)
  x = (column + 0.5) * foil.pixel_size_nm - centres[body, 0]
  y = (row + 0.5) * foil.pixel_size_nm - centres[body, 1]
  entry, leaving = bodies[0].form.spans(Beams(x, y, bodies, body))
  depth = centres[:, 2]
  path = np.minimum(leaving, (foil.thickness_nm - depth)[body])
  path -= np.maximum(entry, -depth[body])
  path = np.maximum(path, 0)
  uncut = np.maximum(leaving - entry, 0)
  cut = np.logical_or.reduceat(uncut - path > 1e-9, starts)
  # Those that the micrograph's edges do not meet are cut out at once.
  inside = ((first > 0) & (last < foil.side_px)).all(axis=1)
  left = np.logical_or.reduceat(path > 0, starts)
  paths = path.astype(np.float32)
  pixel_nm2 = foil.pixel_size_nm**2
  for start, end, whole, something, corner, opposite, by_surface in zip(
    *(
      column.tolist()
      for column in (starts, ends, inside, left, first, last, cut)
    ),
    strict=True,
  ):
    if not something:
      yield None
      continue
    rows, columns = map(slice, corner, opposite)
    box = Silhouette(
      rows=rows,
      columns=columns,
      path_nm=paths[start:end].reshape(
        opposite[0] - corner[0], opposite[1] - corner[1]
      ),
      touches_border=False,
      cut_by_surface=by_surface,
      volume_in_foil_nm3=float(np.add.reduce(path[start:end])) * pixel_nm2,
    )
    yield box if whole else _crop(box, foil.side_px)


def _crop(box: Silhouette, side_px: int) -> Silhouette | None:
  """What of a box is in the micrograph."""
  rows, columns = (
    slice(max(span.start, 0), min(span.stop, side_px))
    for span in (box.rows, box.columns)
  )
  path_nm = box.path_nm[
    rows.start - box.rows.start : rows.stop - box.rows.start,
    columns.start - box.columns.start : columns.stop - box.columns.start,
  ]
  if not path_nm.any():
    return None
  at_edges = [
    (rows.start == 0, path_nm[0]),
    (rows.stop == side_px, path_nm[-1]),
    (columns.start == 0, path_nm[:, 0]),
    (columns.stop == side_px, path_nm[:, -1]),
  ]
  return dataclasses.replace(
    box,
    rows=rows,
    columns=columns,
    path_nm=path_nm,
    touches_border=any(edge and bool(line.any()) for edge, line in at_edges),
  )
