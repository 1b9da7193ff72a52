"""What training says of its data before it begins."""

import io
from types import SimpleNamespace

import numpy as np
import pytest
from rich.console import Console

from defectseg_jax.runs import fit


def said_of(mask):
  region = SimpleNamespace(name='foil[1]', mask=mask.astype(np.uint8))
  regions = {'train': [region], 'dev': [region], 'test': [region]}
  console = Console(file=io.StringIO(), width=400)
  fit._print_data(
    console,
    SimpleNamespace(
      data=SimpleNamespace(regions=regions), patches=SimpleNamespace(count=7)
    ),
  )
  return console.file.getvalue()


@pytest.fixture
def mask():
  mask = np.zeros((100, 100), bool)
  mask[20:30, 20:30] = mask[60:80, 0:10] = True
  return mask


def test_masks_that_are_black_on_white_are_told(mask):
  said = said_of(~mask)
  assert '97.0% of training pixels are defect' in said
  assert 'Warning: in the masks of 1 of 1 training regions' in said
  assert 'foil[1]' in said and 'invert them' in said


def test_masks_that_are_not_are_not(mask):
  assert 'Warning' not in said_of(mask)
  # Grains of precipitates fill more than half, and are not one region.
  crowded = np.ones((100, 100), bool)
  crowded[::20] = crowded[:, ::20] = False
  assert crowded.mean() > 0.9
  assert 'Warning' not in said_of(crowded)
