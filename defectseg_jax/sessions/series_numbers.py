"""The numbers of a series: of its frames, of its objects, and what to know."""

import dataclasses
import functools
import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from defectseg_jax.quantification import MeasurementSettings
from defectseg_jax.quantification.intervals import (
  interval_columns,
  poisson_interval,
)
from defectseg_jax.quantification.series.following import (
  Followed,
  FollowedFrame,
)
from defectseg_jax.quantification.series.lifetimes import Step, kaplan_meier
from defectseg_jax.quantification.series.tracks import End, Start, Track
from defectseg_jax.reporting.page.series import FramePicture

_MOST_NAMED = 5
# By eye: an object of fewer frames has no rate.
_LEAST_FRAMES_OF_RATE = 3
# Columns of series.csv by how tracks begin and end.
BEGINNINGS = {
  Start.APPEARED: 'appeared',
  Start.ENTERED: 'entered_view',
  Start.SPLIT: 'split',
}
ENDINGS = {
  End.DISAPPEARED: 'disappeared',
  End.LEFT: 'left_view',
  End.MERGED: 'merged',
}


class SeriesFrame(NamedTuple):
  """What is kept of one image.

  Attributes:
    followed: its drift, its objects and their tracks.
    row: of summary.csv.
    touches: by object, which sides it touches; '' for none.
    time_s: of the table of scales; None where it has none.
    by_mask: whether drift is found by its mask, for want of a micrograph.
  """

  followed: FollowedFrame
  row: Mapping[str, Any]
  touches: Sequence[str]
  time_s: float | None
  by_mask: bool


