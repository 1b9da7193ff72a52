"""What a lesson is made of, and how networks are compared."""

import numpy as np
import pytest

from defectseg_jax.datasets.splits import read_splits
from defectseg_jax.micrographs.object_ids import ObjectMask
from defectseg_jax.review.doubt import doubt
from defectseg_jax.review.lesson import (
  Lesson,
  held_back,
  lesson_config,
  read_lesson,
  write_lesson,
  write_splits,
)
from defectseg_jax.review.lesson_proposals import differences
from defectseg_jax.review.lesson_scores import Scores, in_words, score
from defectseg_jax.runs.config_checks import require_valid
from defectseg_jax.runs.settings import run_settings


def _lesson(**more):
  return Lesson('voids', ['a', 'b'], ['c'], ['d'], 'abc', **more)


@pytest.mark.parametrize('count', range(3, 31))
def test_about_a_third_is_held_back(count):
  names = [f'{n:02}' for n in range(count)]
  held = held_back(names)
  assert 1 <= len(held) <= count // 3 + 1 and set(held) < set(names)


def test_a_lesson_is_read_as_it_was_written(tmp_path):
  write_lesson(tmp_path, _lesson(steps=3))
  assert read_lesson(tmp_path) == _lesson(steps=3)


def test_what_is_held_back_is_in_no_training_region(tmp_path):
  write_splits(tmp_path, _lesson())
  images = [tmp_path / f'{name}.tif' for name in 'abc']
  rows = read_splits(tmp_path / 'splits.csv', images)
  assert [rows[f'{name}.tif']['split'] for name in 'abc'] == [
    None,
    None,
    'test',
  ]


@pytest.mark.parametrize('network', ['voids', 'precipitates', 'dislocations'])
def test_its_config_is_the_networks_own_and_can_be_trained(tmp_path, network):
  (tmp_path / 'data').mkdir()
  lesson = Lesson(network, ['a'], [], [], '')
  config = lesson_config(tmp_path, lesson, [512 * 512])
  settings = run_settings(config)
  require_valid(settings)
  assert settings.defect == network and settings.init_from == network
  assert settings.domain is None and settings.model.name == 'unet_350k'
  assert settings.data.patches == 'tiled'
  # Of many pixels an epoch has steps enough without orientations.
  many = lesson_config(tmp_path, lesson, [4096 * 4096] * 3)
  assert run_settings(many).data.patches == 'random'


def test_scores_count_nothing_that_is_not_labelled():
  truth = np.zeros((100, 100), bool)
  truth[10:20, 10:20] = truth[70:80, 70:80] = True
  found = truth.copy()
  found[70:80, 10:20] = True  # Invented, where nobody labelled.
  found[10:20, 70:80] = True  # Invented.
  labelled = np.ones_like(truth)
  labelled[50:, :50] = False
  scores = score([found], [ObjectMask(truth, labelled=labelled)], 'voids')
  assert (scores.found, scores.missed, scores.invented) == (2, 0, 1)
  assert scores.f1 == pytest.approx(4 / 5) and scores.iu == pytest.approx(2 / 3)


def test_scores_of_lines_are_of_their_length():
  truth = np.zeros((100, 100), bool)
  truth[49:52, :] = True
  half = truth & (np.arange(100) < 50)
  scores = score([half], [ObjectMask(truth)], 'dislocations')
  assert scores.found == pytest.approx(50, abs=6)
  assert scores.missed == pytest.approx(50, abs=6)


def test_a_network_that_got_worse_is_called_worse():
  good = Scores(f1=0.8, iu=0.7, found=8, missed=2, invented=2)
  bad = Scores(f1=0.5, iu=None, found=5, missed=5, invented=5)
  assert in_words(good, bad, images=1, defect='voids').startswith('WORSE: F1')
  assert in_words(bad, good, images=1, defect='voids').startswith('better:')
  assert in_words(good, good, images=1, defect='voids').startswith('as good:')


def test_objects_that_come_and_go():
  now = np.zeros((60, 60), bool)
  now[5:10, 5:10] = now[30:35, 30:35] = True
  proposed = np.zeros_like(now)
  proposed[6:12, 6:12] = proposed[50:55, 5:10] = proposed[50:55, 40:45] = True
  assert differences(now, proposed) == {'objects': 3, 'new': 2, 'gone': 1}


def test_the_image_of_which_a_network_is_least_sure_teaches_most():
  rng = np.random.default_rng(0)
  sure = np.where(rng.random((64, 64)) < 0.2, 0.99, 0.01)
  unsure = np.where(sure > 0.5, 0.7, 0.1)
  assert 0 < doubt(sure, 0.5) < doubt(unsure, 0.5) < 1
  # Entropy of 0.25 by hand: 2 - 0.75 log2(3) bits.
  bits = 2 - 0.75 * np.log2(3)
  p = np.array([[0.25, 1.0, 1.0]])
  assert doubt(p, 0.5) == pytest.approx(bits / (bits + 2))
  # Larger images are looked at in part, and say the same.
  large = np.tile(unsure, (64, 64))
  assert doubt(large, 0.5) == pytest.approx(doubt(unsure, 0.5), abs=0.05)
