"""The peak that a region must reach is chosen on the development set."""

import numpy as np
import pytest

from configs import dislocations, voids
from defectseg_jax.runs.least_peak import choose_least_peak
from defectseg_jax.runs.settings import run_settings

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
  return choose_least_peak(settings, [found], [truth], 0.5)


def test_specks_that_are_as_large_as_voids_are_left_out(specks):
  content = choose('voids', 'scale=general', specks)
  # The least of those tried that leaves them out.
  assert content['least_peak'] == 0.85
  assert [content[k] for k in ('found', 'missed', 'invented')] == [1, 0, 0]


def test_nothing_is_asked_for_where_it_helps_nobody(specks):
  found, truth = specks
  content = choose('voids', 'scale=general', (found * truth, truth))
  assert content['least_peak'] == 0.0


@pytest.mark.parametrize(
  ('defect', 'argument'), [('voids', None), ('dislocations', 'scale=general')]
)
def test_masks_of_the_paper_and_lines_are_left_alone(defect, argument, specks):
  content = choose(defect, argument, specks)
  assert content['least_peak'] == 0.0
