"""What all architectures promise: counts, shapes, reach."""

import functools
import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from defectseg_jax.errors import InputError
from defectseg_jax.models import (
  ARCHITECTURES,
  ModelSettings,
  create_model,
  receptive_field,
)
from defectseg_jax.models.fc_densenet import FCDenseNet
from defectseg_jax.models.settings import NAMES

# Many networks are traced and compiled.
pytestmark = pytest.mark.slow

# Takes seconds to compile.
SLOW = pytest.mark.slow

# Parameters, reach in pixels, and what a side must divide by.
EXPECTED = {
  'defectsegnet': (350_428, 51, 8),
  'defectsegnet_no_dense': (119_229, 51, 8),
  'defectsegnet_no_dense_350k': (352_107, 51, 8),
  'defectsegnet_no_skips': (269_703, 51, 8),
  'defectsegnet_no_skips_350k': (347_068, 51, 8),
  'defectsegnet_added': (107_601, 51, 8),
  'defectsegnet_added_350k': (351_227, 51, 8),
  'defectsegnet_bilinear': (316_276, 58, 8),
  'defectsegnet_bilinear_350k': (351_721, 58, 8),
  'fcn8s': (134_276_707, 245, 32),
  'fcn8s_350k': (351_255, 245, 32),
  'unet': (31_036_481, 107, 16),
  'unet_350k': (350_054, 107, 16),
  'fc_densenet56': (1_372_225, 439, 32),
  'fc_densenet67': (3_456_721, 533, 32),
  'fc_densenet103': (9_314_641, 1171, 32),
  'fc_densenet_350k': (348_505, 439, 32),
}

# One of each kind: what differs only in widths or depth is the same code.
KINDS = [
  name for name in EXPECTED if name == 'defectsegnet' or name.endswith('_350k')
]


def model_of(name):
  return create_model(ModelSettings(name, dropout_rate=0.0))


@functools.cache
def shapes_of(model):
  """The variables' shapes, of which nothing is computed."""
  side = model.size_multiple
  image = jnp.zeros((1, side, side, 1))
  return jax.eval_shape(lambda: model.init(jax.random.key(0), image))


def size(tree):
  return sum(leaf.size for leaf in jax.tree.leaves(tree))


def kernels(name):
  """The shape of each kernel, by the name of its layer."""
  return {
    layer: params['kernel'].shape
    for layer, params in shapes_of(model_of(name))['params'].items()
    if 'kernel' in params
  }


def hidden_maps(name):
  """Maps that batch normalisation sees, which has two numbers for each."""
  return (
    size(
      [
        params
        for layer, params in shapes_of(model_of(name))['params'].items()
        if 'norm' in layer
      ]
    )
    // 2
  )


@pytest.mark.parametrize('name', EXPECTED)
def test_parameters_and_reach_are_as_stated(name):
  model = model_of(name)
  found = (
    size(shapes_of(model_of(name))['params']),
    model.receptive_field_radius_px,
    model.size_multiple,
  )
  assert found == EXPECTED[name]


def test_each_idea_is_there_at_defectsegnets_size():
  sizes = {
    name: size(shapes_of(model_of(name))['params'])
    for name in ARCHITECTURES
    if name.endswith('_350k')
  }
  assert len(sizes) == 7
  for name, parameters in sizes.items():
    assert abs(parameters / 350_428 - 1) < 0.01, name


@pytest.mark.parametrize('name', KINDS)
def test_logits_have_the_shape_of_the_images(name):
  model = model_of(name)
  height, width = model.size_multiple, 3 * model.size_multiple
  logits = jax.eval_shape(
    model.apply, shapes_of(model_of(name)), jnp.zeros((2, height, width, 1))
  )
  assert logits.shape == (2, height, width, 1)
  assert logits.dtype == jnp.float32


@pytest.mark.parametrize('name', KINDS)
def test_what_does_not_fit_is_said(name):
  model = model_of(name)
  side = model.size_multiple
  for shape, message in [
    ((1, side, side + 4, 1), f'must divide by {side}'),
    ((1, side, side, 3), '3 channels'),
  ]:
    with pytest.raises(ValueError, match=message):
      jax.eval_shape(model.apply, shapes_of(model_of(name)), jnp.zeros(shape))


def test_all_names_are_known_without_jax():
  assert list(NAMES) == [*EXPECTED]


def test_an_unknown_name_is_answered_with_all_known_ones():
  with pytest.raises(InputError) as raised:
    model_of('resnet')
  message = str(raised.value)
  assert message.startswith('config.model.name=resnet: choose one of ')
  _, _, known = message.partition('choose one of ')
  # And what the tests have for themselves.
  assert known.split(', ') == [*EXPECTED, 'tiny', 'exploding', 'shallow']
  assert '\n' not in message


def test_fcn_has_the_published_number_of_parameters():
  """Long et al. (2015), Table 1, "FCN-VGG16": 134M, with three scores."""
  maps = hidden_maps('fcn8s')
  hidden = [k for k in kernels('fcn8s').values() if k[-1] > 1]
  # 13 of VGG-16 and two that were connected.
  assert len(hidden) == 15
  with_biases = sum(np.prod(k) for k in hidden) + maps
  three_channels = with_biases + 2 * 9 * 64
  coarse = 21 * (4096 + 1)
  assert three_channels + coarse == 134_346_581
  finer = 21 * (512 + 1) + 21 * (256 + 1)
  interpolation = 21 * 21 * (4 * 4 + 4 * 4 + 16 * 16)
  # Jégou et al. (2017), Table 3, "FCN8": 134.5M.
  everything = three_channels + coarse + finer + interpolation
  assert everything == 134_489_759
  # And what is ours: one channel, one score, and no bias but that of scores.
  ours = sum(np.prod(k) for k in hidden) + 2 * maps
  ours += (4096 + 1) + (512 + 1) + (256 + 1) + 2 * 4 * 4
  assert size(shapes_of(model_of('fcn8s'))['params']) == ours


