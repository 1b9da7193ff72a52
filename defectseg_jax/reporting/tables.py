"""Tables for the terminal."""

from collections.abc import Mapping
from typing import Any

from rich.markup import escape
from rich.table import Table

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
    # A name is no markup.
    table.add_row(escape(row['name']), *_percent(row))
  table.add_section()
  for name, key in (
    ('mean', 'mean'),
    ('standard deviation', 'std'),
    ('pooled', 'pooled'),
  ):
    table.add_row(name, *_percent(metrics[key]))
  oracle = metrics['oracle']
  table.add_section()
  table.add_row(
    f'oracle: threshold {oracle["threshold"]:.3f}, chosen on the test set',
    *_percent(oracle),
  )
  return table


def _percent(row):
  return [
    '–' if row[key] is None else f'{100 * row[key]:.2f}' for key in COLUMNS
  ]
