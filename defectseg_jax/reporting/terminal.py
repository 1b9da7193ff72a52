"""The numbers of a session in the terminal."""

from rich.console import Console
from rich.markup import escape

from defectseg_jax.quantification.over_images import statistics_over_images
from defectseg_jax.reporting import tables
from defectseg_jax.sessions.tables import Numbers


def print_numbers(defect: str, numbers: Numbers, console: Console) -> None:
  """Prints the table, then warnings, failures and remarks.

  Args:
    defect: what was looked for.
    numbers: of the session.
    console: where to.
  """
  names = numbers.headlines
  if numbers.rows:
    console.print(
      tables.quantities_table(
        defect,
        numbers.rows,
        names,
        statistics_over_images(numbers.rows, names),
      )
    )
  for name, doubt in numbers.doubts:
    console.print(
      f'[red]WARNING[/red] {escape(name)}: {doubt.name}: '
      f'{escape(doubt.message)}',
      soft_wrap=True,
    )
  for name, reason in numbers.failures.items():
    console.print(
      f'[red]FAILED[/red] {escape(name)}: {escape(reason)}', soft_wrap=True
    )
  for remark in numbers.remarks():
    console.print(remark, soft_wrap=True)
