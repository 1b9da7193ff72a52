import jax
import numpy as np
import pytest
from flax import linen as nn

from defectseg_jax.models import layers
from defectseg_jax.models import space_to_depth as s2d

KEY = jax.random.key(0)


@pytest.fixture
def maps():
  rng = np.random.default_rng(0)
  return [
    rng.normal(size=(2, 10, 14, channels)).astype(np.float32)
    for channels in (1, 4, 3)
  ]


def test_a_block_holds_the_pixels_of_two_rows_and_two_columns():
  x = np.arange(16, dtype=np.float32).reshape(1, 4, 4, 1)
  found = s2d.space_to_depth(x)
  assert found.shape == (1, 2, 2, 4, 1)
  np.testing.assert_array_equal(found[0, 0, 1, :, 0], [2, 3, 6, 7])


def test_depth_to_space_is_the_inverse(maps):
  for x in maps:
    np.testing.assert_array_equal(s2d.depth_to_space(s2d.space_to_depth(x)), x)


def test_a_convolution_is_that_of_the_pixels_with_the_same_parameters(maps):
  """To the edges, where zeros stand beside the image."""
  joined = np.concatenate(maps, axis=-1)
  plain = nn.Conv(5, (3, 3))
  variables = plain.init(KEY, joined)
  in_blocks = s2d.Conv(5)
  of_blocks = in_blocks.init(KEY, [s2d.space_to_depth(x) for x in maps])
  # The same keys draw the same, so that a network's first weights stay.
  jax.tree.map(np.testing.assert_array_equal, of_blocks, variables)
  variables['params']['bias'] = np.arange(5, dtype=np.float32)

  expected, pull = jax.vjp(plain.apply, variables, joined)
  found, pull_blocks = jax.vjp(
    lambda v, maps: s2d.depth_to_space(
      in_blocks.apply(v, [s2d.space_to_depth(x) for x in maps])
    ),
    variables,
    maps,
  )
  np.testing.assert_allclose(found, expected, atol=1e-5)
  change = np.random.default_rng(1).normal(size=found.shape)
  change = change.astype(np.float32)
  kernel, image = pull(change)
  kernel_of_blocks, images = pull_blocks(change)
  np.testing.assert_allclose(np.concatenate(images, axis=-1), image, atol=1e-5)
  jax.tree.map(
    lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-4),
    kernel_of_blocks,
    kernel,
  )


def test_the_maximum_of_a_block_is_that_of_its_window(maps):
  for x in maps:
    np.testing.assert_array_equal(
      s2d.max_pool(s2d.space_to_depth(x)), layers.max_pool_2x2(x)
    )


def test_an_up_convolution_leaves_its_windows_as_blocks(maps):
  x = np.concatenate(maps, axis=-1)
  variables = layers.UpConvolution(3).init(KEY, x)
  found = layers.UpConvolution(3, to_depth=True).apply(variables, x)
  expected = layers.UpConvolution(3).apply(variables, x)
  assert found.shape == (2, 10, 14, 4, 3)
  np.testing.assert_array_equal(s2d.depth_to_space(found), expected)
