import numpy as np
import pytest
from pictures import drawn
from rich.console import Console

from defectseg_jax.evaluation import confusion
from defectseg_jax.reporting import figures, tables


def test_the_comparison_map_has_the_papers_colours():
  prediction = np.array([[True, False], [True, False]])
  truth = np.array([[True, False], [False, True]])
  np.testing.assert_array_equal(
    figures.comparison_map(prediction, truth),
    [[[64, 224, 208], [0, 0, 0]], [[255, 0, 0], [255, 255, 0]]],
  )


@pytest.mark.parametrize('name', ['foil', 'a$b$_{'])
def test_the_picture_of_a_test_image_shows_all_four_kinds(name):
  rng = np.random.default_rng(0)
  truth = np.zeros((64, 96), bool)
  truth[10:30, 10:60] = True
  prediction = np.roll(truth, 10, axis=0)
  figure = figures.test_image(
    rng.normal(size=truth.shape),
    truth,
    prediction,
    name=name,
    scores=confusion.ratios(confusion.confusion(prediction, truth)),
  )
  pixels = drawn(figure).reshape(-1, 3)
  for colour in figures.COMPARISON_COLOURS.values():
    assert (pixels == colour).all(axis=1).sum() > 100, colour
  titles = [axes.get_title() for axes in figure.axes]
  assert titles == ['micrograph', 'truth', 'prediction', 'comparison']
  assert name in figure.get_suptitle()


def test_the_curves_are_those_of_the_history():
  history = [
    {'epoch': e, 'train_iu': 0.1 * e, 'dev_iu': 0.05 * e, 'learning_rate': 1e-3}
    for e in (1, 2, 3)
  ]
  figure = figures.iu_curves(history, defect='voids', best_epoch=2)
  upper, lower = figure.axes
  train, dev, kept = upper.get_lines()
  np.testing.assert_allclose(train.get_ydata(), [0.1, 0.2, 0.3])
  np.testing.assert_allclose(dev.get_ydata(), [0.05, 0.1, 0.15])
  assert list(kept.get_xdata()) == [2, 2]
  assert lower.get_yscale() == 'log'
  assert drawn(figure).std() > 1


def test_the_table_shows_percents_and_names_the_oracle():
  row = {'pixel_accuracy': 0.98765, 'precision': 0.5, 'recall': 1.0, 'iu': 0.25}
  metrics = {
    'defect': 'voids',
    'threshold': 0.4321,
    'per_image': [{'name': 'foil [1]', **row}],
    'mean': row,
    'std': dict.fromkeys(row),
    'pooled': row,
    'oracle': {'threshold': 0.6, **row},
  }
  console = Console(width=120)
  with console.capture() as captured:
    console.print(tables.test_table(metrics))
  text = captured.get()
  for part in ('98.77', '50.00', '100.00', '25.00', '0.432', '–', 'foil [1]'):
    assert part in text, part
  assert 'oracle: threshold 0.600, chosen on the test set' in text
