"""What training says of its labels, and asks, before it begins."""

from types import SimpleNamespace

import numpy as np
import pytest

from configs import voids
from defectseg_jax.datasets.pipeline import Region
from defectseg_jax.errors import InputError
from defectseg_jax.runs import labels
from defectseg_jax.runs.settings import run_settings


def settings(**data):
  config = voids.get_config()
  config.data.update({'source': 'folder', 'dir': 'foils', **data})
  return run_settings(config)


def region(mask, labelled=None):
  mask = mask.astype(np.uint8)
  image = np.zeros(mask.shape, np.float32)
  return Region(image, mask, 'foil[1]', labelled=labelled)


@pytest.fixture
def mask():
  mask = np.zeros((100, 100), bool)
  mask[20:30, 20:30] = mask[60:80, 0:10] = True
  return mask


def test_masks_that_are_black_on_white_are_asked_about(mask):
  for split in ('train', 'dev', 'test'):
    with pytest.raises(InputError, match='97% of it is marked') as caught:
      labels.require_not_inverted(settings(), {split: [region(~mask)]})
    assert 'foil[1]' in str(caught.value)
    assert '--mask_class=0' in str(caught.value)
  with pytest.raises(InputError, match='black on white'):
    labels.require_not_inverted(
      settings(), {'train': [region(np.ones((9, 9), bool))]}
    )


def test_who_says_what_is_defect_is_not_asked(mask):
  for value in ('255', '0', 'all'):
    labels.require_not_inverted(
      settings(mask_class=value), {'train': [region(~mask)]}
    )


def test_masks_that_are_not_are_not_asked_about(mask):
  # Grains of precipitates fill more than half, and are not one region.
  crowded = np.ones((100, 100), bool)
  crowded[::20] = crowded[:, ::20] = False
  assert crowded.mean() > 0.9
  for one in (mask, crowded):
    labels.require_not_inverted(settings(), {'train': [region(one)]})
  assert list(labels.remarks_of({'train': [region(mask)]})) == []


def test_a_part_that_is_black_on_white_is_asked_about(mask):
  part = np.zeros(mask.shape, bool)
  part[10:50, 10:50] = True
  with pytest.raises(InputError, match=r'94% of it is marked'):
    labels.require_not_inverted(
      settings(), {'train': [region(~mask & part, part)]}
    )
  labels.require_not_inverted(
    settings(), {'train': [region(mask & part, part)]}
  )


def test_what_is_not_labelled_and_what_is_empty_is_said(mask):
  part = np.zeros(mask.shape, bool)
  part[10:50, 10:50] = True
  said = list(
    labels.remarks_of(
      {'train': [region(mask & part, part)], 'dev': [region(mask & False)]}
    )
  )
  assert said == [
    'Not labelled, and in no loss and no score: 84% of foil[1].',
    'No defect is marked in 1 of 2 regions: foil[1].',
  ]


def test_values_are_those_that_are_labelled(mask):
  part = np.zeros(mask.shape, bool)
  part[:10] = True
  values = np.arange(mask.size).reshape(mask.shape)
  one, whole = region(mask, part), SimpleNamespace(labelled=None)
  np.testing.assert_array_equal(labels.where_labelled(one, values), range(1000))
  assert labels.where_labelled(whole, values) is values
  assert labels.only_labelled(one, values).sum() == sum(range(1000))
  assert labels.only_labelled(whole, values) is values
