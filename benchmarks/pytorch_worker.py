"""The network in PyTorch, as one contender's process.

Started by `benchmarks.training`, perhaps under another interpreter: it imports
PyTorch and NumPy, and of the project only `pytorch_peer`.
"""

import argparse
import os
import platform
import tempfile
import time
from typing import Any

from benchmarks import workers

THREADS = workers.limit_threads()
# The first pass has to compile, whatever was compiled before.
CACHE = tempfile.TemporaryDirectory()
os.environ['TORCHINDUCTOR_CACHE_DIR'] = CACHE.name

import numpy as np  # noqa: E402
import torch  # noqa: E402 # pyright: ignore[reportMissingImports]
from torch.nn import (  # noqa: E402 # pyright: ignore[reportMissingImports]
  functional as F,
)

from benchmarks import pytorch_peer  # noqa: E402

LAYOUTS = {
  'contiguous': torch.contiguous_format,
  'channels_last': torch.channels_last,
}


class Contender:
  """The batch and the network of the reference, and their passes."""

  def __init__(
    self,
    layout: str,
    compiled: bool,
    *,
    device: str = 'cpu',
    precision: str = 'float32',
  ) -> None:
    """Stores how to run it.

    Args:
      layout: of images and feature maps: contiguous or channels_last.
      compiled: whether to use torch.compile.
      device: cpu or cuda.
      precision: float32; tf32, to which a GPU may round what it multiplies; or
        bfloat16, by autocast.
    """
    if THREADS:
      torch.set_num_threads(THREADS)
    torch.manual_seed(0)
    torch.backends.cuda.matmul.allow_tf32 = precision == 'tf32'
    torch.backends.cudnn.allow_tf32 = precision == 'tf32'
    self._layout = LAYOUTS[layout]
    self._compiled = compiled
    self._device = device
    self._autocast = torch.autocast(
      device, torch.bfloat16, enabled=precision == 'bfloat16'
    )

  def describe(self) -> dict:
    """Versions, and the number of trainable parameters."""
    return {
      'versions': {'torch': torch.__version__},
      'python': platform.python_version(),
      'threads': torch.get_num_threads(),
      'parameters': pytorch_peer.parameter_count(pytorch_peer.DefectSegNet()),
    }

  def first_pass(self, reference: str) -> dict[str, float]:
    """Loads the reference, compiles, and compares what comes out.

    Args:
      reference: written by `benchmarks.jax_worker`.

    Returns:
      `seconds` of the first pass, and relative differences: of `logits` in
      eval mode, the largest over their range; of the `loss`; of the
      `gradient`, in the Euclidean norm over all parameters.
    """
    with np.load(reference) as file:
      arrays = dict(file)
    self._model = pytorch_peer.DefectSegNet()
    pytorch_peer.load_flax(self._model, arrays)
    self._model.to(self._device, memory_format=self._layout)
    self._image = self._image_tensor(arrays['image'])
    self._truth = self._image_tensor(arrays['mask'].astype(np.float32))
    self._positive_weight = torch.tensor(
      arrays['positive_weight'], device=self._device
    )

    with torch.no_grad(), self._autocast:
      logits = self._model.eval()(self._image).permute(0, 2, 3, 1)
    logits = logits.float().cpu().numpy()
    self._model.train()
    self._network = (
      torch.compile(self._model) if self._compiled else self._model
    )
    began = time.perf_counter()
    loss = self._forward_backward()
    seconds = time.perf_counter() - began
    gradients = pytorch_peer.gradients_for_flax(self._model)
    wanted = {name: arrays[f'gradients/{name}'] for name in gradients}
    difference = {name: gradients[name] - wanted[name] for name in wanted}
    return {
      'seconds': seconds,
      'logits': float(
        np.max(np.abs(logits - arrays['logits'])) / np.ptp(arrays['logits'])
      ),
      'loss': abs(loss / float(arrays['loss']) - 1),
      'gradient': _norm(difference) / _norm(wanted),
    }

  def passes(self, repeats: int) -> list[float]:
    """Seconds of each forward and backward pass."""
    seconds = []
    for _ in range(repeats):
      began = time.perf_counter()
      self._forward_backward()
      seconds.append(time.perf_counter() - began)
    return seconds

  def _forward_backward(self) -> float:
    self._model.zero_grad(set_to_none=True)
    with self._autocast:
      loss = F.binary_cross_entropy_with_logits(
        self._network(self._image),
        self._truth,
        pos_weight=self._positive_weight,
      )
    loss.backward()
    return loss.item()

  def _image_tensor(self, pixels: np.ndarray) -> torch.Tensor:
    """[N, H, W, 1] to a tensor [N, 1, H, W]."""
    tensor = torch.from_numpy(np.moveaxis(pixels, -1, 1).copy())
    return tensor.contiguous(memory_format=self._layout).to(self._device)


def _norm(arrays: dict[str, np.ndarray]) -> float:
  return float(np.sqrt(sum(np.sum(np.square(a)) for a in arrays.values())))


def contender_flags() -> dict[str, Any]:
  """The flags of a contender: `layout` and `compiled`."""
  parser = argparse.ArgumentParser()
  parser.add_argument('--layout', choices=tuple(LAYOUTS))
  parser.add_argument('--compiled', action='store_true')
  return vars(parser.parse_args())


if __name__ == '__main__':
  contender = Contender(**contender_flags())
  workers.serve(
    {
      'describe': contender.describe,
      'first_pass': contender.first_pass,
      'passes': contender.passes,
    }
  )
