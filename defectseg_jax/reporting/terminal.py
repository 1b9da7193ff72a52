"""The numbers of a session in the terminal."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape

from defectseg_jax.quantification import QualityWarning
from defectseg_jax.reporting import tables


def print_numbers(
  console: Console,
  defect: str,
  rows: Sequence[Mapping[str, Any]],
  *,
  headlines: Sequence[str],
  over_images: Mapping[str, Mapping[str, float]],
  warnings: Iterable[tuple[str, QualityWarning]] = (),
  failures: Mapping[str, str] | None = None,
  cautions: Iterable[str] = (),
  remarks: Iterable[str] = (),
) -> None:
  """Prints the table, then warnings, failures and remarks.

  Args:
    console: where to.
    defect: what was looked for.
    rows: of summary.csv, of images that could be measured.
    headlines: names of the numbers that are shown.
    over_images: by name a number's `images`, `mean`, `low` and `high` over
      images.
    warnings: image and warning.
    failures: by image why it could not be measured.
    cautions: warnings of all images together, a line each.
    remarks: a line each.
  """
  if rows:
    console.print(tables.quantities_table(defect, rows, headlines, over_images))
  for caution in cautions:
    console.print(f'[red]WARNING[/red] {escape(caution)}', soft_wrap=True)
  for name, warning in warnings:
    console.print(
      f'[red]WARNING[/red] {escape(name)}: {warning.name}: '
      f'{escape(warning.message)}',
      soft_wrap=True,
    )
  for name, reason in (failures or {}).items():
    console.print(
      f'[red]FAILED[/red] {escape(name)}: {escape(reason)}', soft_wrap=True
    )
  for remark in remarks:
    console.print(remark, soft_wrap=True)
