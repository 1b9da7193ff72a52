"""Tables for the terminal."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from rich.markup import escape
from rich.table import Table

from defectseg_jax.quantification import why_missing

COLUMNS = {
  'pixel_accuracy': 'pixel accuracy',
  'precision': 'precision',
  'recall': 'recall',
  'iu': 'IU',
}


def test_table(metrics: Mapping[str, Any]) -> Table:
  """The test set as the paper's Table 1 gives it, in percent.

  Args:
    metrics: the content of test_metrics.json.

  Returns:
    A table for `rich` to print: an image a row, then the summary.
  """
  table = Table(
    title=f'{metrics["defect"]}: test set at the development threshold '
    f'{metrics["threshold"]:.3f}, percent'
  )
  table.add_column('')
  for title in COLUMNS.values():
    table.add_column(title, justify='right')
  for row in metrics['per_image']:
    # A name may hold what rich takes for markup.
    table.add_row(escape(row['name']), *_percents(row))
  table.add_section()
  for name, key in (
    ('mean', 'mean'),
    ('standard deviation', 'std'),
    ('pooled', 'pooled'),
  ):
    table.add_row(name, *_percents(metrics[key]))
  oracle = metrics['oracle']
  table.add_section()
  table.add_row(
    f'oracle: threshold {oracle["threshold"]:.3f}, chosen on the test set',
    *_percents(oracle),
  )
  return table


def _percents(row: Mapping[str, Any]) -> list[str]:
  return [
    '–' if row[key] is None else f'{100 * row[key]:.2f}' for key in COLUMNS
  ]


def quantities_table(
  defect: str,
  rows: Sequence[Mapping[str, Any]],
  names: Sequence[str],
  together: Mapping[str, Mapping[str, float]],
) -> Table:
  """Materials numbers with their 95% intervals, a number a row.

  Args:
    defect: for the title.
    rows: of summary.csv. Of a number that is None it is said what it needs; it
      is left out where it needs nothing.
    names: of the numbers that are shown.
    together: by name the mean over images and its interval, as
      `statistics_over_images` gives them.

  Returns:
    A table for `rich` to print: image after image, then their mean.
  """
  table = Table(title=defect)
  for title in ('image', 'quantity', 'value', '95% interval'):
    table.add_column(title, justify='right' if title == 'value' else 'left')

  def add(image: str, name: str, value: float, interval: str) -> None:
    shown = str(value) if isinstance(value, int) else f'{value:.3g}'
    shown = '–' if math.isnan(value) else shown
    table.add_row(escape(image), name.replace('_', ' '), shown, interval)

  for row in rows:
    for name in names:
      image, value = row['image'] if name == names[0] else '', row[name]
      # Below the image's name, where its numbers are read.
      if len(names) > 1 and name == names[1]:
        image = row.get('applies', '')
      if value is not None:
        add(image, name, value, _interval_text(row, name))
      elif why_missing(name, row):
        add(image, name, math.nan, why_missing(name, row))
    table.add_section()
  said = None
  for name in names if len(rows) > 1 else ():
    found = together[name]
    title = ''
    if said is None or found['images'] not in (0, said):
      said = found['images']
      title = f'mean of {said}'
    ends = {f'{name}_{end}': found[end] for end in ('low', 'high')}
    add(title, name, found['mean'], _interval_text(ends, name))
  return table


def _interval_text(row: Mapping[str, Any], name: str) -> str:
  low, high = (row.get(f'{name}_{end}') for end in ('low', 'high'))
  if low is None or high is None or math.isnan(low):
    return '–'
  return f'{low:.3g} to {high:.3g}'


def panel_table(rows: Sequence[Mapping[str, Any]]) -> Table:
  """Percent errors of people and of the machine, as in the paper's Tables 2, 3.

  Args:
    rows: of panel.csv.

  Returns:
    A table for `rich` to print.
  """
  table = Table(title='percent error against the truth')
  table.add_column('')
  table.add_column('quantity')
  for title in ('people: average', 'deviation', 'answers', 'machine'):
    table.add_column(title, justify='right')
  for row in rows:
    table.add_row(
      escape(row['image']),
      escape(row['quantity']),
      *(_as_percent(row[key]) for key in ('error_average', 'error_spread')),
      str(row['answers']),
      _as_percent(row['error_machine']),
    )
  return table


def _as_percent(share: float) -> str:
  return '–' if math.isnan(share) else f'{100 * share:.0f}%'
