"""The pictures of docs/labelling.md, drawn from simulated foils.

  python -m benchmarks.labelling_pictures --output=docs/labelling.png

from the root of the repository. Outlines are those of the simulated truth, or
wrong on purpose.
"""

import importlib
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy import ndimage

from benchmarks import report
from defectseg_jax.micrographs.outlines import outlines
from defectseg_jax.quantification.particles.components import label_regions
from defectseg_jax.reporting.overlays import grey_levels
from defectseg_jax.simulation import foil_parameters, simulate_foil

_RIGHT, _WRONG = '#40e0d0', '#ff8c1a'
_SIDE_PX = 1024


class Panel(NamedTuple):
  """One picture.

  Attributes:
    title: what it shows.
    grey: uint8 [H, W].
    right: int32 [H, W], ids of objects that are outlined as they should be.
    wrong: bool [H, W], an outline that should not be.
  """

  title: str
  grey: np.ndarray
  right: np.ndarray
  wrong: np.ndarray | None = None


def main() -> None:
  """Draws the picture."""
  parser = report.create_parser(__doc__)
  parser.add_argument('--output', default='docs/labelling.png')
  flags = parser.parse_args()
  panels = [*_voids(), *_lines()]
  figure = Figure(figsize=(13, 9), layout='constrained')
  for axes, panel in zip(figure.subplots(2, 3).flat, panels, strict=True):
    _draw(axes, panel)
  figure.savefig(flags.output, dpi=80, metadata={'Software': None})


def _voids() -> list[Panel]:
  pixels, mask = _foil('voids', **{'voids.density_per_m3': 3e21})
  grey, ids = grey_levels(pixels), label_regions(mask, separate=True)[0]
  alone = _window(_place_alone(ids), 96)
  large = ndimage.binary_dilation(mask, iterations=4)
  touching = _window(_place_touching(ids), 128)
  border = _window(_place_at_border(ids), 128)
  return [
    Panel('where it ends in the image', grey[alone], ids[alone]),
    Panel('not outside of its edge', grey[alone], ids[alone] * 0, large[alone]),
    Panel('two that touch: two objects', grey[touching], ids[touching]),
    Panel('at the border: up to the last pixel', grey[border], ids[border]),
  ]


def _lines() -> list[Panel]:
  pixels, mask = _foil('dislocations')
  grey = grey_levels(pixels)
  rows, columns = np.nonzero(mask[100:-100, 100:-100])
  middle = len(rows) // 2
  where = _window((int(rows[middle]) + 100, int(columns[middle]) + 100), 160)
  thick = ndimage.binary_dilation(mask, iterations=3)
  return [
    Panel(
      'a line: 3 pixels, along its middle',
      grey[where],
      mask[where].astype(np.int32),
    ),
    Panel(
      'not as wide as it is dark', grey[where], mask[where] * 0, thick[where]
    ),
  ]


def _foil(defect: str, **changes: Any) -> tuple[np.ndarray, np.ndarray]:
  config = importlib.import_module(f'configs.{defect}').get_config().foil
  config.update_from_flattened_dict({'side_px': _SIDE_PX, **changes})
  made = simulate_foil(foil_parameters(config.to_dict()), seed=5, index=0)
  return made.pixels, made.masks[defect]


def _place_alone(ids: np.ndarray) -> tuple[int, int]:
  """The largest object that a window shows whole, with nothing near."""
  found = ndimage.find_objects(ids)
  areas = np.bincount(ids.ravel())
  for one in np.argsort(-areas[1:]) + 1:
    rows, columns = found[one - 1]
    row, column = _middle(rows), _middle(columns)
    near = ids[_window((row, column), 96)]
    inside = 60 < row < _SIDE_PX - 60 and 60 < column < _SIDE_PX - 60
    sides = rows.stop - rows.start, columns.stop - columns.start
    if inside and max(sides) < 70 and set(np.unique(near)) <= {0, one}:
      return row, column
  raise ValueError('no object is alone; take another seed')


def _place_touching(ids: np.ndarray) -> tuple[int, int]:
  """The middle of the longest border between two objects."""
  right = (ids[:, :-1] != ids[:, 1:]) & (ids[:, :-1] > 0) & (ids[:, 1:] > 0)
  labelled: Any = ndimage.label(right, np.ones((3, 3)))
  borders, count = labelled
  if not count:
    raise ValueError('no two objects touch; take another seed')
  longest = (
    int(np.argmax(np.bincount(np.asarray(borders, int).ravel())[1:])) + 1
  )
  rows, columns = np.nonzero(borders == longest)
  return int(rows.mean()), int(columns.mean())


def _place_at_border(ids: np.ndarray) -> tuple[int, int]:
  """The object that has most pixels at the right side."""
  at_side = np.bincount(ids[64:-64, -1])
  one = int(np.argmax(at_side[1:])) + 1
  rows, _ = ndimage.find_objects((ids == one).astype(int))[0]
  return _middle(rows), _SIDE_PX - 1


def _middle(side: slice) -> int:
  return (side.start + side.stop) // 2


def _window(place: tuple[int, int], side: int) -> tuple[slice, slice]:
  starts = [min(max(0, one - side // 2), _SIDE_PX - side) for one in place]
  return slice(starts[0], starts[0] + side), slice(starts[1], starts[1] + side)


def _draw(axes: Axes, panel: Panel) -> None:
  height, width = panel.grey.shape
  where: Any = (0, width, height, 0)
  axes.imshow(panel.grey, cmap='gray', vmin=0, vmax=255, extent=where)
  for one in np.unique(panel.right[panel.right > 0]):
    _outline(axes, panel.right == one, color=_RIGHT)
  if panel.wrong is not None:
    _outline(axes, panel.wrong, color=_WRONG, linestyle='--')
  colour = 'black' if panel.wrong is None else '#b35900'
  axes.set_title(panel.title, color=colour, fontsize=15)
  axes.set(xticks=[], yticks=[], xlim=(0, width), ylim=(height, 0))


def _outline(axes: Axes, region: np.ndarray, **look: Any) -> None:
  for polygon in outlines(region):
    closed = np.append(polygon, polygon[:1], axis=0)
    axes.plot(closed[:, 0], closed[:, 1], linewidth=2, **look)


if __name__ == '__main__':
  main()
