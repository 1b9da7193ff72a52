"""What the cores can compute and the memory can move, where this runs."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np

_SIDE = 2048
_COPIED_BYTES = 2**28
_TURNS = 5


def matrix_rate() -> float:
  """Operations a second of a product of float32 matrices, at its best."""
  rng = np.random.default_rng(0)
  one, other = rng.standard_normal((2, _SIDE, _SIDE), np.float32)
  return 2 * _SIDE**3 / _fastest_s(lambda: one @ other)


def copy_rate() -> float:
  """Bytes a second of a copy, at its best: each is read and written."""
  one = np.ones(_COPIED_BYTES, np.uint8)
  other = np.empty_like(one)
  return _COPIED_BYTES / _fastest_s(lambda: np.copyto(other, one))


def convolution_operations(model: Any, side_px: int) -> float:
  """Operations of the convolutions of an ONNX graph, in one image.

  Args:
    model: an `onnx.ModelProto` as `onnx_drawing.draw_model` makes it.
    side_px: of the image, which is square.
  """
  import onnx

  for sides in (model.graph.input[0], model.graph.output[0]):
    for axis, length in enumerate((1, 1, side_px, side_px)):
      sides.type.tensor_type.shape.dim[axis].dim_value = length
  graph = onnx.shape_inference.infer_shapes(model).graph
  shapes = {
    one.name: [axis.dim_value for axis in one.type.tensor_type.shape.dim]
    for one in [*graph.value_info, *graph.input, *graph.output]
  }
  shapes |= {one.name: [*one.dims] for one in graph.initializer}
  found = 0.0
  for node in graph.node:
    if node.op_type in ('Conv', 'ConvTranspose'):
      kernel = float(np.prod(shapes[node.input[1]]))
      # Each place of the smaller side meets the whole kernel.
      at = node.output[0] if node.op_type == 'Conv' else node.input[0]
      found += 2 * kernel * float(np.prod(shapes[at][2:]))
  return found


def _fastest_s(work: Callable[[], object]) -> float:
  seconds = []
  for _ in range(_TURNS):
    began = time.perf_counter()
    work()
    seconds.append(time.perf_counter() - began)
  return min(seconds)
