"""The table as a spreadsheet: XLSX, the same bytes from the same numbers."""

import datetime
import pathlib
from typing import Any

import xlsxwriter

from defectseg_jax.reporting.page.words import NO_END, NONE
from defectseg_jax.reporting.paper.tables import PaperTable

# A workbook says when it was made; this is what a ZIP's clock begins with.
_MADE = datetime.datetime(1980, 1, 1)
_WIDTH = 18


def write_workbook(path: pathlib.Path, table: PaperTable) -> None:
  """Writes one sheet: of each quantity the value and both ends.

  Args:
    path: of the file; it ends in .xlsx.
    table: what it shows. Numbers are numbers, shown with the digits that they
      are rounded to. A name is a text, also one that begins with `=`.
  """
  book: Any = xlsxwriter.Workbook(str(path), {'in_memory': True})
  try:
    book.set_properties({'created': _MADE})
    sheet = book.add_worksheet('numbers')
    sheet.set_column(0, 3 * len(table.columns), _WIDTH)
    sheet.freeze_panes(1, 1)
    for column, head in enumerate(table.heads_of_ends):
      sheet.write_string(0, column, head)
    formats: dict[int, Any] = {}
    for row, (label, cells) in enumerate(table.rows, start=1):
      sheet.write_string(row, 0, label)
      texts = [text for one in cells for text in one.texts]
      for column, text in enumerate(texts, start=1):
        if text in ('', NONE):
          continue
        if text == NO_END:
          sheet.write_string(row, column, text)
          continue
        digits = len(text.partition('.')[2])
        if digits not in formats:
          shown = '0.' + '0' * digits if digits else '0'
          formats[digits] = book.add_format({'num_format': shown})
        sheet.write_number(row, column, float(text), formats[digits])
  finally:
    book.close()
