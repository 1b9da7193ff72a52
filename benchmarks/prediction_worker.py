"""This project's network over a whole micrograph, as one contender's process.

Started by `benchmarks.prediction`.
"""

import time
from typing import Any

from benchmarks import workers

THREADS = workers.limit_threads()

# What follows sizes its thread pools by the cores left.
import numpy as np  # noqa: E402

from benchmarks import random_variables, report  # noqa: E402
from defectseg_jax.models import ModelSettings  # noqa: E402
from defectseg_jax.models.plan_catalogue import plan_of  # noqa: E402
from defectseg_jax.prediction.forward import probabilities_of  # noqa: E402
from defectseg_jax.runs import network  # noqa: E402
from defectseg_jax.training import step  # noqa: E402


class Contender:
  """Tiles of one compiled shape, as in --mode=predict."""

  def __init__(self) -> None:
    """Draws the parameters at random."""
    self._variables = random_variables.create_random_variables(ModelSettings())
    self._plan = plan_of(ModelSettings())
    self._arguments: tuple[Any, ...] = ()

  def describe(self) -> dict[str, Any]:
    """Versions."""
    return {
      'versions': report.versions('jax', 'jaxlib', 'flax'),
      'python': report.machine()['python'],
    }

  def first_pass(self, pixels: str, reference: str) -> float:
    """Compiles; writes parameters and probabilities. Seconds of the pass."""
    replicated = step.replicate(
      (self._variables['params'], self._variables['batch_stats'])
    )
    forward = network.make_forward(ModelSettings())(*replicated)
    self._arguments = (np.load(pixels), forward, self._plan)
    began = time.perf_counter()
    probabilities = probabilities_of(*self._arguments)
    seconds = time.perf_counter() - began
    np.savez(
      reference,
      probabilities=probabilities,
      **random_variables.named_leaves(self._variables),
    )
    return seconds

  def passes(self, repeats: int) -> list[float]:
    """Seconds of each."""
    seconds = []
    for _ in range(repeats):
      began = time.perf_counter()
      probabilities_of(*self._arguments)
      seconds.append(time.perf_counter() - began)
    return seconds


if __name__ == '__main__':
  contender = Contender()
  workers.serve(
    {
      'describe': contender.describe,
      'first_pass': contender.first_pass,
      'passes': contender.passes,
    }
  )
