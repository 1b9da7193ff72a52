"""The files of a paper's text and tables."""

import pathlib
from collections.abc import Sequence

from defectseg_jax.files import write_text
from defectseg_jax.reporting.paper.methods import methods
from defectseg_jax.reporting.paper.record import Record
from defectseg_jax.reporting.paper.references import bibtex, keys_of
from defectseg_jax.reporting.paper.rendering import (
  methods_latex,
  methods_markdown,
)
from defectseg_jax.reporting.paper.tables import (
  paper_table,
  table_csv,
  table_latex,
  table_markdown,
)
from defectseg_jax.reporting.paper.workbook import write_workbook


def write_paper(folder: pathlib.Path, record: Record) -> None:
  """Writes Methods, references and tables.

  Args:
    folder: where to write; it is made if it is missing.
    record: what was done.
  """
  write_methods(folder, methods(record))
  table = paper_table(record)
  for name, text in {
    'tables.csv': table_csv(table),
    'tables.md': table_markdown(table),
    'tables.tex': table_latex(table),
  }.items():
    write_text(folder / name, text)
  write_workbook(folder / 'tables.xlsx', table)


def write_methods(
  folder: pathlib.Path, paragraphs: Sequence[Sequence[str]]
) -> None:
  """Writes Methods, and the references that they cite.

  Args:
    folder: where to write; it is made if it is missing.
    paragraphs: of sentences.
  """
  folder.mkdir(exist_ok=True)
  cited = keys_of(sentence for one in paragraphs for sentence in one)
  for name, text in {
    'methods.md': methods_markdown(paragraphs),
    'methods.tex': methods_latex(paragraphs),
    'references.bib': bibtex(cited),
  }.items():
    write_text(folder / name, text)
