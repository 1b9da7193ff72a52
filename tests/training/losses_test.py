import jax.numpy as jnp
import numpy as np
import pytest

from defectseg_jax.training import losses


def test_weighted_cross_entropy_by_hand():
  logits = np.array([0.3, -2.0, 1.5, 80.0], np.float32)
  truth = np.array([1.0, 0.0, 0.0, 1.0], np.float32)
  p = 1 / (1 + np.exp(-logits.astype(np.float64)))
  expected = [-5 * np.log(p[0]), -np.log(1 - p[1]), -np.log(1 - p[2]), 0]
  found = losses.weighted_cross_entropy(logits, truth, 5.0)
  np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_l2_counts_kernels_only():
  params = {
    'conv': {'kernel': jnp.array([[1.0, 2.0]]), 'bias': jnp.array([9.0])},
    'norm': {'scale': jnp.array([9.0]), 'bias': jnp.array([9.0])},
    'up': {'kernel': jnp.array([3.0])},
  }
  assert losses.l2_penalty(params) == pytest.approx(0.5 * (1 + 4 + 9))
