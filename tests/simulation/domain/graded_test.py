import collections

import numpy as np
import pytest

from configs import dislocations, precipitates, voids
from defectseg_jax.simulation import foil_parameters
from defectseg_jax.simulation.domain.graded import simulate_graded, worse
from defectseg_jax.simulation.domain.patch import Patch
from defectseg_jax.simulation.domain.settings import domain_settings

# Each simulates whole micrographs.
pytestmark = pytest.mark.slow

CONFIGS = {
  'voids': voids,
  'precipitates': precipitates,
  'dislocations': dislocations,
}


def graded(defect, indices):
  config = CONFIGS[defect].get_config()
  domain = domain_settings(config.domain.to_dict())
  foil = foil_parameters(config.foil.to_dict())
  return [
    simulate_graded(domain, foil, defect=defect, seed=0, index=index)
    for index in indices
  ]


@pytest.mark.parametrize('defect', CONFIGS)
def test_from_easy_to_hopeless(defect):
  found = graded(defect, range(14))
  kinds = collections.Counter(one.kind for one in found)
  assert kinds['domain'] >= 2 and len(kinds) >= 5
  for one in found:
    assert one.pixels.dtype == np.float32
    assert one.pixels.shape == one.mask.shape == one.counts.shape
    assert one.pixels.min() >= 0 and one.pixels.max() <= 255
    if one.kind in ('no specimen', 'another defect'):
      assert not one.mask.any() and one.counts.all()
  with_objects = [one for one in found if one.mask.any()]
  assert len(with_objects) > 5


def test_the_same_number_is_the_same_micrograph():
  [first], [again], [other] = (graded('voids', [n]) for n in (3, 3, 4))
  np.testing.assert_array_equal(first.pixels, again.pixels)
  np.testing.assert_array_equal(first.mask, again.mask)
  assert first.pixels.shape != other.pixels.shape or not np.array_equal(
    first.pixels, other.pixels
  )


@pytest.mark.parametrize(
  ('kind', 'larger'), [('enlarged', 1.5), ('reduced', 1 / 1.5), ('noisy', 1)]
)
def test_objects_of_enlarged_and_reduced_micrographs(kind, larger):
  """The mask goes with the pixels: the disc stays dark."""
  rows, columns = np.mgrid[:200, :200]
  mask = np.hypot(rows - 30, columns - 30) < 12
  pixels = np.where(mask, 60, 140).astype(np.float32)
  patch = Patch(pixels, mask, ~mask | mask, 0.5, 24.0)
  found = worse(kind, patch, np.random.default_rng(0))
  part = found.mask.sum() / mask.sum()
  assert part > larger**2 if larger > 1 else part <= larger**2
  assert found.pixels[found.mask].mean() < found.pixels[~found.mask].mean() - 20
  assert found.counts.all()


def test_inverted_is_inverted():
  pixels = np.arange(100, dtype=np.float32).reshape(10, 10)
  nothing = np.zeros((10, 10), bool)
  patch = Patch(pixels, nothing, ~nothing, 0.5, 24.0)
  found = worse('inverted', patch, np.random.default_rng(0)).pixels
  assert found[0, 0] == 255 and found[-1, -1] == 0
