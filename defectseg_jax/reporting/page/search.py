"""The page of a search: what was tried, round by round."""

import io
from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure
from PIL import Image

from defectseg_jax.reporting.figures import search
from defectseg_jax.reporting.figures.search import Searched
from defectseg_jax.reporting.page import words
from defectseg_jax.reporting.page.pictures import png_uri
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
      [(_shown(value), _sorted_by(value)) for value in row.values()]
      for row in rows
    ],
    rounds=_picture(search.rounds_progress(rows)),
    by_field=_picture(search.iu_by_field(rows, fields)),
    parallel=_picture(search.parallel_coordinates(rows, fields)),
    how_made=how_made,
  )


def _shown(value):
  if value is None or value == '':
    return words.NONE
  return f'{value:.4g}' if isinstance(value, float) else str(value)


def _sorted_by(value):
  return '' if value is None else str(value)


def _picture(figure: Figure) -> str:
  stream = io.BytesIO()
  figure.savefig(stream, dpi=110)
  return png_uri(Image.open(stream).convert('RGB').quantize(128))
