"""Drawn as ONNX, every architecture says what JAX says, whatever the size."""

import jax
import numpy as np
import onnx
import onnxruntime
import pytest

from defectseg_jax.models import ARCHITECTURES
from defectseg_jax.models.onnx_drawing import draw_model
from defectseg_jax.models.onnx_graph import OtherArraysError
from defectseg_jax.models.settings import NAMES
from defectseg_jax.training import state
from defectseg_jax.training.named_arrays import leaves_by_name

# Every function that draws, with every option; few feature maps.
HYBRID_WIDTHS = ((2, 3, 4), 5, ((4, (4, 3)), (3, (3, 2)), (2, (3,))))
SMALL = {
  'defectsegnet': {},
  'defectsegnet_no_dense': {'widths': HYBRID_WIDTHS},
  'defectsegnet_no_skips': {'widths': HYBRID_WIDTHS},
  'defectsegnet_added': {'widths': HYBRID_WIDTHS},
  'defectsegnet_bilinear': {'widths': HYBRID_WIDTHS},
  'fcn8s': {'widths': (2, 3, 4, 5, 6, 7, 8)},
  'unet': {'widths': (3, 4, 5)},
  'fc_densenet103': {
    'block_layers': (2, 1, 2, 1, 1, 2),
    'growth_rate': 3,
    'first_features': 4,
  },
}


def random_variables(model, seed=0):
  """Of a network whose logits are of either sign, and of norms likewise."""
  rng = np.random.default_rng(seed)

  def draw(path, leaf):
    kind = path[-1].key
    if kind == 'kernel':
      # An up-convolution's inputs come first.
      inputs = leaf.shape[0] if 'up_' in path[-2].key else None
      inputs = inputs or np.prod(leaf.shape[:-1])
      return rng.normal(0, np.sqrt(1 / inputs), leaf.shape)
    if kind == 'var':
      return rng.uniform(0.5, 2, leaf.shape)
    return rng.normal(0.5 * (kind == 'scale'), 0.4, leaf.shape)

  shapes = state.variable_shapes(model)
  return jax.tree_util.tree_map_with_path(
    lambda path, leaf: draw(path, leaf).astype(np.float32),
    {kind: shapes[kind] for kind in ('params', 'batch_stats')},
  )


def draw(model, variables, **metadata):
  return draw_model(model, leaves_by_name(variables), metadata)


@pytest.mark.slow
@pytest.mark.parametrize('name', SMALL)
def test_it_says_what_jax_says(name):
  model = ARCHITECTURES[name](**SMALL[name])
  variables = random_variables(model)
  graph = draw(model, variables)
  onnx.checker.check_model(graph, full_check=True)
  session = onnxruntime.InferenceSession(graph.SerializeToString())
  # The paddings of all levels are seen, in images that are not square.
  height, width = 2 * model.size_multiple, 3 * model.size_multiple
  images = np.random.default_rng(1).normal(size=(2, height, width))
  images = images.astype(np.float32)
  (found,) = session.run(None, {'micrograph': images[:, None]})
  logits = jax.jit(model.apply)(variables, images[..., None])
  np.testing.assert_allclose(
    found[:, 0], jax.nn.sigmoid(logits)[..., 0], rtol=0, atol=1e-5
  )
  assert np.ptp(found) > 0.01


def test_every_architecture_is_among_them():
  kinds = {type(ARCHITECTURES[name]()) for name in NAMES}
  assert kinds == {type(ARCHITECTURES[name]()) for name in SMALL}


def test_the_papers_network_is_few_nodes():
  model = ARCHITECTURES['defectsegnet']()
  graph = draw(model, random_variables(model), defect='voids').graph
  kinds = [node.op_type for node in graph.node]
  # Figure 4: 13 convolutions and the output, three poolings, three up.
  assert [
    kinds.count(kind) for kind in ('Conv', 'MaxPool', 'ConvTranspose')
  ] == [14, 3, 3]
  assert len(kinds) <= 80 and 'Transpose' not in kinds


def test_normalisation_is_folded_where_nothing_stands_between():
  model = ARCHITECTURES['unet'](widths=(2, 3))
  kinds = [
    node.op_type for node in draw(model, random_variables(model)).graph.node
  ]
  # Two at each of two levels down, two up, and the output.
  assert kinds.count('Conv') == 7
  assert 'BatchNormalization' not in kinds


def test_the_graph_keeps_what_it_is_told():
  model = ARCHITECTURES['unet'](widths=(2, 3))
  graph = draw(model, random_variables(model), defect='voids')
  assert [(one.key, one.value) for one in graph.metadata_props] == [
    ('defect', 'voids')
  ]


def test_an_architecture_that_nobody_draws_is_named():
  with pytest.raises(KeyError, match='Other'):
    draw(type('Other', (), {})(), {})


@pytest.mark.parametrize(
  'change, said',
  [
    (
      lambda arrays: arrays | {'params/away': np.zeros(())},
      'params/away is of',
    ),
    (
      lambda arrays: arrays | {'params/output/bias': np.zeros(2)},
      r'params/output/bias is \(2,\), but config.model needs \(1,\)',
    ),
  ],
)
def test_arrays_of_another_network_are_named(change, said):
  model = ARCHITECTURES['unet'](widths=(2, 3))
  arrays = leaves_by_name(random_variables(model))
  with pytest.raises(OtherArraysError, match=said):
    draw_model(model, change(arrays), {})
