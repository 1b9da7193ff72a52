"""Tables for the terminal."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from rich.markup import escape
from rich.table import Table

from defectseg_jax.quantification import why_missing
from defectseg_jax.reporting.more_images import halved_by

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
    A table for `rich` to print: image after image, then their mean and how they
    differ.
  """
  table = Table(title=defect)
  for title in ('image', 'quantity', 'value', '95% interval'):
    table.add_column(title, justify='right' if title == 'value' else 'left')

  def add(image: str, name: str, value: float, interval: str) -> None:
    shown = str(value) if isinstance(value, int) else f'{value:.3g}'
    shown = '–' if math.isnan(value) else shown
    table.add_row(escape(image), name.replace('_', ' '), shown, interval)

  for row in rows:
    labels = _labels(row)
    for name in names:
      value, missing = row[name], why_missing(name, row)
      if value is None and not missing:
        continue
      label = labels.pop(0) if labels else ''
      if value is None:
        add(label, name, math.nan, missing)
      else:
        add(label, name, value, _interval_text(row, name))
    table.add_section()
  said = None
  for name in names if len(rows) > 1 else ():
    found = together[name]
    title = ''
    if said is None or found['images'] not in (0, said):
      said = found['images']
      title = f'mean of {said}'
    ends = {f'{name}_{end}': found[end] for end in ('low', 'high')}
    differ = f' (images differ by {found["std"]:.3g})' * (found['std'] > 0)
    add(title, name, found['mean'], _interval_text(ends, name) + differ)
  return table


def samples_table(
  rows: Sequence[Mapping[str, Any]], names: Sequence[str]
) -> Table:
  """Materials numbers by sample, a number a row.

  Args:
    rows: of samples.csv.
    names: of the numbers that are shown; those that no sample has are left out.

  Returns:
    A table for `rich` to print; its last column says how many more images like
    those that there are would halve the interval.
  """
  table = Table(title='by sample')
  for title in ('sample', 'quantity', 'value', '95% interval', 'halved by'):
    table.add_column(title, justify='right' if title == 'value' else 'left')
  for row in rows:
    labels = [row['sample'], f'of {row["images"]}']
    for name in names:
      if math.isnan(row[name]):
        continue
      table.add_row(
        escape(labels.pop(0) if labels else ''),
        name.replace('_', ' '),
        f'{row[name]:.3g}',
        _interval_text(row, name),
        halved_by(row, name) or '–',
      )
    table.add_section()
  return table


def _labels(row: Mapping[str, Any]) -> list[str]:
  """The image's name, and below it what its numbers must be read with."""
  outside = '' if row.get('in_mean', True) else 'not in the mean'
  return [row['image'], *filter(None, [row.get('applies'), outside])]


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
