"""The page of a run's test set, beside the paper's numbers."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from defectseg_jax.reporting import figures
from defectseg_jax.reporting.page import paper, words
from defectseg_jax.reporting.page.detection import DetectionView
from defectseg_jax.reporting.page.pictures import figure_uri
from defectseg_jax.reporting.page.rendering import render
from defectseg_jax.reporting.page.views import (
  Fact,
  ImageView,
  place_view,
  shared_content,
)
from defectseg_jax.reporting.tables import COLUMNS

_COMPARISON = 'comparison'


class QuantityError(NamedTuple):
  """How far a materials number of a test image is from the truth.

  Attributes:
    image: its name.
    quantity: the name of the number in a summary, unit in the name.
    predicted, truth: its values; NaN where they are not known.
    percent_error: 100 |predicted - truth| / truth; NaN where it is not known.
  """

  image: str
  quantity: str
  predicted: float
  truth: float
  percent_error: float


def training_page(
  title: str,
  *,
  metrics: Mapping[str, Any],
  history: Sequence[Mapping[str, Any]],
  images: Sequence[ImageView],
  errors: Sequence[QuantityError],
  how_made: Mapping[str, str],
  remarks: Sequence[str] = (),
  detection: DetectionView | None = None,
) -> str:
  """One HTML file of a run: scores, curves, maps and errors of its test set.

  Args:
    title: of the page.
    metrics: the content of test_metrics.json.
    history: the rows of history.csv, at least one.
    images: what `image_view` makes of each of the test set, named as in
      `metrics`; a layer named comparison, which `figures.comparison_map`
      draws, is shown first.
    errors: of the materials numbers; may be empty.
    how_made: label and text: command, run, threshold, versions.
    remarks: what a reader of the errors must know.
    detection: which sizes of particles the network finds.

  Returns:
    HTML, to be written as UTF-8.
  """
  scores = {row['name']: row for row in metrics['per_image']}
  shown = [
    place_view(
      view,
      number,
      _score_facts(scores.get(view.name, {})),
      first_layer=_COMPARISON,
    )
    for number, view in enumerate(images, start=1)
  ]
  return render(
    'training.html',
    title=title,
    metrics=metrics,
    titles=COLUMNS,
    scores=_scores(metrics),
    numbers={view.name: view.number for view in shown},
    images=shown,
    curves=_curves(metrics, history),
    errors=[_error_row(error) for error in errors],
    paper_errors=paper.ERRORS.get(metrics['defect'], {}),
    source=paper.SOURCE,
    how_made=how_made,
    remarks=remarks,
    detection=detection,
    **shared_content(),
  )


def _scores(metrics: Mapping[str, Any]) -> list[tuple[str, list[str], str]]:
  """Table 1: what a row is, its numbers in percent, and its kind."""
  rows = [(row['name'], _percents(row), 'each') for row in metrics['per_image']]
  mean, spread = _percents(metrics['mean']), _percents(metrics['std'])
  rows.append(
    ('this run', [f'{m} ± {s}' for m, s in zip(mean, spread)], 'headline')
  )
  published = paper.TABLE_1.get(metrics['defect'])
  if published:
    pairs = [published[key] for key in COLUMNS]
    of_paper = [f'{mean:.2f} ± {std:.2f}' for mean, std in pairs]
    rows.append((f'the paper, {metrics["defect"]}', of_paper, 'paper'))
  rows.append(('this run, all pixels pooled', _percents(metrics['pooled']), ''))
  oracle = metrics['oracle']
  rows.append(
    (
      f'this run, oracle: threshold {oracle["threshold"]:.3f}, chosen on the '
      'test set',
      _percents(oracle),
      '',
    )
  )
  return rows


def _percents(row: Mapping[str, Any]) -> list[str]:
  return [
    words.NONE if row.get(key) is None else f'{100 * row[key]:.2f}'
    for key in COLUMNS
  ]


def _score_facts(row: Mapping[str, Any]) -> list[Fact]:
  return [
    Fact(title, text, '%', '')
    for title, text in zip(COLUMNS.values(), _percents(row))
    if text != words.NONE
  ]


def _curves(
  metrics: Mapping[str, Any], history: Sequence[Mapping[str, Any]]
) -> str:
  curves = figures.iu_curves(
    history, defect=metrics['defect'], best_epoch=metrics['dev']['epoch']
  )
  return figure_uri(curves, colours=64)


def _error_row(error: QuantityError) -> dict[str, Any]:
  """Predicted and true in one power of ten."""
  known = error.truth if words.is_number(error.truth) else error.predicted
  column = words.column_of(error.quantity, [{error.quantity: known}])
  shown = words.NONE
  if words.is_number(error.percent_error):
    shown = f'{error.percent_error:.1f}'
  return {
    'image': error.image,
    'column': column,
    'predicted': column.text(error.predicted),
    'truth': column.text(error.truth),
    'percent': shown,
    'value': words.file_text(error.percent_error),
  }
