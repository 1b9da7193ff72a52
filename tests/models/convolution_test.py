"""Our convolution, against Flax's, and its gradients against JAX's."""

import jax
import numpy as np
import pytest
from flax import linen as nn

from defectseg_jax.models.convolution import Conv, convolve

# Each compiles a convolution and its gradients, in two ways.
pytestmark = pytest.mark.slow

KEY = jax.random.key(0)


@pytest.mark.parametrize('use_bias', [True, False])
def test_it_has_the_parameters_and_results_of_flax(use_bias):
  x = np.random.default_rng(0).normal(size=(2, 6, 10, 4)).astype(np.float32)
  ours, theirs = (
    Conv(5, use_bias=use_bias),
    nn.Conv(5, (3, 3), use_bias=use_bias),
  )
  variables = ours.init(KEY, x)
  # The same keys draw the same, so that a network's first weights stay.
  jax.tree.map(np.testing.assert_array_equal, variables, theirs.init(KEY, x))
  np.testing.assert_array_equal(
    ours.apply(variables, x), theirs.apply(variables, x)
  )


@pytest.mark.parametrize(
  'n, height, width, channels, features, size',
  [
    (4, 32, 64, 7, 3, 3),  # Four images at a time; the change is shifted.
    (8, 16, 256, 3, 6, 3),  # Several parts to an image; x is shifted.
    (6, 8, 8, 4, 4, 3),  # Two at a time.
    (1, 7, 300, 2, 3, 3),  # Rows that no part of several divides.
    (3, 2, 2000, 1, 2, 3),  # A row is more than a part.
    (2, 9, 5, 3, 2, 5),  # Other kernels.
    (2, 3, 4, 6, 2, 1),
    (1, 2, 2, 2, 1, 7),  # A kernel that reaches beyond the whole image.
    (1, 4, 4, 70, 80, 3),  # So wide that XLA's own way is taken.
  ],
)
def test_its_gradients_are_those_of_flax(
  n, height, width, channels, features, size
):
  rng = np.random.default_rng(1)
  x = rng.normal(size=(n, height, width, channels)).astype(np.float32)
  theirs = nn.Conv(features, (size, size), use_bias=False)
  kernel = theirs.init(KEY, x)['params']['kernel']
  change = rng.normal(size=(n, height, width, features)).astype(np.float32)

  expected, pull = jax.vjp(
    lambda x, kernel: theirs.apply({'params': {'kernel': kernel}}, x), x, kernel
  )
  found, pull_ours = jax.vjp(convolve, x, kernel)

  np.testing.assert_array_equal(found, expected)
  for ours, other in zip(pull_ours(change), pull(change), strict=True):
    np.testing.assert_allclose(ours, other, rtol=1e-4, atol=1e-3)


def test_a_kernels_gradient_on_a_cpu_is_no_convolution_of_the_whole_image():
  """The way that is slow here; of a layer of the network."""
  x = jax.ShapeDtypeStruct((4, 64, 64, 41), np.float32)
  kernel = jax.ShapeDtypeStruct((3, 3, 41, 16), np.float32)

  def of_kernel(x, kernel):
    return jax.grad(lambda k: convolve(x, k).sum())(kernel)

  compiled = jax.jit(of_kernel).lower(x, kernel).compile().as_text()
  assert 'dot(' in compiled
  assert 'window={size=64x64' not in compiled
