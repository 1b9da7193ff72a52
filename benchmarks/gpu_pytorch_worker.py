"""The network in PyTorch on a GPU, as one contender's process.

Started by `benchmarks.gpu`, perhaps under another interpreter: it imports
PyTorch and NumPy, and of the project only `pytorch_peer`.
"""

import argparse
import time
from typing import Any

# Limits threads and empties caches before PyTorch is there.
from benchmarks import pytorch_worker  # isort: skip

import numpy as np
import torch  # pyright: ignore[reportMissingImports]

from benchmarks import workers


class Contender(pytorch_worker.Contender):
  """The batch of the reference, and a micrograph of noise."""

  def __init__(self, *, side_px: int, **how: Any) -> None:
    """Stores how to run it: see `pytorch_worker.Contender`."""
    super().__init__('channels_last', **how)
    image = np.random.default_rng(1).standard_normal(
      (1, side_px, side_px, 1), np.float32
    )
    self._micrograph = torch.from_numpy(image.transpose(0, 3, 1, 2))

  def describe(self) -> dict:
    """As on a CPU, and the device."""
    device = self._device
    if device == 'cuda':
      device = torch.cuda.get_device_name()
    return {**super().describe(), 'device': device}

  def first_forward(self) -> float:
    """Compiles the forward pass; its seconds."""
    model = self._model.eval()
    self._predicting = torch.compile(model) if self._compiled else model
    return self._timed_forward()

  def prediction_passes(self, repeats: int) -> list[float]:
    """Seconds of each, from the host to probabilities there."""
    # The passes of training may have come between.
    self._model.eval()
    return [self._timed_forward() for _ in range(repeats)]

  def training_passes(self, repeats: int) -> list[float]:
    """Seconds of each forward and backward pass."""
    self._model.train()
    return self.passes(repeats)

  def peak_bytes(self) -> int:
    """Peak of the device's memory; 0 on a CPU."""
    return torch.cuda.max_memory_allocated() if self._device == 'cuda' else 0

  def _timed_forward(self) -> float:
    began = time.perf_counter()
    with torch.inference_mode(), self._autocast:
      image = self._micrograph.to(self._device, memory_format=self._layout)
      torch.sigmoid(self._predicting(image)).float().cpu().numpy().sum()
    return time.perf_counter() - began


def _flags() -> dict[str, Any]:
  parser = argparse.ArgumentParser()
  parser.add_argument('--device')
  parser.add_argument('--precision')
  parser.add_argument('--compiled', action='store_true')
  parser.add_argument('--side_px', type=int)
  return vars(parser.parse_args())


if __name__ == '__main__':
  contender = Contender(**_flags())
  workers.serve(
    {
      name: getattr(contender, name)
      for name in (
        *('describe', 'first_pass', 'first_forward', 'training_passes'),
        *('prediction_passes', 'peak_bytes'),
      )
    }
  )
