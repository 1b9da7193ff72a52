"""Threshold and peak are chosen by the objects of the development set."""

import numpy as np
import pytest

from configs import dislocations, voids
from defectseg_jax.runs.settings import run_settings
from defectseg_jax.runs.sure_objects import choose_sure_objects

DEFECTS = {'voids': voids, 'dislocations': dislocations}


@pytest.fixture
def specks():
  """A map of a void that is sure, and specks as large that are not."""
  truth = np.zeros((80, 80), bool)
  truth[10:20, 10:20] = True
  found = np.where(truth, 0.6, 0.0).astype(np.float32)
  found[14, 14] = 0.97
  for place in (30, 50):
    found[place : place + 10, 40:50] = 0.82
  return found, truth


def choose(defect, argument, specks):
  settings = run_settings(DEFECTS[defect].get_config(argument))
  found, truth = specks
  return choose_sure_objects(settings, [found], [truth], 0.5)


def test_specks_that_are_as_large_as_voids_are_left_out(specks):
  content = choose('voids', 'scale=general', specks)
  # The least of those tried that leaves them out.
  assert (content['threshold'], content['least_peak']) == (0.4, 0.85)
  assert content['iu'] == 1.0
  assert [content[k] for k in ('found', 'missed', 'invented')] == [1, 0, 0]


def test_nothing_is_asked_for_where_it_helps_nobody(specks):
  found, truth = specks
  content = choose('voids', 'scale=general', (found * truth, truth))
  assert content['least_peak'] == 0.0


def test_a_threshold_that_makes_objects_too_large_is_not_chosen():
  y, x = np.mgrid[:64, :64]
  centres = [(16, 16), (16, 46), (46, 16), (46, 46)]
  distance = np.min([np.hypot(y - a, x - b) for a, b in centres], axis=0)
  truth = distance < 4
  found = (1 / (1 + np.exp((distance - 4) / 2 - 0.85))).astype(np.float32)
  # At their border the network says 0.7; from 0.5 on the voids have more than
  # twice their area, from 0.6 on they do not.
  content = choose('voids', 'scale=general', (found, truth))
  assert content['threshold'] == 0.6
  assert [content[k] for k in ('found', 'missed', 'invented')] == [4, 0, 0]


def test_precision_counts_more_than_recall():
  """Three voids of four are nowhere surer than a speck is."""
  truth = np.zeros((80, 80), bool)
  found = np.zeros((80, 80), np.float32)
  for place, peak in ((5, 0.97), (25, 0.97), (45, 0.97), (65, 0.88)):
    truth[place : place + 8, 5:13] = True
    found[place : place + 8, 5:13] = peak
  for place in (5, 25):
    found[place : place + 8, 45:53] = 0.88
  content = choose('voids', 'scale=general', (found, truth))
  assert content['least_peak'] == 0.9
  assert [content[k] for k in ('found', 'missed', 'invented')] == [3, 1, 0]


@pytest.mark.parametrize(
  ('defect', 'argument'), [('voids', None), ('dislocations', 'scale=general')]
)
def test_masks_of_the_paper_and_lines_are_left_alone(defect, argument, specks):
  content = choose(defect, argument, specks)
  assert content['least_peak'] == 0.0
  # That of the best epoch holds.
  assert 'threshold' not in content
