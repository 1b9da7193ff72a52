"""Tiles through a network's ONNX graph by OpenVINO: in float32, on the CPU."""

import functools
import importlib
import sys
import threading
from collections.abc import Callable
from typing import Any

import numpy as np

from defectseg_jax.errors import InputError
from defectseg_jax.prediction.forward import Forward
from defectseg_jax.prediction.tiles import BATCHES_IN_FLIGHT

# OpenVINO would take bfloat16 where a CPU has it, and each machine would find
# other objects. A pinned thread waits where another program has its core.
_EXACT = {
  'INFERENCE_PRECISION_HINT': 'f32',
  'EXECUTION_MODE_HINT': 'ACCURACY',
  'NUM_STREAMS': str(BATCHES_IN_FLIGHT),
  'ENABLE_CPU_PINNING': 'NO',
}
# It takes any shape, so that a tile need not reach far beyond an image. By eye.
_CORES_PX = range(64, 1024 + 1, 64)

# One thread at a time makes OpenVINO ready.
_LOADING = threading.Lock()


def make_forward(graph: bytes) -> Forward:
  """What takes tiles through a graph; compiled when the first one comes.

  Args:
    graph: an ONNX model as `onnx_drawing.draw_model` makes it, serialized.

  Returns:
    A forward pass of one tile at a time. The bits of its probabilities depend
    on neither the number of cores nor what else is computed meanwhile.
  """
  compile_once, lock = (
    functools.cache(lambda: _compile(graph)),
    threading.Lock(),
  )

  def of_tiles(tiles: np.ndarray) -> np.ndarray:
    with lock:
      model = compile_once()
    n, height, width, _ = tiles.shape
    # One channel: its axis may stand anywhere.
    images = np.ascontiguousarray(tiles).reshape(n, 1, height, width)
    found = model.create_infer_request().infer({0: images}, share_inputs=True)
    return np.asarray(found[0]).reshape(tiles.shape)

  def release() -> None:
    with lock:
      compile_once.cache_clear()

  return Forward(of_tiles, batch_size=1, cores_px=_CORES_PX, release=release)


def _compile(graph: bytes) -> Any:
  core = _import_openvino().Core()
  return core.compile_model(core.read_model(graph), 'CPU', _EXACT)


def _import_openvino() -> Any:
  """OpenVINO, without the package by which it would report each import."""
  kept: Callable[..., Any] = sys.modules.setdefault
  with _LOADING:
    kept('openvino_telemetry', None)
    try:
      openvino = importlib.import_module('openvino')
    except ImportError as error:
      raise InputError(
        f'--engine=onnx: OpenVINO cannot be loaded here ({error}); give '
        '--engine=jax'
      ) from error
    # Its first use of NumPy must be by one thread: of two at once each waits
    # for the other, without end (seen with 2026.4.1).
    openvino.Type.f32.to_dtype()
  return openvino
