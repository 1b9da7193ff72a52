"""Layers as nodes of an ONNX graph: NCHW, any size, as few nodes as it takes.

It knows no JAX: arrays are NumPy's, by the names that they have in a network's
file. What is linear is folded into the convolution before it.
"""

import importlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

# The oldest operators that have all that is needed: more programs know them.
OPSET = 17
_IR_VERSION = 8

_EPSILON = np.float32(1e-3)  # Of `normalisation.BatchNorm`.


class Maps(NamedTuple):
  """Feature maps that a node makes.

  Attributes:
    name: of the node's output.
    channels: how many they are.
  """

  name: str
  channels: int


class OtherArraysError(ValueError):
  """The arrays are not those of the network that is drawn."""


class Graph:
  """A graph that is drawn layer by layer.

  The graph takes `micrograph`, float32 [N, 1, H, W], and gives `probability`,
  of the same shape. Every array must have the shape that its layer needs, and
  every array must be needed.
  """

  def __init__(self, arrays: Mapping[str, np.ndarray]) -> None:
    """Begins with no layer.

    Args:
      arrays: of the network: `params/LAYER/kernel`, `batch_stats/LAYER/mean`
        and so on.
    """
    self._arrays = arrays
    self._used: set[str] = set()
    self._helper: Any = importlib.import_module('onnx.helper')
    self._numpy: Any = importlib.import_module('onnx.numpy_helper')
    self._nodes: list[Any] = []
    self._constants: dict[str, Any] = {}
    self.micrograph = Maps('micrograph', 1)

  def conv(
    self,
    x: Maps,
    layer: str,
    features: int,
    size: int = 3,
    *,
    bias: bool = True,
    norm: str | None = None,
  ) -> Maps:
    """Convolution with zeros around; batch normalisation follows, if named."""
    kernel = self._array(
      f'params/{layer}/kernel', (size, size, x.channels, features)
    ).transpose(3, 2, 0, 1)
    kernel, shift = self._fold(kernel, layer, norm, axis=0, bias=bias)
    return self._add(
      'Conv',
      [x],
      features,
      name=layer,
      constants={'kernel': kernel, 'bias': shift},
      kernel_shape=[size] * 2,
      pads=[size // 2] * 4,
    )

  def up_convolution(
    self,
    x: Maps,
    layer: str,
    features: int,
    size: int = 2,
    *,
    bias: bool = True,
    norm: str | None = None,
  ) -> Maps:
    """`layers.UpConvolution`; batch normalisation follows, if it is named."""
    kernel = self._array(
      f'params/{layer}/kernel', (x.channels, size, size, features)
    ).transpose(0, 3, 1, 2)
    kernel, shift = self._fold(kernel, layer, norm, axis=1, bias=bias)
    return self._add_up(x, layer, kernel, shift, stride=2)

  def upsample_bilinear(self, x: Maps, factor: int, name: str) -> Maps:
    """`layers.upsample_bilinear`: each feature map on its own."""
    weights = 1 - np.abs(np.arange(2 * factor) + 0.5 - factor) / factor
    kernel = np.broadcast_to(
      np.outer(weights, weights), (x.channels, 1, 2 * factor, 2 * factor)
    )
    bias = np.zeros(x.channels)
    return self._add_up(x, name, kernel, bias, stride=factor, group=x.channels)

  def norm(self, x: Maps, layer: str) -> Maps:
    """Batch normalisation where nothing linear stands before it."""
    slope, shift = self._norm(layer, x.channels)
    return self._add(
      'BatchNormalization',
      [x],
      x.channels,
      name=layer,
      constants={
        'slope': slope,
        'shift': shift,
        'mean': np.zeros_like(shift),
        'variance': np.ones_like(shift),
      },
      epsilon=0.0,
    )

  def relu(self, x: Maps) -> Maps:
    """0 where a number is below it."""
    return self._add('Relu', [x], x.channels)

  def max_pool(self, x: Maps) -> Maps:
    """Maximum over 2 x 2 windows at stride 2."""
    return self._add(
      'MaxPool', [x], x.channels, kernel_shape=[2, 2], strides=[2, 2]
    )

  def join(self, maps: Sequence[Maps]) -> Maps:
    """Feature maps side by side."""
    if len(maps) == 1:
      return maps[0]
    return self._add('Concat', maps, sum(m.channels for m in maps), axis=1)

  def add(self, maps: Sequence[Maps]) -> Maps:
    """The sum; a layer with fewer feature maps is filled up with zeros."""
    if len(maps) == 1:
      return maps[0]
    most = max(m.channels for m in maps)
    return self._add('Sum', [self._fill_up(m, most) for m in maps], most)

  def model(self, logits: Maps, metadata: Mapping[str, str]) -> Any:
    """The whole graph, whose last node makes probabilities of logits.

    Args:
      logits: one feature map, of the image's size.
      metadata: what a user of the file needs to know.

    Returns:
      An `onnx.ModelProto`.

    Raises:
      OtherArraysError: some arrays are of no layer.
    """
    if unused := sorted(self._arrays.keys() - self._used):
      raise OtherArraysError(f'{unused[0]} is of no layer of config.model')
    self._nodes.append(
      self._helper.make_node('Sigmoid', [logits.name], ['probability'])
    )
    shape = ['N', 1, 'H', 'W']
    image, probability = (
      self._helper.make_tensor_value_info(name, 1, shape)
      for name in ('micrograph', 'probability')
    )
    graph = self._helper.make_graph(
      self._nodes,
      'defectseg',
      [image],
      [probability],
      initializer=list(self._constants.values()),
    )
    model = self._helper.make_model(
      graph,
      producer_name='defectseg_jax',
      opset_imports=[self._helper.make_opsetid('', OPSET)],
      ir_version=_IR_VERSION,
    )
    self._helper.set_model_props(model, dict(metadata))
    return model

  def _array(self, name: str, shape: tuple[int, ...]) -> np.ndarray:
    """The network's array; raises OtherArraysError for one of another shape."""
    found = self._arrays[name].shape if name in self._arrays else 'missing'
    if found != shape:
      raise OtherArraysError(
        f'{name} is {found}, but config.model needs {shape}'
      )
    self._used.add(name)
    return self._arrays[name]

  def _fold(
    self,
    kernel: np.ndarray,
    layer: str,
    norm: str | None,
    *,
    axis: int,
    bias: bool,
  ) -> tuple[np.ndarray, np.ndarray]:
    """Kernel and bias of a layer and of the normalisation after it."""
    features = kernel.shape[axis]
    shift = np.zeros(features)
    if bias:
      shift = self._array(f'params/{layer}/bias', (features,))
    if norm is None:
      return kernel, shift
    slope, beyond = self._norm(norm, features)
    along = [features if i == axis else 1 for i in range(kernel.ndim)]
    return kernel * slope.reshape(along), shift * slope + beyond

  def _norm(self, layer: str, features: int) -> tuple[np.ndarray, np.ndarray]:
    """What batch normalisation multiplies by, and then adds."""
    scale, bias, mean, var = (
      self._array(f'{kind}/{layer}/{name}', (features,)).astype(np.float64)
      for kind, name in (
        *(('params', 'scale'), ('params', 'bias')),
        *(('batch_stats', 'mean'), ('batch_stats', 'var')),
      )
    )
    slope = scale / np.sqrt(var + _EPSILON)
    return slope, bias - mean * slope

  def _add_up(
    self,
    x: Maps,
    layer: str,
    kernel: np.ndarray,
    bias: np.ndarray,
    *,
    stride: int,
    group: int = 1,
  ) -> Maps:
    """A transposed convolution, cut to the size of the image."""
    size = kernel.shape[-1]
    before = (size - stride) // 2
    after = size - stride - before
    return self._add(
      'ConvTranspose',
      [x],
      len(bias),
      name=layer,
      constants={'kernel': kernel, 'bias': bias},
      kernel_shape=[size] * 2,
      strides=[stride] * 2,
      pads=[before, before, after, after],
      group=group,
    )

  def _fill_up(self, x: Maps, channels: int) -> Maps:
    """With feature maps of zeros after its own."""
    missing = channels - x.channels
    if not missing:
      return x
    pads = np.array([0, 0, 0, 0, 0, missing, 0, 0])
    name = f'zeros_{missing}'
    self._constants[name] = self._numpy.from_array(pads, name)
    return self._add('Pad', [x, Maps(name, missing)], channels)

  def _add(
    self,
    kind: str,
    inputs: Sequence[Maps],
    channels: int,
    *,
    name: str | None = None,
    constants: Mapping[str, np.ndarray] | None = None,
    **attributes: Any,
  ) -> Maps:
    name = name or f'{kind.lower()}_{len(self._nodes)}'
    names = [one.name for one in inputs]
    for part, array in (constants or {}).items():
      names.append(f'{name}/{part}')
      self._constants[names[-1]] = self._numpy.from_array(
        np.ascontiguousarray(array, np.float32), names[-1]
      )
    self._nodes.append(
      self._helper.make_node(kind, names, [name], name=name, **attributes)
    )
    return Maps(name, channels)
