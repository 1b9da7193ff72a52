"""Frames in their order: drift, links and common view, one frame at a time."""

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from defectseg_jax.quantification.series.drift import (
  UNKNOWN,
  Drift,
  DriftFinder,
)
from defectseg_jax.quantification.series.tracks import (
  End,
  FrameObjects,
  Start,
  Track,
  Tracker,
)
from defectseg_jax.quantification.series.view import CommonView

# Of the frame; by eye.
_MOST_LEFT_OUT = 0.5


@dataclasses.dataclass(frozen=True, eq=False)
class FollowedFrame:
  """What is kept of a frame; none of its images.

  Attributes:
    frame: its place in the series, from 1.
    drift: of it.
    rows_px, columns_px, diameters_px: float [n], of its objects, in the frame.
    tracks: the number of each object's track; none where its drift is not
      known, or objects are not linked.
  """

  frame: int
  drift: Drift
  rows_px: np.ndarray
  columns_px: np.ndarray
  diameters_px: np.ndarray
  tracks: Sequence[int]

  @property
  def on_specimen(self) -> np.ndarray:
    """float [n, 2], centres in rows and columns of the first frame."""
    return self.drift.taken_out(self.rows_px, self.columns_px)


@dataclasses.dataclass(frozen=True, eq=False)
class Followed:
  """What came of a series.

  Attributes:
    frames: in their order.
    tracks: all objects; none where they are not linked.
    common_area_px: what all frames show whose drift is known.
    in_common: by frame, how many centres lie there.
  """

  frames: Sequence[FollowedFrame]
  tracks: Sequence[Track]
  common_area_px: int
  in_common: Mapping[int, int]

  def begins(self, how: Start) -> dict[int, int]:
    """By frame, how many tracks begin there so."""
    return _counts([t.frames[0] for t in self.tracks if t.start == how])

  def ends(self, how: End) -> dict[int, int]:
    """By the first frame without them, how many tracks end so."""
    return _counts(
      [t.unseen for t in self.tracks if t.end == how and t.unseen is not None]
    )


class SeriesFollower:
  """Follows specimen and objects; memory holds some frames of all.

  Attributes:
    links: whether objects are linked: particles are, lines are not.
  """

  def __init__(self, *, links: bool) -> None:
    """Has seen nothing yet."""
    self.links = links
    self._drifts = DriftFinder()
    self._tracker = Tracker()
    self._common = CommonView()
    self._frames: list[FollowedFrame] = []
    self._shape: tuple[int, int] | None = None

  def add(
    self, frame: int, pixels: np.ndarray, objects: FrameObjects
  ) -> FollowedFrame:
    """Follows one more frame.

    Args:
      frame: its place in the series, above that of the last.
      pixels: [H, W], what drift is found by.
      objects: of it; of lines, none but their labels.
    """
    shape = (int(pixels.shape[0]), int(pixels.shape[1]))
    self._shape = self._shape or shape
    drift, tracks = UNKNOWN, []
    if shape == self._shape:
      drift = self._drifts.add(pixels, self._where_compared(objects))
    if drift.is_known:
      self._common.add(shape, objects.valid, drift)
      if self.links:
        tracks = self._tracker.add(frame, objects, drift)
    kept = FollowedFrame(
      frame,
      drift,
      objects.rows_px,
      objects.columns_px,
      objects.diameters_px,
      tracks,
    )
    self._frames.append(kept)
    return kept

  def _where_compared(self, objects: FrameObjects) -> np.ndarray | None:
    """Specimen, without particles near the frame's edge.

    Where those cover most of a frame there is nothing else to compare.
    """
    near = objects.near_edge() if self.links else None
    if near is None or near.mean() > _MOST_LEFT_OUT:
      return objects.valid
    return ~near if objects.valid is None else objects.valid & ~near

  def finish(self) -> Followed:
    """What came of all frames."""
    known = [one for one in self._frames if one.drift.is_known]
    return Followed(
      self._frames,
      self._tracker.finish(),
      self._common.area_px,
      {one.frame: self._common.count(one.on_specimen) for one in known},
    )


def _counts(frames: Sequence[int]) -> dict[int, int]:
  return {one: frames.count(one) for one in sorted(set(frames))}
