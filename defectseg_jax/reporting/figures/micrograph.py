"""A micrograph with its objects outlined and a scale bar, for print."""

import numpy as np
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure
from matplotlib.path import Path
from PIL import Image
from scipy import ndimage

from defectseg_jax.micrographs.outlines import outlines
from defectseg_jax.reporting import colours
from defectseg_jax.reporting.overlays import grey_levels

COUNTED, NOT_COUNTED = colours.SKY_BLUE, colours.ORANGE
# Lines and gaps by the height of the letters, and the longest bar as a part of
# the image's width; by eye.
_OUTLINE, _BAR, _EDGE = 1 / 16, 5 / 16, 1 / 16
_LONGEST_BAR = 0.25


def micrograph_figure(
  pixels: np.ndarray,
  labels: np.ndarray,
  *,
  pixel_size_nm: float | None,
  width_in: float,
  letters_pt: float,
  most_px: int,
  counted: np.ndarray | None = None,
  valid: np.ndarray | None = None,
  unlabelled: np.ndarray | None = None,
) -> Figure:
  """Draws a micrograph from edge to edge.

  Each object is outlined along the edges of its pixels, each hole too: one
  path an object, so that each can be picked in a drawing program.

  Args:
    pixels: [H, W], the micrograph.
    labels: int [H, W], the object's id, from 1, at each pixel; 0 elsewhere.
    pixel_size_nm: None counts the bar in pixels, and says so.
    width_in: of the figure; its height follows.
    letters_pt: height of the bar's letters; lines follow.
    most_px: larger pictures are averaged to this longest side.
    counted: bool [objects]: others are orange; None for all.
    valid: bool [H, W], True on specimen; the rest is darker. None where all is.
    unlabelled: bool [H, W], hatched: nobody says what is there.
  """
  height, width = labels.shape
  figure = Figure(figsize=(width_in, width_in * height / width))
  axes = figure.add_axes((0, 0, 1, 1))
  axes.set_axis_off()
  axes.imshow(
    *(_reduced(grey_levels(pixels, valid=valid), most_px), 'gray'),
    vmin=0,
    vmax=255,
    extent=(0, width, height, 0),
    # A file of lines holds the pixels as they are; its reader enlarges them.
    interpolation='none',
  )
  axes.set(xlim=(0, width), ylim=(height, 0))
  _draw_objects(axes, labels, counted, letters_pt)
  if unlabelled is not None and unlabelled.any():
    paths = [_path(unlabelled, np.zeros(2))]
    _add(axes, paths, letters_pt, edgecolor=NOT_COUNTED, hatch='//')
  _draw_bar(axes, width, pixel_size_nm, letters_pt)
  return figure


def scale_bar(width_px: int, pixel_size_nm: float | None) -> tuple[float, str]:
  """Length of a bar in pixels, 1, 2 or 5 times a power of ten, and its words.

  Args:
    width_px: of the image.
    pixel_size_nm: None counts pixels, and says so.

  Examples:
    >>> scale_bar(2048, 0.5)
    (400.0, '200 nm')
    >>> scale_bar(2048, 10.0)
    (500.0, '5 µm')
    >>> scale_bar(1024, None)
    (200.0, '200 pixels')
  """
  longest = _LONGEST_BAR * width_px * (pixel_size_nm or 1.0)
  power = 10.0 ** np.floor(np.log10(longest))
  length = float(max(n * power for n in (1, 2, 5) if n * power <= longest))
  if pixel_size_nm is None:
    return length, f'{length:g} pixels'
  words = f'{length:g} nm' if length < 1000 else f'{length / 1000:g} µm'
  return length / pixel_size_nm, words


def _reduced(grey: np.ndarray, most_px: int) -> np.ndarray:
  times = most_px / max(grey.shape)
  if times >= 1:
    return grey
  size = [max(1, round(times * side)) for side in reversed(grey.shape)]
  smaller = Image.fromarray(grey).resize(size, Image.Resampling.BOX)
  return np.asarray(smaller)


def _draw_objects(
  axes: Axes,
  labels: np.ndarray,
  counted: np.ndarray | None,
  letters_pt: float,
) -> None:
  paths: dict[str, list[Path]] = {NOT_COUNTED: [], COUNTED: []}
  for number, box in enumerate(ndimage.find_objects(labels), start=1):
    if box is not None:
      corner = np.array([box[1].start, box[0].start])
      counts = counted is None or counted[number - 1]
      own = paths[COUNTED if counts else NOT_COUNTED]
      own.append(_path(labels[box] == number, corner))
  for colour, own in paths.items():
    _add(axes, own, letters_pt, edgecolor=colour)


def _add(axes: Axes, paths: list[Path], letters_pt: float, **look: str) -> None:
  if paths:
    # matplotlib's own PathPatch would be an artist for each of thousands.
    collection = PathCollection(
      paths,
      linewidths=_OUTLINE * letters_pt,
      facecolor='none',
      transform=axes.transData,
      **look,
    )
    axes.add_collection(collection, autolim=False)


def _path(region: np.ndarray, corner: np.ndarray) -> Path:
  """The closed polygons around a region, holes among them."""
  return Path.make_compound_path(
    *(
      Path(np.append(one, one[:1], axis=0) + corner, closed=True)
      for one in outlines(region)
    )
  )


def _draw_bar(
  axes: Axes, width_px: int, pixel_size_nm: float | None, letters_pt: float
) -> None:
  """White with a dark edge, to be seen on any grey."""
  length, words = scale_bar(width_px, pixel_size_nm)
  middle = 1 - 0.03 - length / width_px / 2
  bar, edge = _BAR * letters_pt, _EDGE * letters_pt

  def stroke(width: float) -> list[patheffects.AbstractPathEffect]:
    return [patheffects.withStroke(linewidth=width, foreground='black')]

  axes.plot(
    [middle - length / width_px / 2, middle + length / width_px / 2],
    [0.03, 0.03],
    color='white',
    linewidth=bar,
    solid_capstyle='butt',
    transform=axes.transAxes,
    path_effects=stroke(bar + 2 * edge),
  )
  axes.text(
    *(middle, 0.04, words),
    color='white',
    fontsize=letters_pt,
    ha='center',
    va='bottom',
    transform=axes.transAxes,
    path_effects=stroke(3 * edge),
  )
