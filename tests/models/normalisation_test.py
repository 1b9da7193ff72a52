"""Batch normalisation, against Flax's and its gradients against JAX's."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen as nn

from defectseg_jax.models.normalisation import BatchNorm

SHAPES = [(8, 6, 10, 5), (4, 3, 5, 4, 2)]  # Of pixels, and of blocks.


def _flax(*, train, axis_name=None):
  return nn.BatchNorm(
    use_running_average=not train,
    momentum=0.8,
    epsilon=1e-3,
    axis_name=axis_name,
  )


def _ours(*, train, axis_name=None):
  return BatchNorm(
    use_running_average=not train, momentum=0.8, axis_name=axis_name
  )


def _drawn(shape):
  """Maps away from 0, variables that differ from map to map, a change."""
  rng = np.random.default_rng(0)
  n, channels = shape[0], shape[-1]
  x = rng.normal(1.5, 2.0, shape) * np.arange(1, channels + 1)
  variables = {
    'params': {
      'scale': rng.uniform(0.5, 2, channels),
      'bias': rng.normal(size=channels),
    },
    'batch_stats': {
      'mean': rng.normal(size=channels),
      'var': rng.uniform(0.5, 2, channels),
    },
  }
  kept = rng.random((n, *[1] * (len(shape) - 2), channels)) < 0.7
  drawn = (x, variables, kept / 0.7, rng.normal(size=shape))
  return jax.tree.map(lambda v: np.asarray(v, np.float32), drawn)


def _assert_close(found, expected):
  jax.tree.map(
    lambda a, b: np.testing.assert_allclose(a, b, rtol=2e-4, atol=2e-4),
    found,
    expected,
  )


def test_it_begins_with_the_variables_of_flax():
  x = _drawn(SHAPES[0])[0]
  key = jax.random.key(0)
  ours = _ours(train=True).init(key, x)
  jax.tree.map(
    np.testing.assert_array_equal, ours, _flax(train=True).init(key, x)
  )


@pytest.mark.parametrize('shape', SHAPES)
def test_running_statistics_give_what_they_give_in_flax(shape):
  x, variables, factors, _ = _drawn(shape)
  expected = _flax(train=False).apply(variables, x)
  _assert_close(_ours(train=False).apply(variables, x), expected)
  found = _ours(train=False).apply(variables, x, factors)
  _assert_close(found, expected * factors)


@pytest.mark.parametrize('shape', SHAPES)
@pytest.mark.parametrize('dropped', [True, False])
def test_a_batch_gives_what_it_gives_in_flax_and_the_same_gradients(
  shape, dropped
):
  x, variables, factors, change = _drawn(shape)
  stats = {'batch_stats': variables['batch_stats']}

  def theirs(x, params):
    y, updated = _flax(train=True).apply(
      {'params': params, **stats}, x, mutable=['batch_stats']
    )
    return (y * factors if dropped else y), updated

  def ours(x, params):
    return _ours(train=True).apply(
      {'params': params, **stats},
      x,
      factors if dropped else None,
      mutable=['batch_stats'],
    )

  results = [
    jax.vjp(of, x, variables['params'], has_aux=True) for of in (ours, theirs)
  ]
  (y, pull, updated), (expected, pull_theirs, updated_theirs) = results
  _assert_close(y, expected)
  _assert_close(updated, updated_theirs)
  _assert_close(pull(change), pull_theirs(change))


def test_a_batch_on_several_devices_is_one_batch():
  """Also to its gradients, of which each device has the part of its share."""
  x, variables, factors, change = _drawn(SHAPES[0])
  count = jax.local_device_count()
  assert count > 1

  def gradients(x, factors, change, axis_name):
    def of(x, params):
      y, _ = _ours(train=True, axis_name=axis_name).apply(
        {**variables, 'params': params}, x, factors, mutable=['batch_stats']
      )
      return y

    y, pull = jax.vjp(of, x, variables['params'])
    return y, *pull(change)

  shares = [v.reshape(count, -1, *v.shape[1:]) for v in (x, factors, change)]
  y, of_x, of_params = jax.pmap(
    lambda *share: gradients(*share, 'devices'), axis_name='devices'
  )(*shares)
  expected = gradients(x, factors, change, None)
  _assert_close(y.reshape(x.shape), expected[0])
  _assert_close(of_x.reshape(x.shape), expected[1])
  _assert_close(jax.tree.map(lambda v: jnp.sum(v, 0), of_params), expected[2])