def test_unet_has_the_number_of_parameters_of_its_figure():
  """Ronneberger et al. (2015), Figure 1: 31.0 million, by hand."""
  maps = (64, 128, 256, 512, 1024)
  figure, below = 0, 1
  for features in maps:
    figure += 9 * below * features + features
    figure += 9 * features * features + features
    below = features
  for features in reversed(maps[:-1]):
    figure += 4 * 2 * features * features + features
    figure += 9 * 2 * features * features + features
    figure += 9 * features * features + features
  figure += 64 * 2 + 2
  assert figure == 31_030_658
  # Ours has one class, and two numbers of batch normalisation for each bias.
  ours = figure - (64 + 1) + hidden_maps('unet')
  assert size(shapes_of(model_of('unet'))['params']) == ours
  assert len(kernels('unet')) == 23


@pytest.mark.parametrize(
  'layers, published',
  [
    (67, 3.5),
    (103, 9.4),
    # The paper says 1.5: see fc_densenet.
    (56, 1.4),
  ],
)
def test_fc_densenet_has_the_published_number_of_parameters(layers, published):
  """Jégou et al. (2017), Table 3, as their release counts."""
  name = f'fc_densenet{layers}'
  shapes, found = shapes_of(model_of(name)), kernels(name)
  assert len(found) == layers
  first, last = found.pop('first'), found.pop('output')
  biases = first[-1] + sum(kernel[-1] for kernel in found.values())
  three_channels = 2 * 9 * first[-1]
  eleven_classes = 10 * (last[-2] + 1)
  counted = size(shapes) + biases + three_channels + eleven_classes
  assert round(counted / 1e6, 1) == published
  assert counted == {56: 1_397_963, 67: 3_502_923, 103: 9_425_163}[layers]


def test_fc_densenet103_has_the_maps_of_its_table():
  """Jégou et al. (2017), Table 2: m after each block."""
  found = kernels('fc_densenet103')
  down = [found[f'transition_{i}'][-1] for i in range(5)]
  assert down == [112, 192, 304, 464, 656]
  assert found['output'][-2] == 256
  into = [found[f'again_{i}_1'][-2] for i in reversed(range(5))]
  counts = (12, 10, 7, 5, 4)
  up = [maps + 16 * count for maps, count in zip(into, counts, strict=True)]
  # The table has 578 for the third, which its own layers do not give.
  assert up == [1088, 816, 576, 384, 256]


def averaging(path, leaf):
  """Parameters of a network that averages what it is given."""
  kind = path[-1].key
  if kind == 'kernel':
    return np.full(leaf.shape, 1 / math.prod(leaf.shape[:-1]))
  return np.full(leaf.shape, float(kind in ('scale', 'var')))


@pytest.mark.parametrize(
  'model',
  [
    *[
      pytest.param(
        model_of(name), id=name, marks=SLOW if 'densenet' in name else ()
      )
      for name in KINDS
    ],
    pytest.param(
      FCDenseNet(block_layers=(1, 2, 1, 3, 1, 4)), id='uneven', marks=SLOW
    ),
  ],
)
def test_exactly_the_pixels_within_reach_count(model):
  """What is more than 0 makes all that depends on it more than 0.

  Reach does not depend on widths, and on depth only by the length of its path:
  the large networks' is right if that of the small ones is. Averages of
  averages are tiny, but no zeros in float64.
  """
  multiple = model.size_multiple
  around = -(-model.receptive_field_radius_px // multiple) + 1
  width = (2 * around + 1) * multiple
  # Columns at both ends and in the middle of the grid of poolings.
  places = (0, multiple // 2 - 1, multiple - 1)
  columns = [around * multiple + place for place in places]
  images = np.zeros((len(columns), multiple, width, 1))
  for image, column in zip(images, columns, strict=True):
    image[:, column] = 1
  variables = jax.tree_util.tree_map_with_path(averaging, shapes_of(model))
  with jax.enable_x64(True):
    logits = np.asarray(jax.jit(model.apply)(variables, images))
  needs = [
    receptive_field.input_interval(model.longest_path, i) for i in range(width)
  ]
  for found, column in zip(logits[..., 0] > 0, columns, strict=True):
    expected = [first <= column <= last for first, last in needs]
    np.testing.assert_array_equal(found, [expected] * multiple)
    assert not expected[0] and not expected[-1]


@pytest.mark.parametrize(
  'name',
  [
    pytest.param('fc_densenet_350k', marks=SLOW),
    *('fcn8s_350k', 'unet_350k'),
  ],
)
def test_running_statistics_make_examples_independent(name):
  model, rng = model_of(name), np.random.default_rng(0)
  images = rng.normal(size=(2, 32, 32, 1))
  variables = jax.tree.map(
    lambda leaf: rng.uniform(0, 0.1, leaf.shape), shapes_of(model)
  )
  apply = jax.jit(model.apply)
  first = apply(variables, images)[0]
  assert np.ptp(first) > 0
  images[1] *= 5
  np.testing.assert_array_equal(apply(variables, images)[0], first)
