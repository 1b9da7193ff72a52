"""Tracks, of discs whose fate is drawn."""

import numpy as np
import pytest

from defectseg_jax.quantification.particles.properties import measure_particles
from defectseg_jax.quantification.series.drift import UNKNOWN, Drift
from defectseg_jax.quantification.series.following import SeriesFollower
from defectseg_jax.quantification.series.tracks import (
  End,
  FrameObjects,
  Start,
  Tracker,
)
from defectseg_jax.quantification.series.view import CommonView

SIDE = 120


def drift(rows=0.0, columns=0.0):
  return Drift(rows, columns, 3.0)


def objects(*discs, at=(0, 0), valid=None):
  """Discs of row, column, diameter on the specimen, seen with a drift."""
  rows, columns = np.mgrid[:SIDE, :SIDE]
  mask = np.zeros((SIDE, SIDE), bool)
  for row, column, diameter in discs:
    away = np.hypot(rows - row - at[0], columns - column - at[1])
    mask |= away <= diameter / 2
  found = measure_particles(mask, pixel_size_nm=None)
  names = ('row_px', 'column_px', 'diameter_px')
  return FrameObjects(*map(found.columns().get, names), found.labels, valid)


def follow(*frames):
  """Tracks of frames that are given as discs, and perhaps a drift."""
  tracker = Tracker()
  for number, (discs, at) in enumerate(frames, start=1):
    tracker.add(number, objects(*discs, at=at), drift(*at))
  return tracker.finish()


STAYS, GROWS = (30, 30, 12), (80, 80, 14)


def test_objects_keep_their_numbers_while_the_specimen_drifts():
  tracks = follow(
    *(([STAYS, (80, 80, 14 + n)], (3 * n, -2 * n)) for n in range(5))
  )
  assert [track.frames for track in tracks] == [[1, 2, 3, 4, 5]] * 2
  assert {track.start for track in tracks} == {Start.FIRST_FRAME}
  assert {track.end for track in tracks} == {End.LAST_FRAME}
  assert tracks[1].diameter_px == pytest.approx(18, abs=0.3)


def test_what_appears_and_disappears_within_the_view():
  here, still = (0, 0), [STAYS]
  tracks = follow((still, here), ([STAYS, GROWS], here), *[(still, here)] * 4)
  assert (tracks[1].start, tracks[1].end) == (Start.APPEARED, End.DISAPPEARED)
  assert (tracks[1].frames, tracks[1].unseen) == ([2], 3)


def test_what_comes_into_view_and_goes_out_of_it():
  # The disc at row 130 is below the frame until the specimen moves up.
  below, above = (130, 60, 12), (5, 60, 12)
  tracks = follow(
    *(([STAYS, below, above], (-13 * n, 0)) for n in range(3)),
  )
  fates = {track.number: (track.start, track.end) for track in tracks}
  assert (Start.ENTERED, End.LAST_FRAME) in fates.values()
  assert (Start.FIRST_FRAME, End.LEFT) in fates.values()
  assert Start.APPEARED not in {start for start, _ in fates.values()}
  assert End.DISAPPEARED not in {end for _, end in fates.values()}


def test_what_merges_is_no_disappearance_and_what_splits_no_appearance():
  large, small, both = (60, 60, 30), (60, 80, 7), (60, 65, 40)
  tracks = follow(*[([large, small], (0, 0))] * 2, *[([both], (0, 0))] * 4)
  merged = next(track for track in tracks if track.end == End.MERGED)
  kept = next(track for track in tracks if track.end == End.LAST_FRAME)
  assert (merged.unseen, merged.merged_into) == (3, kept.number)
  again = follow(*[([both], (0, 0))] * 2, ([large, small], (0, 0)))
  assert again[-1].start == Start.SPLIT


def test_one_that_is_missed_for_two_frames_is_the_same_and_for_three_not():
  def ends(missed):
    return follow(
      ([STAYS, GROWS], (0, 0)),
      *[([STAYS], (0, 0))] * missed,
      ([STAYS, GROWS], (0, 0)),
    )

  assert [track.frames for track in ends(2)] == [[1, 2, 3, 4], [1, 4]]
  assert ends(2)[1].end == End.LAST_FRAME
  assert len(ends(3)) == 3
  assert ends(3)[1].end == End.DISAPPEARED


def test_a_frame_whose_drift_is_not_known_links_nothing():
  random = np.random.default_rng(0)
  follower = SeriesFollower(links=True)
  pixels = random.normal(size=(SIDE, SIDE))
  shown = [pixels, random.normal(size=(SIDE, SIDE)), pixels]
  frames = [
    follower.add(number, frame, objects(STAYS, GROWS))
    for number, frame in enumerate(shown, start=1)
  ]
  assert [list(one.tracks) for one in frames] == [[1, 2], [], [1, 2]]
  assert frames[1].drift.rows_px != frames[1].drift.rows_px
  found = follower.finish()
  assert found.in_common == {1: 2, 3: 2}
  assert found.ends(End.DISAPPEARED) == {}
  assert not UNKNOWN.is_known


def test_frames_of_another_size_are_not_placed():
  follower = SeriesFollower(links=False)
  empty = objects()
  frames = [
    follower.add(
      number, np.random.default_rng(0).normal(size=(side, SIDE)), empty
    )
    for number, side in enumerate((SIDE, SIDE - 8), start=1)
  ]
  assert [one.drift.is_known for one in frames] == [True, False]


def test_the_common_view_is_what_no_frame_lacks():
  view, valid = CommonView(), np.ones((SIDE, SIDE), bool)
  valid[:, :7] = False
  view.add((SIDE, SIDE), None, drift())
  view.add((SIDE, SIDE), valid, drift(10.2, -4.9))
  # Of rows those up to 110, of columns those from 5 and from 7 + 5.
  assert view.area_px == 110 * 108
  assert view.count(np.array([[109.0, 12], [110, 12], [50, 11], [-1, 50]])) == 1
  view.add((SIDE, SIDE), None, drift(500, 0))
  assert view.area_px == 0
