"""This project's network over a whole micrograph, as one contender's process.

Started by `benchmarks.prediction`, by JAX or, with --engine=onnx, by OpenVINO
with the parameters of the former.
"""

import argparse
import time
from typing import Any

from benchmarks import workers

THREADS = workers.limit_threads()

# What follows sizes its thread pools by the cores left.
import numpy as np  # noqa: E402

from benchmarks import random_variables, report  # noqa: E402
from defectseg_jax.models import ModelSettings  # noqa: E402
from defectseg_jax.models.onnx_drawing import draw_model  # noqa: E402
from defectseg_jax.models.plan_catalogue import plan_of  # noqa: E402
from defectseg_jax.prediction import openvino_forward  # noqa: E402
from defectseg_jax.prediction.forward import probabilities_of  # noqa: E402
from defectseg_jax.runs import network  # noqa: E402
from defectseg_jax.training import step  # noqa: E402


class Contender:
  """Tiles of one compiled shape, as in --mode=predict."""

  def __init__(self, engine: str) -> None:
    """Stores what computes it, as --engine has it: jax or onnx."""
    self._engine = engine
    self._plan = plan_of(ModelSettings())
    self._arguments: tuple[Any, ...] = ()

  def describe(self) -> dict[str, Any]:
    """Versions."""
    packages = {'jax': ('jax', 'jaxlib', 'flax'), 'onnx': ('openvino',)}
    return {
      'versions': report.versions(*packages[self._engine]),
      'python': report.machine()['python'],
    }

  def first_pass(self, pixels: str, reference: str) -> dict[str, float]:
    """Compiles. JAX writes parameters and probabilities, OpenVINO reads them.

    Returns:
      `seconds` of the pass, and the largest `difference` of probabilities.
    """
    if self._engine == 'jax':
      return self._first_by_jax(pixels, reference)
    with np.load(reference) as file:
      arrays = dict(file)
    wanted = arrays.pop('probabilities')
    graph = draw_model(self._plan, arrays, {}).SerializeToString()
    forward = openvino_forward.make_forward(graph)
    self._arguments = (np.load(pixels), forward, self._plan)
    seconds, found = self._timed_pass()
    difference = float(np.abs(found - wanted).max())
    return {'seconds': seconds, 'difference': difference}

  def _first_by_jax(self, pixels: str, reference: str) -> dict[str, float]:
    variables = random_variables.create_random_variables(ModelSettings())
    replicated = step.replicate((variables['params'], variables['batch_stats']))
    forward = network.make_forward(ModelSettings())(*replicated)
    self._arguments = (np.load(pixels), forward, self._plan)
    seconds, found = self._timed_pass()
    named = random_variables.named_leaves(variables)
    np.savez(reference, probabilities=found, **named)
    return {'seconds': seconds, 'difference': 0.0}

  def _timed_pass(self) -> tuple[float, np.ndarray]:
    began = time.perf_counter()
    found = probabilities_of(*self._arguments)
    return time.perf_counter() - began, found

  def passes(self, repeats: int) -> list[float]:
    """Seconds of each."""
    return [self._timed_pass()[0] for _ in range(repeats)]


if __name__ == '__main__':
  parser = argparse.ArgumentParser()
  parser.add_argument('--engine', choices=('jax', 'onnx'), default='jax')
  contender = Contender(**vars(parser.parse_args()))
  workers.serve(
    {
      'describe': contender.describe,
      'first_pass': contender.first_pass,
      'passes': contender.passes,
    }
  )
