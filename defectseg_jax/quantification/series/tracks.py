"""Objects followed through frames: where each comes from, and where it goes."""

import dataclasses
import enum
from collections.abc import Sequence

import numpy as np
from scipy import ndimage

from defectseg_jax.quantification.series.drift import Drift, taper_px
from defectseg_jax.quantification.series.linking import Positions, link_objects

# An object that is not seen for so many frames, and then is, is the same. By
# eye: a network may miss a faint object now and then.
MOST_MISSED = 2
NO_TRACK = 0
# An object's edge in an image may lie so far outside of its mask; by eye.
_RIM_PX = 4


class Start(enum.StrEnum):
  """How a track begins."""

  FIRST_FRAME = 'in the first frame'
  ENTERED = 'came into view'
  SPLIT = 'split off another'
  APPEARED = 'appeared'


class End(enum.StrEnum):
  """How a track ends."""

  LAST_FRAME = 'in the last frame'
  LEFT = 'went out of view'
  MERGED = 'merged with another'
  DISAPPEARED = 'disappeared'


@dataclasses.dataclass(frozen=True, eq=False)
class FrameObjects:
  """The objects of one frame.

  Attributes:
    rows_px, columns_px: float [n], centres in the frame.
    diameters_px: float [n].
    labels: int [H, W], the object at each pixel, from 1; 0 in the background.
    valid: bool [H, W], True on specimen; None where all is.
  """

  rows_px: np.ndarray
  columns_px: np.ndarray
  diameters_px: np.ndarray
  labels: np.ndarray
  valid: np.ndarray | None = None

  def label_at(self, place: np.ndarray, drift: Drift) -> int:
    """The object that covers a place on the specimen; 0 for none."""
    row, column = self._pixel(place, drift)
    if not self._holds(row, column):
      return 0
    return int(self.labels[row, column])

  def is_in_view(
    self, place: np.ndarray, drift: Drift, radius_px: float
  ) -> bool:
    """Whether all of an object at a place on the specimen would be seen."""
    row, column = self._pixel(place, drift)
    around = int(np.ceil(radius_px))
    return all(
      self._holds(row + down, column + right)
      for down, right in (
        *((-around, 0), (around, 0), (0, -around), (0, around), (0, 0)),
      )
    )

  def near_edge(self) -> np.ndarray:
    """bool [H, W], objects that reach where frames fade out, and their rims."""
    labels = self.labels
    rows, columns = map(taper_px, labels.shape)
    sides = (
      *(labels[:rows], labels[-rows:]),
      *(labels[:, :columns], labels[:, -columns:]),
    )
    cut = np.zeros(int(labels.max(initial=0)) + 1, bool)
    for side in sides:
      cut[np.unique(side)] = True
    cut[0] = False
    return ndimage.maximum_filter(cut[labels], 2 * _RIM_PX + 1)

  def _pixel(self, place: np.ndarray, drift: Drift) -> tuple[int, int]:
    return round(place[0] + drift.rows_px), round(place[1] + drift.columns_px)

  def _holds(self, row: int, column: int) -> bool:
    height, width = self.labels.shape
    inside = 0 <= row < height and 0 <= column < width
    return inside and (self.valid is None or bool(self.valid[row, column]))


@dataclasses.dataclass
class Track:
  """One object through the frames.

  Attributes:
    number: from 1.
    start: how it begins.
    frames: that it was seen in, by their places in the series.
    end: how it ends; None as long as it may be seen again.
    unseen: the first frame without it; None as long as there is none.
    merged_into: number of the track that covers its place; None otherwise.
    place_px: where it was last, on the specimen.
    diameter_px: that it had last.
  """

  number: int
  start: Start
  frames: list[int]
  place_px: np.ndarray
  diameter_px: float
  end: End | None = None
  unseen: int | None = None
  merged_into: int | None = None


