"""A series in time on the page of its session: curves, and frames to slide."""

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from defectseg_jax.reporting import colours
from defectseg_jax.reporting.overlays import grey_levels
from defectseg_jax.reporting.page.outlines import outlines
from defectseg_jax.reporting.page.pictures import figure_uri, layer_uris

# Seen on grey.
COLOURS = (
  *(colours.ORANGE, colours.SKY_BLUE, colours.GREEN),
  *(colours.YELLOW, colours.VERMILION, colours.PURPLE),
)
_UNLINKED = '#ffffff'
_FIGURE_COLOURS = 64
# By eye: of the outlines of a frame, the largest; and pictures take what a page
# of so many images would give them.
_MOST_OUTLINES = 400
_AS_OF_IMAGES = 200


@dataclasses.dataclass(frozen=True)
class FramePicture:
  """A frame that the page shows.

  Attributes:
    name: of its image.
    frame: its place in the series.
    uri: of the picture.
    height, width: of the frame, in pixels.
    outlines: a path and a colour for each object.
    left_out: how many objects have no outline here.
    time: as text; '' where it is not known.
  """

  name: str
  frame: int
  uri: str
  height: int
  width: int
  outlines: Sequence[tuple[str, str]]
  left_out: int = 0
  time: str = ''


@dataclasses.dataclass(frozen=True)
class SeriesView:
  """What the page shows of a series.

  Attributes:
    figure: of the curves, as a data URI.
    pictures: of the frames that are shown.
    frames: how many there are.
    links: whether colours are those of tracks.
  """

  figure: str
  pictures: Sequence[FramePicture]
  frames: int
  links: bool


def frame_picture(
  name: str,
  frame: int,
  pixels: np.ndarray,
  labels: np.ndarray,
  valid: np.ndarray | None,
  tracks: Sequence[int] | None,
) -> FramePicture:
  """A frame with the outlines of its objects, each in its track's colour.

  Args:
    name: of its image.
    frame: its place in the series.
    pixels: [H, W], the micrograph, or a mask.
    labels: int [H, W], the object at each pixel.
    valid: bool [H, W], True on specimen; None where all is.
    tracks: the number of each object's track; empty where the frame could not
      be laid over the others; None where objects are not linked.
  """
  grey = (
    pixels * np.uint8(255)
    if pixels.dtype == bool
    else grey_levels(pixels, valid=valid)
  )
  uris, picture_px = layer_uris({'frame': grey}, images=_AS_OF_IMAGES)
  areas = np.bincount(labels.ravel())[1:]
  largest = np.argsort(-areas, kind='stable')[:_MOST_OUTLINES] + 1
  among = {int(one) for one in largest if areas[one - 1]}
  found = outlines(labels, among=among, picture_px=min(picture_px, 700))
  return FramePicture(
    name,
    frame,
    uris['frame'],
    *(int(labels.shape[0]), int(labels.shape[1])),
    [(one.path, _colour(number, tracks)) for number, one in found.items()],
    int(np.count_nonzero(areas)) - len(found),
  )


def series_view(
  figure: Figure,
  pictures: Sequence[FramePicture],
  times: Mapping[int, str],
  *,
  frames: int,
  links: bool,
) -> SeriesView:
  """What the page shows of a series.

  Args:
    figure: of numbers and drift against time.
    pictures: of some frames.
    times: by frame, as text.
    frames: how many there are.
    links: whether objects are linked.
  """
  return SeriesView(
    figure_uri(figure, colours=_FIGURE_COLOURS),
    [dataclasses.replace(one, time=times[one.frame]) for one in pictures],
    frames,
    links,
  )


def _colour(number: int, tracks: Sequence[int] | None) -> str:
  if tracks is None:
    return colours.SKY_BLUE
  if not tracks:
    return _UNLINKED
  return COLOURS[tracks[number - 1] % len(COLOURS)]
