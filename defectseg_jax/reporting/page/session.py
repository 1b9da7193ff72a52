"""The page of a session: its numbers, and the pictures to believe them by."""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from defectseg_jax.quantification import why_missing
from defectseg_jax.reporting.page import words
from defectseg_jax.reporting.page.detection import DetectionView
from defectseg_jax.reporting.page.rendering import render
from defectseg_jax.reporting.page.samples import SamplesView
from defectseg_jax.reporting.page.series import SeriesView
from defectseg_jax.reporting.page.views import (
  ImageView,
  place_view,
  shared_content,
  summary_facts,
)


@dataclasses.dataclass(frozen=True)
class Cell:
  """A number of the summary table.

  Attributes:
    value: as in summary.csv, to sort by; '' where it is not known.
    text: in the power of ten of its column.
    interval: its ends likewise, or what the number would need; '' where they
      are not known.
    whole: value and interval in full, for a tooltip.
  """

  value: str
  text: str
  interval: str
  whole: str


@dataclasses.dataclass(frozen=True)
class Row:
  """An image of the summary table, or the mean over images.

  Attributes:
    name: of the image.
    number: of the image, from 1; 0 of the mean.
    cells: a number for each headline.
    whisker: value and ends of the first headline, over the table's largest; or
      None.
    warnings: names.
    check: how many objects are to be checked.
    failure: why there are no numbers.
    applies: whether the network applies, in a word; '' where nobody can tell.
    in_mean: whether it is in the mean over images.
  """

  name: str
  number: int
  cells: Sequence[Cell]
  whisker: tuple[float, float, float] | None
  warnings: Sequence[str] = ()
  check: int = 0
  failure: str | None = None
  applies: str = ''
  in_mean: bool = True


def session_page(
  title: str,
  *,
  defect: str,
  images: Sequence[ImageView],
  headlines: Sequence[str],
  over_images: Mapping[str, Mapping[str, float]],
  conventions: Mapping[str, str],
  how_made: Mapping[str, str],
  cautions: Sequence[str] = (),
  remarks: Sequence[str] = (),
  detection: DetectionView | None = None,
  samples: SamplesView | None = None,
  series: SeriesView | None = None,
) -> str:
  """One HTML file of all images of a session.

  Args:
    title: of the page.
    defect: what was looked for.
    images: what `image_view` makes of each, with its row of summary.csv.
    headlines: names of the numbers of a summary that are shown.
    over_images: as of `statistics_over_images`; may be empty.
    conventions: by name how a number is defined.
    how_made: label and text: command, run, threshold, versions.
    cautions, remarks: of all images; the latter, what intervals leave out.
    detection, samples, series: which sizes a network finds; numbers by sample,
      and in time.

  Returns:
    HTML, to be written as UTF-8.
  """
  rows = [image.summary for image in images]
  columns = [words.column_of(name, rows) for name in headlines]
  largest = _largest([*rows, _mean_summary(over_images)], headlines)
  shown = [
    place_view(image, number, summary_facts(image.summary, headlines))
    for number, image in enumerate(images, start=1)
  ]
  done = [view for view in shown if view.failure is None]
  return render(
    'session.html',
    title=title,
    defect=defect,
    images=done,
    failed=[view for view in shown if view.failure is not None],
    warnings=_by_warning(shown),
    columns=columns,
    drawn=_drawn(headlines),
    rows=[_image_row(view, columns, largest) for view in shown],
    means=_mean_rows(over_images, columns, largest) if len(done) > 1 else [],
    conventions={k: v for k, v in conventions.items() if k in headlines},
    how_made=how_made,
    cautions=cautions,
    remarks=remarks,
    detection=detection,
    samples=samples,
    series=series,
    **shared_content(),
  )


def _mean_summary(
  over_images: Mapping[str, Mapping[str, float]],
) -> dict[str, float]:
  """The mean over images under the names that an image's numbers have."""
  found = {}
  for name, row in over_images.items():
    found[name], found[f'{name}_images'] = row['mean'], row['images']
    found[f'{name}_low'], found[f'{name}_high'] = row['low'], row['high']
  return found


def _largest(
  rows: Iterable[Mapping[str, Any]], headlines: Sequence[str]
) -> float:
  """Of the first headline and its intervals, over all rows."""
  name = _drawn(headlines)
  values = (row.get(key) for row in rows for key in (name, f'{name}_high'))
  return max((v for v in values if words.is_number(v)), default=0)


def _drawn(headlines: Sequence[str]) -> str:
  """The first number of the specimen is drawn: not what is expected of it."""
  return next(
    (one for one in headlines if not one.startswith('expected_')), headlines[0]
  )


def _image_row(
  view: ImageView, columns: Sequence[words.Column], largest: float
) -> Row:
  return dataclasses.replace(
    _row(view.name, view.number, view.summary, columns, largest),
    warnings=[words.title_of(name) for name, _ in view.warnings],
    check=len(view.check),
    failure=view.failure,
    applies=view.summary.get('applies', ''),
    in_mean=view.summary.get('in_mean', True),
  )


def _row(
  name: str,
  number: int,
  row: Mapping[str, Any],
  columns: Sequence[words.Column],
  largest: float,
) -> Row:
  first = _drawn([column.name for column in columns])
  ends = words.interval_of(row, first)
  whisker = None
  if ends and largest and all(map(words.is_number, (row[first], *ends))):
    value, low, high = (one / largest for one in (row[first], *ends))
    whisker = value, low, high
  return Row(name, number, [_cell(row, column) for column in columns], whisker)


def _mean_rows(
  over_images: Mapping[str, Mapping[str, float]],
  columns: Sequence[words.Column],
  largest: float,
) -> list[Row]:
  """The mean, and how the images differ; none where no mean is known.

  Says of how many images a number is where not all of them have it.
  """
  if not over_images:
    return []
  together = _mean_summary(over_images)
  count = max(row['images'] for row in over_images.values())
  row = _row(f'mean of {count:.0f}', 0, together, columns, largest)
  cells = []
  for column, cell in zip(columns, row.cells):
    images = together[f'{column.name}_images']
    if images not in (0, count):
      interval = f'{cell.interval}\nof {images:.0f}'.strip()
      cell = dataclasses.replace(cell, interval=interval)
    cells.append(cell)
  spreads = {name: row['std'] for name, row in over_images.items()}
  return [
    dataclasses.replace(row, cells=cells),
    _row('standard deviation of the images', 0, spreads, columns, 0),
  ]


def _cell(row: Mapping[str, Any], column: words.Column) -> Cell:
  value = row.get(column.name)
  ends = words.interval_of(row, column.name)
  whole = words.file_text(value)
  if ends:
    whole += f' ({" to ".join(map(words.file_text, ends))})'
  return Cell(
    value=words.file_text(value),
    text=column.text(value),
    interval=' – '.join(map(column.text, ends))
    if ends
    else why_missing(column.name, row),
    whole=whole,
  )


def _by_warning(
  shown: Iterable[ImageView],
) -> dict[str, list[tuple[ImageView, str]]]:
  """By the name of a warning, the images that have it, and its message."""
  found = {}
  for view in shown:
    for name, message in view.warnings:
      found.setdefault(words.title_of(name), []).append((view, message))
  return found
