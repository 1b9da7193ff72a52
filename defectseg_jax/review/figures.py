"""A figure of one image for a paper: outlines and a scale bar, PNG or SVG."""

import io

import matplotlib
import numpy as np
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure
from matplotlib.path import Path
from scipy import ndimage

from defectseg_jax.errors import InputError
from defectseg_jax.micrographs.outlines import outlines
from defectseg_jax.reporting.overlays import grey_levels
from defectseg_jax.review.document import Document

KINDS = ('png', 'svg')

# By eye: smaller images are enlarged to about this, for the bar's letters, and
# larger ones made smaller, since no page shows more.
_LEAST_SIDE_PX, _MOST_SIDE_PX = 1024, 4096
_DOTS_PER_INCH = 100
# Those of the session's page.
_OUTLINE, _NOT_LABELLED = '#40e0d0', '#ffa500'
# The longest bar, as a part of the image's width; by eye.
_LONGEST_BAR = 0.25


def figure(document: Document, kind: str) -> bytes:
  """Draws an image as it is corrected now.

  The same document gives the same bytes. Each object is outlined along the
  edges of its pixels, each hole too; what is not labelled is hatched, and what
  is no specimen is darker.

  Args:
    document: the image.
    kind: png or svg.

  Returns:
    The content of the file.

  Raises:
    InputError: another kind.
  """
  if kind not in KINDS:
    raise InputError(f'{kind}: is no kind of figure; choose png or svg')
  with document.lock:
    pixels, ids = document.pixels, document.ids.copy()
    regions = document.regions.copy()
  height, width = ids.shape
  longest = max(height, width)
  drawn_px = min(max(longest, _LEAST_SIDE_PX), _MOST_SIDE_PX)
  inches = drawn_px / longest / _DOTS_PER_INCH
  made = Figure(figsize=(width * inches, height * inches), dpi=_DOTS_PER_INCH)
  axes = made.add_axes((0, 0, 1, 1))
  axes.set_axis_off()
  step = -(-longest // _MOST_SIDE_PX)
  grey = grey_levels(pixels, valid=_specimen(regions))[::step, ::step]
  axes.imshow(
    *(grey, 'gray'),
    vmin=0,
    vmax=255,
    extent=(0, width, height, 0),
    # An SVG holds the pixels as they are, and its reader enlarges them.
    interpolation='none' if kind == 'svg' else 'nearest',
  )
  axes.set(xlim=(0, width), ylim=(height, 0))
  _draw_objects(axes, ids)
  _draw_not_labelled(axes, regions == 1)
  _draw_bar(axes, width, document.pixel_size_nm)
  return _content(made, kind)


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


def _specimen(regions: np.ndarray) -> np.ndarray | None:
  valid = regions != 2
  return None if valid.all() or not valid.any() else valid


def _draw_objects(axes: Axes, ids: np.ndarray) -> None:
  """One path an object, so that each can be picked in a drawing program."""
  paths = []
  for number, box in enumerate(ndimage.find_objects(ids), start=1):
    if box is not None:
      corner = np.array([box[1].start, box[0].start])
      paths.append(_path(ids[box] == number, corner))
  _add(axes, paths, edgecolor=_OUTLINE, facecolor='none')


def _draw_not_labelled(axes: Axes, unknown: np.ndarray) -> None:
  if unknown.any():
    paths = [_path(unknown, np.zeros(2))]
    colours = {'edgecolor': _NOT_LABELLED, 'facecolor': 'none'}
    _add(axes, paths, hatch='//', **colours)


def _add(axes: Axes, paths: list[Path], **look: str) -> None:
  if paths:
    # matplotlib's own PathPatch would be an artist for each of thousands.
    collection = PathCollection(
      paths, linewidths=1.0, transform=axes.transData, **look
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


def _draw_bar(axes: Axes, width_px: int, pixel_size_nm: float | None) -> None:
  """White with a dark edge, to be seen on any grey."""
  length, words = scale_bar(width_px, pixel_size_nm)
  middle = 1 - 0.03 - length / width_px / 2
  edge = [patheffects.withStroke(linewidth=3, foreground='black')]
  axes.plot(
    [middle - length / width_px / 2, middle + length / width_px / 2],
    [0.03, 0.03],
    color='white',
    linewidth=5,
    solid_capstyle='butt',
    transform=axes.transAxes,
    path_effects=[patheffects.withStroke(linewidth=7, foreground='black')],
  )
  axes.text(
    *(middle, 0.04, words),
    color='white',
    fontsize=16,
    ha='center',
    va='bottom',
    transform=axes.transAxes,
    path_effects=edge,
  )


def _content(made: Figure, kind: str) -> bytes:
  """The file; without its date, and with names that are the same each time."""
  stream = io.BytesIO()
  metadata = {'Date': None} if kind == 'svg' else {'Software': None}
  with matplotlib.rc_context({'svg.hashsalt': 'defectseg'}):
    made.savefig(stream, format=kind, metadata=metadata)
  return stream.getvalue()
