"""The page of a search: what was tried, round by round."""

from collections.abc import Mapping, Sequence
from typing import Any

from defectseg_jax.reporting.figures import search
from defectseg_jax.reporting.figures.search import Searched
from defectseg_jax.reporting.page import words
from defectseg_jax.reporting.page.pictures import figure_uri
from defectseg_jax.reporting.page.rendering import render


def search_page(
  title: str,
  *,
  subtitle: str,
  rows: Sequence[Mapping[str, Any]],
  fields: Sequence[Searched],
  how_made: Mapping[str, str],
) -> str:
  """One HTML file of a search.

  Args:
    title: of the page.
    subtitle: where the search stands.
    rows: of all trials, at least one, as in trials.csv.
    fields: that were searched.
    how_made: label and text: command, settings, versions.

  Returns:
    HTML, to be written as UTF-8.
  """
  return render(
    'search.html',
    title=title,
    subtitle=subtitle,
    names=list(rows[0]),
    rows=[
      [(_cell_text(value), _sorted_by(value)) for value in row.values()]
      for row in rows
    ],
    rounds=figure_uri(search.rounds_progress(rows), colours=128),
    by_field=figure_uri(search.iu_by_field(rows, fields), colours=128),
    parallel=figure_uri(search.parallel_coordinates(rows, fields), colours=128),
    how_made=how_made,
  )


def _cell_text(value: Any) -> str:
  if value is None or value == '':
    return words.NONE
  return f'{value:.4g}' if isinstance(value, float) else str(value)


def _sorted_by(value: Any) -> str:
  return '' if value is None else str(value)
