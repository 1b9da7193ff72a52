"""The shared layers, against Flax's and JAX's own."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen as nn

from defectseg_jax.models import layers


# What flax makes without padding has (size - 2) more rows and columns.
@pytest.mark.parametrize('size, cut', [(2, 0), (3, 0), (4, 1)])
def test_up_convolution_is_flax_conv_transpose(size, cut):
  x = np.random.default_rng(0).normal(size=(2, 6, 4, 5)).astype(np.float32)
  ours = layers.UpConvolution(3, size=size)
  params = ours.init(jax.random.key(0), x)['params']
  params['bias'] = jnp.arange(3.0)
  theirs = nn.ConvTranspose(
    3,
    (size, size),
    strides=(2, 2),
    padding='VALID',
    transpose_kernel=True,
  )
  kernel = params['kernel'].transpose(1, 2, 3, 0)

  def expected(kernel):
    y = theirs.apply({'params': {'kernel': kernel, 'bias': params['bias']}}, x)
    return y[:, cut : cut + 12, cut : cut + 8]

  actual = ours.apply({'params': params}, x)
  np.testing.assert_allclose(actual, expected(kernel), rtol=1e-5, atol=1e-5)


def test_up_convolution_may_have_no_bias():
  x = jnp.ones((1, 2, 2, 3))
  params = layers.UpConvolution(4, use_bias=False).init(jax.random.key(0), x)
  assert jax.tree.map(jnp.shape, params) == {'params': {'kernel': (3, 2, 2, 4)}}


def test_an_up_convolution_that_begins_bilinear_keeps_the_maps_apart():
  x = np.random.default_rng(0).normal(size=(2, 6, 4, 5)).astype(np.float32)
  layer = layers.UpConvolution(5, size=4, kernel_init=layers.bilinear_kernel)
  actual, _ = layer.init_with_output(jax.random.key(0), x)
  expected = layers.upsample_bilinear(x, 2)
  np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize('factor', [2, 8])
def test_upsample_bilinear_is_jax_resize_but_for_the_zeros_around(factor):
  x = np.random.default_rng(0).normal(size=(2, 6, 4, 5)).astype(np.float32)
  actual = layers.upsample_bilinear(x, factor)
  around = [(0, 0), (1, 1), (1, 1), (0, 0)]
  n, height, width, channels = (2, 8 * factor, 6 * factor, 5)
  expected = jax.image.resize(
    np.pad(x, around), (n, height, width, channels), 'bilinear'
  )[:, factor:-factor, factor:-factor]
  np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-5)


def test_max_pool_is_flax_max_pool_with_its_gradient():
  x = np.random.default_rng(0).normal(size=(2, 6, 4, 5)).astype(np.float32)

  def theirs(x):
    return nn.max_pool(x, (2, 2), strides=(2, 2))

  np.testing.assert_array_equal(layers.max_pool_2x2(x), theirs(x))
  weights = np.random.default_rng(1).normal(size=(2, 3, 2, 5))
  gradients = [
    jax.grad(lambda x, pool=pool: jnp.sum(weights * pool(x)))(x)
    for pool in (layers.max_pool_2x2, theirs)
  ]
  np.testing.assert_array_equal(*gradients)


def test_dropout_drops_whole_feature_maps_at_its_rate_and_keeps_the_mean():
  layer = layers.SpatialDropout(0.25)
  x = jnp.ones((64, 4, 4, 100))
  y = np.asarray(
    layer.apply({}, x, train=True, rngs={'dropout': jax.random.key(0)})
  )
  values = y.reshape(64, 16, 100)
  assert (values == values[:, :1]).all()
  np.testing.assert_allclose(np.unique(y), [0, 1 / 0.75], rtol=1e-6)
  # 6,400 draws at 0.25: five standard deviations are 0.027.
  assert abs((y[:, 0, 0] == 0).mean() - 0.25) < 0.027
  assert len(np.unique(values[:, 0], axis=0)) == 64


@pytest.mark.parametrize('rate', [0, 0.0])
def test_no_dropout_draws_nothing(rate):
  """Neither of 0, nor of 0.0: there is no key to draw with."""
  x = jnp.ones((2, 4, 4, 10))
  y = layers.SpatialDropout(rate).apply({}, x, train=True)
  np.testing.assert_array_equal(x, y)


def test_dropout_is_off_at_test_time():
  x = jnp.ones((2, 4, 4, 10))
  y = layers.SpatialDropout(0.5).apply({}, x, train=False)
  np.testing.assert_array_equal(x, y)
