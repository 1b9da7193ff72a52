"""Every architecture as an ONNX graph, for inference; it needs no JAX.

What each function draws is what `__call__` of the class of the same name does,
without dropout and with the running statistics.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from defectseg_jax.models.onnx_graph import Graph, Maps
from defectseg_jax.models.plans import (
  DefectSegNetPlan,
  FCDenseNetPlan,
  FCN8sPlan,
  Plan,
  UNetPlan,
)


def is_drawn(plan: Plan) -> bool:
  """Whether it can be drawn: an architecture of this program.

  A class that extends one of them may compute something else.
  """
  return type(plan) in _DRAWN or (
    type(plan).__module__.startswith(f'{__package__}.')
    and any(kind in _DRAWN for kind in type(plan).__mro__)
  )


def draw_model(
  plan: Plan, arrays: Mapping[str, np.ndarray], metadata: Mapping[str, str]
) -> Any:
  """An architecture with its arrays as an ONNX graph.

  Args:
    plan: of the network, or the network itself, which extends its plan.
    arrays: of the network, by their names in its file.
    metadata: what a user of the graph needs to know.

  Returns:
    An `onnx.ModelProto`, from preprocessed micrographs, float32 [N, 1, H, W],
    to probabilities of the same shape. H and W are multiples of the plan's
    `size_multiple`.

  Raises:
    ImportError: onnx is not installed.
    KeyError: there is no function for this architecture.
    OtherArraysError: the arrays are of another architecture.
  """
  kinds = type(plan).__mro__
  draw = _DRAWN[next((kind for kind in kinds if kind in _DRAWN), kinds[0])]
  graph = Graph(arrays)
  return graph.model(draw(graph, plan), metadata)


def _draw_defectsegnet(graph: Graph, plan: DefectSegNetPlan) -> Maps:
  join = graph.join if plan.concatenation else graph.add
  encoder, bottleneck, decoder = plan.widths
  number = iter(range(1, 20))

  def conv(maps: list[Maps], features: int) -> list[Maps]:
    i = next(number)
    y = graph.relu(graph.conv(join(maps), f'conv_{i}', features))
    y = graph.norm(y, f'norm_{i}')
    return [*maps, y] if plan.dense_blocks else [y]

  def up(maps: list[Maps], features: int) -> list[Maps]:
    i = next(number)
    x, norm = join(maps), f'norm_{i}'
    if plan.transposed_convolution:
      return [graph.up_convolution(x, f'up_{i}', features, norm=norm)]
    # Zeros beyond the edges: normalisation cannot come before.
    mixed = graph.conv(x, f'up_{i}/mix', features, size=1)
    return [graph.norm(graph.upsample_bilinear(mixed, 2, f'up_{i}'), norm)]

  across, maps = [], [graph.micrograph]
  for features in encoder:
    maps = conv(conv(maps, features), features)
    across.append(maps if plan.skips else [])
    maps = [graph.norm(graph.max_pool(join(maps)), f'norm_{next(number)}')]
  maps = conv(conv(maps, bottleneck), bottleneck)
  for up_features, conv_features in decoder:
    maps = [*across.pop(), *up(maps, up_features)]
    for features in conv_features:
      maps = conv(maps, features)
  return graph.conv(join(maps), 'output', 1)


def _draw_unet(graph: Graph, plan: UNetPlan) -> Maps:
  def two_convs(x: Maps, features: int, name: str) -> Maps:
    x = _conv_norm_relu(graph, x, f'{name}_1', features)
    return _conv_norm_relu(graph, x, f'{name}_2', features)

  x, across = graph.micrograph, []
  *encoder, bottom = plan.widths
  for level, features in enumerate(encoder):
    x = two_convs(x, features, f'down_{level}')
    across.append(x)
    x = graph.max_pool(x)
  x = two_convs(x, bottom, 'bottom')
  for level, features in reversed([*enumerate(encoder)]):
    up = graph.up_convolution(x, f'up_{level}', features)
    x = two_convs(graph.join([across.pop(), up]), features, f'again_{level}')
  return graph.conv(x, 'output', 1, size=1)


def _draw_fcn8s(graph: Graph, plan: FCN8sPlan) -> Maps:
  x, pooled = graph.micrograph, []
  *block_widths, width_6, width_7 = plan.widths
  for block, features in enumerate(block_widths, 1):
    for i in range(1, plan.convolutions[block - 1] + 1):
      x = _conv_norm_relu(graph, x, f'conv_{block}_{i}', features)
    x = graph.max_pool(x)
    pooled.append(x)
  x = _conv_norm_relu(graph, x, 'conv_6', width_6, size=7)
  x = _conv_norm_relu(graph, x, 'conv_7', width_7, size=1)
  scores = graph.conv(x, 'score_7', 1, size=1)
  for block in (4, 3):
    finer = graph.conv(pooled[block - 1], f'score_{block}', 1, size=1)
    coarser = graph.up_convolution(scores, f'up_{block}', 1, size=4, bias=False)
    scores = graph.add([finer, coarser])
  return graph.upsample_bilinear(scores, 8, 'up_scores')


def _draw_fc_densenet(graph: Graph, plan: FCDenseNetPlan) -> Maps:
  def norm_relu_conv(x: Maps, name: str, features: int, size: int) -> Maps:
    x = graph.relu(graph.norm(x, f'{name}_norm'))
    return graph.conv(x, name, features, size, bias=False)

  def dense_block(stack: Maps, count: int, name: str) -> list[Maps]:
    added: list[Maps] = []
    for i in range(1, count + 1):
      seen = graph.join([stack, *added])
      added.append(norm_relu_conv(seen, f'{name}_{i}', plan.growth_rate, 3))
    return added

  *encoder, bottom = plan.block_layers
  first = graph.micrograph, 'first', plan.first_features
  stack, across = graph.conv(*first, bias=False), []
  for level, count in enumerate(encoder):
    added = dense_block(stack, count, f'down_{level}')
    stack = graph.join([stack, *added])
    across.append(stack)
    stack = norm_relu_conv(stack, f'transition_{level}', stack.channels, 1)
    stack = graph.max_pool(stack)
  added = dense_block(stack, bottom, 'bottom')
  for level, count in reversed([*enumerate(encoder)]):
    up = graph.join(added)
    up = graph.up_convolution(up, f'up_{level}', up.channels, 3, bias=False)
    stack = graph.join([up, across.pop()])
    added = dense_block(stack, count, f'again_{level}')
  return graph.conv(graph.join([stack, *added]), 'output', 1, size=1)


def _conv_norm_relu(
  graph: Graph, x: Maps, name: str, features: int, size: int = 3
) -> Maps:
  return graph.relu(
    graph.conv(x, name, features, size, bias=False, norm=f'{name}_norm')
  )


_DRAWN: dict[type[Plan], Callable[[Graph, Any], Maps]] = {
  DefectSegNetPlan: _draw_defectsegnet,
  FCDenseNetPlan: _draw_fc_densenet,
  FCN8sPlan: _draw_fcn8s,
  UNetPlan: _draw_unet,
}
