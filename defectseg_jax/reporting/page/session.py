"""The page of a session: its numbers, and the pictures to believe them by."""

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence

from defectseg_jax.reporting.page import views, words
from defectseg_jax.reporting.page.page_image import PageImage
from defectseg_jax.reporting.page.rendering import render


@dataclasses.dataclass(frozen=True)
class Cell:
  """A number of the summary table.

  Attributes:
    value: as in summary.csv, to sort by; '' if there is none.
    text: in the power of ten of its column.
    interval: its ends likewise, or ''.
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
  """

  name: str
  number: int
  cells: Sequence[Cell]
  whisker: tuple[float, float, float] | None
  warnings: Sequence[str] = ()
  check: int = 0
  failure: str | None = None


def session_page(
  title: str,
  *,
  defect: str,
  images: Iterable[PageImage],
  headlines: Sequence[str],
  over_images: Callable[[], Mapping[str, Mapping[str, float]]],
  conventions: Mapping[str, str],
  how_made: Mapping[str, str],
  remarks: Sequence[str] = (),
  sizes_label: str = 'diameter (nm)',
) -> str:
  """One HTML file of all images of a session.

  Args:
    title: of the page.
    defect: what was looked for.
    images: may be a generator: of each no more is kept than the page shows.
    headlines: names of the numbers of a summary that are shown.
    over_images: asked for when all images have been seen; by name their
      `images`, `mean`, `low` and `high`.
    conventions: by name how a number is defined.
    how_made: label and text: command, run, threshold, versions.
    remarks: what the intervals do not know of.
    sizes_label: of the histograms' axes, with the unit.

  Returns:
    HTML, to be written as UTF-8.
  """
  rows, shown = [], []
  for number, image in enumerate(images, start=1):
    rows.append(image.summary)
    facts = views.facts_of(image.summary, headlines)
    shown.append(
      views.image_view(
        image, number=number, facts=facts, sizes_label=sizes_label
      )
    )
  together = _as_summary(over_images())
  columns = [words.column_of(name, rows) for name in headlines]
  largest = _largest([*rows, together], headlines)
  table = [
    dataclasses.replace(
      _row(view.name, view.number, row, columns, largest),
      warnings=[words.title_of(name) for name, _ in view.warnings],
      check=len(view.check),
      failure=view.failure,
    )
    for view, row in zip(shown, rows)
  ]
  done = [view for view in shown if view.failure is None]
  return render(
    'session.html',
    title=title,
    defect=defect,
    images=done,
    failed=[view for view in shown if view.failure is not None],
    doubts=_doubts(shown),
    columns=columns,
    rows=table,
    mean=_mean_row(len(done), together, columns, largest)
    if len(done) > 1 and together
    else None,
    conventions={
      name: text for name, text in conventions.items() if name in headlines
    },
    how_made=how_made,
    remarks=remarks,
    **views.common(),
  )


def _as_summary(over_images):
  """The mean over images under the names that an image's numbers have."""
  found = {}
  for name, row in over_images.items():
    found[name], found[f'{name}_images'] = row['mean'], row['images']
    found[f'{name}_low'], found[f'{name}_high'] = row['low'], row['high']
  return found


def _largest(rows, headlines):
  """Of the first headline and its intervals, over all rows."""
  name = headlines[0]
  values = [row.get(key) for row in rows for key in (name, f'{name}_high')]
  return max(filter(words.is_number, values), default=0)


def _row(name, number, row, columns, largest):
  first = columns[0].name
  ends = words.interval_of(row, first)
  whisker = None
  if ends and largest and words.is_number(row[first]):
    whisker = tuple(value / largest for value in (row[first], *ends))
  return Row(name, number, [_cell(row, column) for column in columns], whisker)


def _mean_row(count, together, columns, largest):
  """Says of how many images a number is where not all of them have it."""
  row = _row(f'mean of {count}', 0, together, columns, largest)
  cells = []
  for column, cell in zip(columns, row.cells):
    images = together[f'{column.name}_images']
    if images not in (0, count):
      interval = f'{cell.interval}\nof {images}'.strip()
      cell = dataclasses.replace(cell, interval=interval)
    cells.append(cell)
  return dataclasses.replace(row, cells=cells)


def _cell(row, column):
  value = row.get(column.name)
  ends = words.interval_of(row, column.name)
  whole = words.file_text(value)
  if ends:
    whole += f' ({" to ".join(map(words.file_text, ends))})'
  return Cell(
    value=words.file_text(value),
    text=column.text(value),
    interval=' – '.join(map(column.text, ends)) if ends else '',
    whole=whole,
  )


def _doubts(shown):
  """By the name of a warning, the images that have it, and its message."""
  found = {}
  for view in shown:
    for name, message in view.warnings:
      found.setdefault(words.title_of(name), []).append((view, message))
  return found
