"""What is written of a series: tables, a figure, and what to know of it."""

import math
import pathlib
from collections.abc import Iterator
from typing import Any

from matplotlib.figure import Figure

from defectseg_jax.files import csv_text, json_text, write_text
from defectseg_jax.quantification.series.drift import LEAST_PROMINENCE
from defectseg_jax.quantification.series.lifetimes import median_lifetime
from defectseg_jax.quantification.series.parameters import series_parameters
from defectseg_jax.quantification.series.tracks import MOST_MISSED, End, Start
from defectseg_jax.reporting.figures.series import Curve, series_figure
from defectseg_jax.reporting.page.series import SeriesView, series_view
from defectseg_jax.reporting.page.words import column_of
from defectseg_jax.sessions.series_numbers import SeriesNumbers, some

_DIGITS = 6
_DPI = 150


def write_series(folder: pathlib.Path, series: SeriesNumbers) -> None:
  """Writes series.csv, tracks.csv, lifetimes.csv, series.json and series.png.

  Args:
    folder: where to write; it exists.
    series: with at least one frame.
  """
  tables = {'series.csv': series.frame_rows()}
  if series.links:
    tables['tracks.csv'] = series.track_rows()
    tables['lifetimes.csv'] = series.lifetime_rows()
  for name, rows in tables.items():
    if found := list(rows):
      write_text(folder / name, csv_text(found, digits=_DIGITS))
  write_text(folder / 'series.json', json_text(series_record(series)))
  _figure(series).savefig(folder / 'series.png', dpi=_DPI)


def view_of_series(series: SeriesNumbers) -> SeriesView:
  """What the page shows of it."""
  return series_view(
    _figure(series),
    series.pictures,
    {frame: _time_text(series, frame) for frame in series.times},
    frames=len(series.frames),
    links=series.links,
  )


def series_remarks(series: SeriesNumbers) -> Iterator[str]:
  """What a reader must know of the series, a line each."""
  yield from _of_time(series)
  yield from _of_drift(series)
  yield from _of_area(series)
  if not series.links:
    yield (
      'Lines are not linked through frames: the series of dislocations has '
      'density and drift against time, and nothing of single lines.'
    )
    return
  yield (
    'Objects are linked where they were, to within half of a diameter, drift '
    f'taken out; one that is missed for up to {MOST_MISSED} frames is the same '
    'one.'
  )
  yield from _of_fates(series)


def _of_time(series: SeriesNumbers) -> Iterator[str]:
  if series.has_times:
    return
  known = [one.time_s for one in series.frames if one.time_s is not None]
  why = 'the table of scales (--calibration) has no column time_s'
  if len(known) == len(series.frames):
    why = 'the times in the table of scales do not rise from frame to frame'
  elif known:
    why = (
      f'the table of scales has time_s of {len(known)} of '
      f'{len(series.frames)} frames'
    )
  yield f"Time is the frame's number: {why}."


def _of_drift(series: SeriesNumbers) -> Iterator[str]:
  unplaced = series.unplaced
  if unplaced:
    yield (
      f'The drift of {len(unplaced)} of {len(series.frames)} frames is not '
      f'known, and they are in no link: {some(unplaced)}. They show another '
      'place, are of another size, or have too little in them to be laid over '
      f'the others (correlation less than {LEAST_PROMINENCE:g} times as high '
      'as at any other place).'
    )
  if any(one.by_mask for one in series.frames):
    yield (
      'Drift is found by the masks, without micrographs (--micrographs): what '
      'objects do themselves may be taken for drift.'
    )
  sizes = {one.row['pixel_size_nm'] for one in series.frames} - {None}
  if len(sizes) > 1:
    yield (
      f'The frames have pixels of {min(sizes):g} to {max(sizes):g} nm: drift '
      'and links take them for equal, and are wrong where they are not.'
    )


def _of_area(series: SeriesNumbers) -> Iterator[str]:
  yield (
    'Densities of a frame are of the specimen in its view, which drift changes.'
    ' All frames show the same specimen: their intervals are not independent, '
    'and the mean over images has one that is far too narrow.'
  )
  if not series.links:
    return
  height, width = (series.frames[0].row[f'{s}_px'] for s in ('height', 'width'))
  part = series.followed.common_area_px / (height * width)
  if part:
    yield (
      f'All frames show {100 * part:.3g}% of the first in common; '
      'common_view_count is of centres there.'
    )
  else:
    yield 'No place is in the view of all frames: common_view_count is empty.'


def _of_fates(series: SeriesNumbers) -> Iterator[str]:
  tracks = series.followed.tracks
  once = sum(len(track.frames) == 1 for track in tracks)
  if once:
    yield (
      f'{once} of {len(tracks)} tracks are of one frame: where a network '
      'invents or misses objects, they appear and disappear.'
    )
  born = [track for track in tracks if track.start == Start.APPEARED]
  ended = sum(track.end == End.DISAPPEARED for track in born)
  if not born:
    yield 'No object appeared within the view: lifetimes are not known.'
    return
  median = median_lifetime(series.survival())
  unit = 's' if series.has_times else 'frames'
  half = (
    'more than half outlast what is seen of them'
    if math.isnan(median)
    else f'half last longer than {median:.4g} {unit}'
  )
  yield (
    f'Lifetimes (Kaplan and Meier): of {len(born)} objects that appeared, '
    f'{ended} disappeared; {half}. Of those that merged, went out of view '
    'or were there at the end, the lifetime is a lower bound (censored); those '
    'that were there at the beginning or came into view are left out.'
  )


def _time_text(series: SeriesNumbers, frame: int) -> str:
  return f'{series.times[frame]:g} s' if series.has_times else ''


def _figure(series: SeriesNumbers) -> Figure:
  rows = [one.row for one in series.frames]
  curves = []
  for name in series.shown:
    column = column_of(name, rows)
    factor = 10.0**-column.exponent
    label = f'{column.title} ({column.unit})' if column.unit else column.title
    ends = ([_value(row, f'{name}{e}') * factor for row in rows] for e in _ENDS)
    curves.append(Curve(label, *ends))
  drifts = [one.followed.drift for one in series.frames]
  return series_figure(
    list(series.times.values()),
    curves,
    [(one.columns_px, one.rows_px) for one in drifts],
    label='time (s)' if series.has_times else 'frame',
  )


_ENDS = ('', '_low', '_high')


def _value(row: Any, name: str) -> float:
  value = row.get(name)
  return math.nan if value is None else float(value)


def series_record(series: SeriesNumbers) -> dict[str, Any]:
  """The content of series.json: what came of it, and how it was done."""
  steps = series.survival() if series.links else []
  return {
    'frames': len(series.frames),
    'time_from': '--calibration' if series.has_times else "the frame's number",
    'how': series_parameters(links=series.links),
    'drift_by_masks': any(one.by_mask for one in series.frames),
    'drift_not_known': series.unplaced,
    'common_area_px': series.followed.common_area_px,
    'tracks': len(series.followed.tracks) if series.links else None,
    'lifetimes_in': 's' if series.has_times else 'frames',
    'median_lifetime': median_lifetime(steps) if steps else None,
    'survival': [one._asdict() for one in steps],
    'remarks': list(series_remarks(series)),
  }