@dataclasses.dataclass(frozen=True, eq=False)
class SeriesNumbers:
  """The numbers of a series.

  Attributes:
    settings: how its images were measured.
    frames: that were measured, in their order.
    followed: what came of following them.
    pictures: of some frames, for the page.
  """

  settings: MeasurementSettings
  frames: Sequence[SeriesFrame]
  followed: Followed
  pictures: Sequence[FramePicture]

  @property
  def links(self) -> bool:
    """Whether objects are linked."""
    return not self.settings.kind.has_test_lines

  @functools.cached_property
  def has_times(self) -> bool:
    """Whether the table of scales has the times of all frames, in order."""
    times = [one.time_s for one in self.frames if one.time_s is not None]
    rising = all(a < b for a, b in itertools.pairwise(times))
    return bool(times) and len(times) == len(self.frames) and rising

  @functools.cached_property
  def times(self) -> dict[int, float]:
    """By frame its time in seconds; else its number."""
    return {
      one.followed.frame: one.time_s
      if self.has_times and one.time_s is not None
      else float(one.followed.frame)
      for one in self.frames
    }

  @property
  def shown(self) -> tuple[str, ...]:
    """The density, and the mean diameter of particles, that can be given."""
    kind = self.settings.kind
    names = (*kind.headlines, *kind.pixel_headlines)
    given = [name for name in names if self._has(name)]
    sizes = [name for name in given if name.startswith('diameter_mean_')]
    others = [name for name in given if not name.startswith('diameter_')]
    return (*others[:1], *sizes[:1])

  def frame_rows(self) -> Iterator[dict[str, Any]]:
    """The rows of series.csv."""
    events = {
      **{name: self.followed.begins(of) for of, name in BEGINNINGS.items()},
      **{name: self.followed.ends(of) for of, name in ENDINGS.items()},
    }
    for one in self.frames:
      frame, size_nm = one.followed.frame, one.row['pixel_size_nm']
      drift = one.followed.drift
      known = drift.is_known
      yield {
        'frame': frame,
        'image': one.row['image'],
        **self._time(frame),
        'drift_known': known,
        'drift_x_px': drift.columns_px,
        'drift_y_px': drift.rows_px,
        'drift_x_nm': _times(drift.columns_px, size_nm),
        'drift_y_nm': _times(drift.rows_px, size_nm),
        'correlation_prominence': drift.prominence,
        'valid_fraction': one.row['valid_fraction'],
        **{
          f'{name}{end}': one.row.get(f'{name}{end}')
          for name in self.shown
          for end in ('', '_low', '_high')
        },
        **(self._in_common(one) if self.links else {}),
        **{
          name: counts.get(frame, 0) if known else None
          for name, counts in events.items()
          if self.links
        },
      }

  def track_rows(self) -> Iterator[dict[str, Any]]:
    """The rows of tracks.csv: an object a frame, drift taken out."""
    for one in self.frames:
      followed, size_nm = one.followed, one.row['pixel_size_nm']
      tracks = followed.tracks or itertools.repeat(None)
      for number, (track, place, diameter) in enumerate(
        zip(tracks, followed.on_specimen, followed.diameters_px), start=1
      ):
        yield {
          'track': track,
          'frame': followed.frame,
          'image': one.row['image'],
          'id': number,
          **self._time(followed.frame),
          'x_nm': _times(place[1] + 0.5, size_nm),
          'y_nm': _times(place[0] + 0.5, size_nm),
          'diameter_nm': _times(diameter, size_nm),
          'row_px': followed.rows_px[number - 1],
          'column_px': followed.columns_px[number - 1],
          'diameter_px': diameter,
          'touches_border': one.touches[number - 1],
        }

  def lifetime_rows(self) -> Iterator[dict[str, Any]]:
    """The rows of lifetimes.csv: a row an object."""
    unit = 's' if self.has_times else 'frames'
    for track in self.followed.tracks:
      times, sizes = self._sizes_in_time[track.number]
      lifetime, censored = self._lifetime(track)
      yield {
        'track': track.number,
        'begins': str(track.start),
        'ends': str(track.end),
        'merged_into': track.merged_into,
        'first_frame': track.frames[0],
        'last_frame': track.frames[-1],
        'frames': len(track.frames),
        f'lifetime_{unit}': lifetime,
        'lifetime_is': censored,
        'diameter_first': sizes[0],
        'diameter_last': sizes[-1],
        f'growth_per_{"s" if self.has_times else "frame"}': _slope(
          times, sizes
        ),
        'diameters_in': 'nm' if self._all_scaled else 'px',
      }

  def survival(self) -> list[Step]:
    """Of objects that appeared: the part that lasts longer than each time.

    What merged, went out of view or outlasted the series is censored then.
    """
    born = [t for t in self.followed.tracks if t.start == Start.APPEARED]
    return kaplan_meier(
      [self._lifetime(track)[0] for track in born],
      [track.end == End.DISAPPEARED for track in born],
    )

  @property
  def unplaced(self) -> list[str]:
    """Names of the frames whose drift is not known."""
    return [
      one.row['image'] for one in self.frames if not one.followed.drift.is_known
    ]

  @functools.cached_property
  def _sizes_in_time(self) -> dict[int, tuple[list[float], list[float]]]:
    """By track, its times and diameters; NaN where a side cuts it."""
    found: dict[int, tuple[list[float], list[float]]] = {}
    for one in self.frames:
      scale = one.row['pixel_size_nm'] if self._all_scaled else 1.0
      sizes_px = np.where(
        np.array(one.touches, str) == '', one.followed.diameters_px, math.nan
      )
      for track, size in zip(one.followed.tracks, sizes_px):
        times, sizes = found.setdefault(track, ([], []))
        times.append(self.times[one.followed.frame])
        sizes.append(float(size) * scale)
    return found

  @property
  def _all_scaled(self) -> bool:
    return all(one.row['pixel_size_nm'] is not None for one in self.frames)

  def _lifetime(self, track: Track) -> tuple[float, str]:
    """From the first frame with it to the first without, or the last with it.

    It began before the one and ended before the other: on the mean, as long.
    """
    began = self.times[track.frames[0]]
    if track.end == End.DISAPPEARED and track.unseen is not None:
      lasted, end = self.times[track.unseen] - began, ''
    else:
      lasted, end = self.times[track.frames[-1]] - began, 'its end is not seen'
    start = '' if track.start == Start.APPEARED else 'its beginning is not seen'
    said = ', '.join(filter(None, [start, end]))
    return lasted, f'at least ({said})' if said else 'whole'

  def _time(self, frame: int) -> dict[str, Any]:
    """Without times of the table, the frame's number has its own column."""
    return {'time_s': self.times[frame] if self.has_times else None}

  def _in_common(self, one: SeriesFrame) -> dict[str, Any]:
    """The number in what all frames show, and per area of it."""
    count = self.followed.in_common.get(one.followed.frame)
    area, size_nm = self.followed.common_area_px, one.row['pixel_size_nm']
    name = 'common_view_number_per_area_per_m2'
    per_area: dict[str, float | None] = dict.fromkeys(
      (name, f'{name}_low', f'{name}_high')
    )
    if count is not None and area and size_nm is not None:
      per_m2 = 1 / (area * (size_nm * 1e-9) ** 2)
      interval = poisson_interval(count).scale_by(per_m2)
      per_area |= interval_columns(name, count * per_m2, interval)
    return {'common_view_count': count if area else None, **per_area}

  def _has(self, name: str) -> bool:
    values = (one.row.get(name) for one in self.frames)
    return any(v is not None and not math.isnan(v) for v in values)


def some(names: Sequence[str]) -> str:
  """Names, or the first of them."""
  more = len(names) - _MOST_NAMED
  return ', '.join(names[:_MOST_NAMED]) + (
    f' and {more} more' if more > 0 else ''
  )


def _times(value: float, size_nm: float | None) -> float | None:
  return None if size_nm is None else float(value) * size_nm


def _slope(times: Sequence[float], sizes: Sequence[float]) -> float:
  """Of the straight line of least squares; NaN of too few whole objects."""
  whole = ~np.isnan(sizes)
  if whole.sum() < _LEAST_FRAMES_OF_RATE:
    return math.nan
  away = np.asarray(times)[whole] - np.mean(np.asarray(times)[whole])
  return float(away @ np.asarray(sizes)[whole] / (away @ away))