class Tracker:
  """Links the objects of frames that come one after the other."""

  def __init__(self, most_missed: int = MOST_MISSED) -> None:
    """Has seen nothing yet.

    Args:
      most_missed: frames that an object may be missed in between.
    """
    self.tracks: list[Track] = []
    self._live: list[Track] = []
    self._missed: list[int] = []
    self._before: tuple[FrameObjects, Drift] | None = None
    self._most_missed = most_missed

  def add(
    self, frame: int, objects: FrameObjects, drift: Drift
  ) -> Sequence[int]:
    """Links the objects of the next frame.

    Args:
      frame: its place in the series; frames may be left out.
      objects: of it.
      drift: of it, which is known.

    Returns:
      The number of the track of each object.
    """
    places = drift.taken_out(objects.rows_px, objects.columns_px)
    links = link_objects(
      Positions(
        np.array([one.place_px for one in self._live]).reshape(-1, 2),
        np.array([one.diameter_px for one in self._live]),
        np.array(self._missed, int),
      ),
      Positions(places, objects.diameters_px),
    )
    numbers = [NO_TRACK] * len(places)
    for track_at, object_at in links.tolist():
      track = self._live[track_at]
      numbers[object_at] = track.number
      track.end = track.unseen = track.merged_into = None
      self._see(track, frame, places[object_at], objects, object_at)
    lost = sorted({*range(len(self._live))} - {*links[:, 0].tolist()})
    new = self._begin_tracks(frame, objects, places, numbers)
    self._lose(frame, [self._live[at] for at in lost], objects, drift, numbers)
    missed = dict.fromkeys(range(len(self._live)), 0)
    missed |= {at: self._missed[at] + 1 for at in lost}
    kept = [at for at, count in missed.items() if count <= self._most_missed]
    self._missed = [missed[at] for at in kept] + [0] * len(new)
    self._live = [self._live[at] for at in kept] + new
    self._before = objects, drift
    return numbers

  def finish(self) -> list[Track]:
    """All tracks; those that were seen to the last end there."""
    for track in self._live:
      track.end = track.end or End.LAST_FRAME
    self._live, self._missed = [], []
    return self.tracks

  def _see(
    self,
    track: Track,
    frame: int,
    place: np.ndarray,
    objects: FrameObjects,
    object_at: int,
  ) -> None:
    track.frames.append(frame)
    track.place_px = place
    track.diameter_px = float(objects.diameters_px[object_at])

  def _begin_tracks(
    self,
    frame: int,
    objects: FrameObjects,
    places: np.ndarray,
    numbers: list[int],
  ) -> list[Track]:
    """A track for each object that has none."""
    new = []
    for at, number in enumerate(numbers):
      if number != NO_TRACK:
        continue
      diameter = float(objects.diameters_px[at])
      start = self._start(places[at], diameter)
      track = Track(len(self.tracks) + 1, start, [frame], places[at], diameter)
      numbers[at] = track.number
      self.tracks.append(track)
      new.append(track)
    return new

  def _start(self, place: np.ndarray, diameter_px: float) -> Start:
    """By what the frame before shows there."""
    if self._before is None:
      return Start.FIRST_FRAME
    objects, drift = self._before
    if not objects.is_in_view(place, drift, diameter_px / 2):
      return Start.ENTERED
    return Start.SPLIT if objects.label_at(place, drift) else Start.APPEARED

  def _lose(
    self,
    frame: int,
    lost: Sequence[Track],
    objects: FrameObjects,
    drift: Drift,
    numbers: Sequence[int],
  ) -> None:
    """Says how tracks end that this frame is the first without."""
    for track in lost:
      if track.unseen is not None:
        continue
      track.unseen = frame
      cover = objects.label_at(track.place_px, drift)
      if cover:
        track.end, track.merged_into = End.MERGED, numbers[cover - 1]
      elif objects.is_in_view(track.place_px, drift, track.diameter_px / 2):
        track.end = End.DISAPPEARED
      else:
        track.end = End.LEFT
