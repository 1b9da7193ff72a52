import jax
import jax.numpy as jnp
import numpy as np
import pytest

from defectseg_jax.models import space_to_depth
from defectseg_jax.models.defectsegnet import DefectSegNet
from defectseg_jax.training.state import create_variables

# One worker, so that the network is made once.
pytestmark = pytest.mark.xdist_group('defectsegnet')

# Layer, feature maps, and what a side is divided by: table of the release.
TABLE = [
  ('norm_1', 4, 1),
  ('norm_2', 4, 1),
  ('norm_3', 9, 2),
  ('norm_4', 16, 2),
  ('norm_5', 16, 2),
  ('norm_6', 41, 4),
  ('norm_7', 32, 4),
  ('norm_8', 32, 4),
  ('norm_9', 105, 8),
  ('norm_10', 64, 8),
  ('norm_11', 64, 8),
  ('norm_12', 32, 4),
  ('norm_13', 32, 4),
  ('norm_14', 32, 4),
  ('norm_15', 16, 2),
  ('norm_16', 16, 2),
  ('norm_17', 16, 2),
  ('norm_18', 8, 1),
  ('norm_19', 4, 1),
  ('output', 1, 1),
]

# Channels into each convolution or up-convolution, of the same table.
INPUTS = {
  'conv_1': 1,
  'conv_2': 5,
  'conv_4': 9,
  'conv_5': 25,
  'conv_7': 41,
  'conv_8': 73,
  'conv_10': 105,
  'conv_11': 169,
  'up_12': 233,
  'conv_13': 137,
  'conv_14': 169,
  'up_15': 201,
  'conv_16': 57,
  'conv_17': 73,
  'up_18': 89,
  'conv_19': 17,
  'output': 21,
}


@pytest.fixture(scope='module')
def variables():
  variables = create_variables(DefectSegNet(), seed=0)
  # Statistics and scales as after training: none is 0 or 1.
  rng = np.random.default_rng(1)
  return jax.tree.map(
    lambda leaf: (
      leaf * (1 + rng.uniform(0, 0.2, leaf.shape))
      + rng.uniform(0, 0.05, leaf.shape)
    ).astype(np.float32),
    variables,
  )


def test_it_has_350428_parameters(variables):
  sizes = [leaf.size for leaf in jax.tree.leaves(variables['params'])]
  assert sum(sizes) == 350_428


def test_every_map_has_the_shape_of_the_table(variables):
  def results_of_layers(variables):
    logits, captured = DefectSegNet().apply(
      variables,
      jnp.zeros((2, 40, 24, 1)),
      capture_intermediates=True,
      mutable=['intermediates'],
    )
    results = captured['intermediates']
    results.pop('__call__')
    results = {name: one['__call__'][0] for name, one in results.items()}
    return {
      name: space_to_depth.depth_to_space(one) if one.ndim == 5 else one
      for name, one in {**results, 'output': logits}.items()
    }

  maps = jax.eval_shape(results_of_layers, variables)
  for name, channels, divisor in TABLE:
    expected = (2, 40 // divisor, 24 // divisor, channels)
    assert maps[name].shape == expected, name
  hidden = [name for name in maps if name.startswith('norm_')]
  assert len(hidden) == 19


def test_every_convolution_sees_the_channels_of_the_table(variables):
  found = {
    name: module['kernel'].shape[0 if name.startswith('up') else 2]
    for name, module in variables['params'].items()
    if 'kernel' in module
  }
  assert found == INPUTS


# Pixels in all positions relative to the grid of the third pooling.
@pytest.mark.parametrize('row, column', [(96, 96), (99, 100), (103, 97)])
def test_nothing_further_than_the_receptive_field_radius_counts(
  variables, row, column
):
  model = DefectSegNet()
  apply = jax.jit(lambda image: model.apply(variables, image))
  image = np.random.default_rng(0).normal(size=(1, 200, 200, 1))
  radius = model.receptive_field_radius_px
  assert radius == 51
  changed = 50 * np.random.default_rng(1).normal(size=image.shape)
  near = np.s_[
    :, row - radius : row + radius + 1, column - radius : column + radius + 1
  ]
  changed[near] = image[near]
  before, after = apply(image), apply(changed)
  assert before[0, row, column, 0] == after[0, row, column, 0]
  # The test can fail: other pixels did change.
  assert before[0, 10, 10, 0] != after[0, 10, 10, 0]


def test_the_receptive_field_radius_is_used_to_its_end(variables):
  """At one position of the grid at least, a pixel 45 or more away counts."""
  model = DefectSegNet()
  apply = jax.jit(lambda image: model.apply(variables, image))
  image = np.random.default_rng(0).normal(size=(1, 200, 200, 1))
  changed = image.copy()
  changed[:, : 100 - 44] += 50
  differs = np.asarray(apply(image) != apply(changed))[0, 100:108, 96:104]
  assert differs.any()


def test_running_statistics_make_examples_independent(variables):
  images = np.random.default_rng(0).normal(size=(3, 64, 64, 1))
  apply = jax.jit(DefectSegNet().apply)
  together = apply(variables, images)
  alone = apply(variables, images[1:2])
  np.testing.assert_allclose(together[1:2], alone, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize('shape', [(1, 12, 16, 1), (1, 16, 20, 1)])
def test_sides_must_divide_by_eight(variables, shape):
  with pytest.raises(ValueError, match='must divide by 8'):
    DefectSegNet().apply(variables, np.zeros(shape, np.float32))


def test_a_micrograph_has_one_channel(variables):
  with pytest.raises(ValueError, match='3 channels'):
    DefectSegNet().apply(variables, np.zeros((1, 16, 16, 3), np.float32))
