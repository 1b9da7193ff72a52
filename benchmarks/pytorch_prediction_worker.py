"""The network in PyTorch over a whole micrograph, as one contender's process.

Started by `benchmarks.prediction`, perhaps under another interpreter: it
imports PyTorch and NumPy, and of the project only `pytorch_peer`.
"""

import platform
import time

# Limits threads and empties caches before PyTorch is there.
from benchmarks.pytorch_worker import LAYOUTS, THREADS, contender_flags  # isort: skip

import numpy as np
import torch  # pyright: ignore[reportMissingImports]

from benchmarks import pytorch_peer, workers

# Mirrored around the micrograph: a multiple of 8 above the receptive-field
# radius of 51.
HALO_PX = 56


class Contender:
  """The whole micrograph in one pass, with its mirrored surroundings."""

  def __init__(self, layout: str, compiled: bool) -> None:
    """Stores how to run it: see `pytorch_worker.Contender`."""
    if THREADS:
      torch.set_num_threads(THREADS)
    self._layout = LAYOUTS[layout]
    self._compiled = compiled

  def describe(self) -> dict:
    """Versions."""
    return {
      'versions': {'torch': torch.__version__},
      'python': platform.python_version(),
      'threads': torch.get_num_threads(),
    }

  def first_pass(self, pixels: str, reference: str) -> dict[str, float]:
    """Loads the parameters, compiles, and compares what comes out.

    Returns:
      `seconds` of the first pass, and the largest `difference` of
      probabilities.
    """
    model = pytorch_peer.DefectSegNet()
    with np.load(reference) as file:
      arrays = dict(file)
    wanted = arrays.pop('probabilities')
    pytorch_peer.load_flax(model, arrays)
    model.eval().to(memory_format=self._layout)
    self._network = torch.compile(model) if self._compiled else model
    self._pixels = np.load(pixels)
    began = time.perf_counter()
    found = self._probabilities()
    seconds = time.perf_counter() - began
    return {
      'seconds': seconds,
      'difference': float(np.abs(found - wanted).max()),
    }

  def passes(self, repeats: int) -> list[float]:
    """Seconds of each."""
    seconds = []
    for _ in range(repeats):
      began = time.perf_counter()
      self._probabilities()
      seconds.append(time.perf_counter() - began)
    return seconds

  def _probabilities(self) -> np.ndarray:
    height, width = self._pixels.shape
    around = [(HALO_PX, HALO_PX + -size % 8) for size in (height, width)]
    padded = np.pad(self._pixels, around, mode='symmetric')
    image = torch.from_numpy(padded)[None, None]
    image = image.contiguous(memory_format=self._layout)
    with torch.inference_mode():
      found = torch.sigmoid(self._network(image))[0, 0].numpy()
    return found[HALO_PX : HALO_PX + height, HALO_PX : HALO_PX + width]


if __name__ == '__main__':
  contender = Contender(**contender_flags())
  workers.serve(
    {
      'describe': contender.describe,
      'first_pass': contender.first_pass,
      'passes': contender.passes,
    }
  )
