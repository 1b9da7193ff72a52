"""Every architecture as an ONNX graph, for inference; it needs no JAX.

What each function draws is what `__call__` of the class of the same name does,
without dropout and with the running statistics.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from defectseg_jax.models.onnx_graph import Graph, Maps


def draw_model(
  model: Any, arrays: Mapping[str, np.ndarray], metadata: Mapping[str, str]
) -> Any:
  """An architecture with its arrays as an ONNX graph.

  Args:
    model: from `create_model`, or what has its attributes.
    arrays: of the network, by their names in its file.
    metadata: what a user of the graph needs to know.

  Returns:
    An `onnx.ModelProto`, from preprocessed micrographs, float32 [N, 1, H, W],
    to probabilities of the same shape. H and W are multiples of the model's
    `size_multiple`.

  Raises:
    ImportError: onnx is not installed.
    KeyError: there is no function for this architecture.
  """
  kinds = [kind.__name__ for kind in type(model).__mro__]
  draw = _DRAWN[next((kind for kind in kinds if kind in _DRAWN), kinds[0])]
  graph = Graph(arrays)
  return graph.model(draw(graph, model), metadata)


def _draw_defectsegnet(graph: Graph, model: Any) -> Maps:
  join = graph.join if model.concatenation else graph.add
  encoder, _, decoder = model.widths
  number = iter(range(1, 20))

  def conv(maps: list[Maps]) -> list[Maps]:
    i = next(number)
    y = graph.norm(graph.relu(graph.conv(join(maps), f'conv_{i}')), f'norm_{i}')
    return [*maps, y] if model.dense_blocks else [y]

  def up(maps: list[Maps]) -> list[Maps]:
    i = next(number)
    x, norm = join(maps), f'norm_{i}'
    if model.transposed_convolution:
      return [graph.up_convolution(x, f'up_{i}', norm)]
    # Zeros beyond the edges: normalisation cannot come before.
    mixed = graph.conv(x, f'up_{i}/mix')
    return [graph.norm(graph.upsample_bilinear(mixed, 2, f'up_{i}'), norm)]

  across, maps = [], [graph.micrograph]
  for _ in encoder:
    maps = conv(conv(maps))
    across.append(maps if model.skips else [])
    maps = [graph.norm(graph.max_pool(join(maps)), f'norm_{next(number)}')]
  maps = conv(conv(maps))
  for _, convs in decoder:
    maps = [*across.pop(), *up(maps)]
    for _ in convs:
      maps = conv(maps)
  return graph.conv(join(maps), 'output')


def _draw_unet(graph: Graph, model: Any) -> Maps:
  def two_convs(x: Maps, name: str) -> Maps:
    return _conv_norm_relu(
      graph, _conv_norm_relu(graph, x, f'{name}_1'), f'{name}_2'
    )

  x, across = graph.micrograph, []
  levels = range(len(model.widths) - 1)
  for level in levels:
    x = two_convs(x, f'down_{level}')
    across.append(x)
    x = graph.max_pool(x)
  x = two_convs(x, 'bottom')
  for level in reversed(levels):
    x = graph.join([across.pop(), graph.up_convolution(x, f'up_{level}')])
    x = two_convs(x, f'again_{level}')
  return graph.conv(x, 'output')


def _draw_fcn8s(graph: Graph, model: Any) -> Maps:
  x, pooled = graph.micrograph, []
  for block, convs in enumerate(model.convolutions, 1):
    for i in range(1, convs + 1):
      x = _conv_norm_relu(graph, x, f'conv_{block}_{i}')
    x = graph.max_pool(x)
    pooled.append(x)
  for name in ('conv_6', 'conv_7'):
    x = _conv_norm_relu(graph, x, name)
  scores = graph.conv(x, 'score_7')
  for block in (4, 3):
    finer = graph.conv(pooled[block - 1], f'score_{block}')
    scores = graph.add([finer, graph.up_convolution(scores, f'up_{block}')])
  return graph.upsample_bilinear(scores, 8, 'up_scores')


def _draw_fc_densenet(graph: Graph, model: Any) -> Maps:
  def norm_relu_conv(x: Maps, name: str) -> Maps:
    return graph.conv(graph.relu(graph.norm(x, f'{name}_norm')), name)

  def dense_block(stack: Maps, count: int, name: str) -> list[Maps]:
    added: list[Maps] = []
    for i in range(1, count + 1):
      seen = graph.join([stack, *added])
      added.append(norm_relu_conv(seen, f'{name}_{i}'))
    return added

  *encoder, bottom = model.block_layers
  stack, across = graph.conv(graph.micrograph, 'first'), []
  for level, count in enumerate(encoder):
    added = dense_block(stack, count, f'down_{level}')
    stack = graph.join([stack, *added])
    across.append(stack)
    stack = graph.max_pool(norm_relu_conv(stack, f'transition_{level}'))
  added = dense_block(stack, bottom, 'bottom')
  for level, count in reversed([*enumerate(encoder)]):
    up = graph.up_convolution(graph.join(added), f'up_{level}')
    stack = graph.join([up, across.pop()])
    added = dense_block(stack, count, f'again_{level}')
  return graph.conv(graph.join([stack, *added]), 'output')


def _conv_norm_relu(graph: Graph, x: Maps, name: str) -> Maps:
  return graph.relu(graph.conv(x, name, f'{name}_norm'))


_DRAWN: dict[str, Callable[[Graph, Any], Maps]] = {
  'DefectSegNet': _draw_defectsegnet,
  'FCDenseNet': _draw_fc_densenet,
  'FCN8s': _draw_fcn8s,
  'UNet': _draw_unet,
}
