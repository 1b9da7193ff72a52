"""How fast onnxruntime runs an exported network, beside another exporter's.

  python -m pip install jax2onnx==0.13.0
  python -m benchmarks.export

from the root of the repository. The same networks, of random weights, are
written by --mode=export's function and by jax2onnx; two threads run both on an
image of 1024 x 1024 pixels, in turns.
"""

import contextlib
import importlib
import io
import logging
import statistics
import time
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import onnxruntime

from benchmarks import report
from defectseg_jax.models import ModelSettings, create_model
from defectseg_jax.models.onnx_drawing import draw_model
from defectseg_jax.training import state
from defectseg_jax.training.named_arrays import leaves_by_name

NAMES = ('defectsegnet', 'unet_350k')
SIDE_PX = 1024
THREADS = 2


def main() -> None:
  """Exports, runs in turns, and prints the table."""
  parser = report.create_parser(__doc__)
  parser.add_argument('--turns', type=int, default=9)
  turns = parser.parse_args().turns
  print(report.line(report.machine() | report.versions('onnxruntime', 'jax')))
  rows = []
  for name in NAMES:
    rows += _compare(name, turns)
  print(
    report.table(
      ['graph', 'nodes', 's', 'min s', 'relative speed', 'processor s'], rows
    )
  )


def _compare(name: str, turns: int) -> list[list[str]]:
  """A row for each of the two graphs of an architecture."""
  model = create_model(ModelSettings(name)).for_inference
  variables = state.create_variables(model, seed=0)
  arrays = {k: np.asarray(v) for k, v in leaves_by_name(variables).items()}
  image = np.random.default_rng(0).normal(size=(1, 1, SIDE_PX, SIDE_PX))
  image = image.astype(np.float32)
  graphs = {
    'jax2onnx': (_by_jax2onnx(model, variables), image[:, 0, :, :, None]),
    'ours': (draw_model(model, arrays, {}), image),
  }
  runs = {kind: _make_run(*one) for kind, one in graphs.items()}
  found = [run().reshape(image.shape) for run in runs.values()]
  difference = float(np.abs(found[0] - found[1]).max())
  print(f'{name}: largest difference {difference:.0e}')
  seconds: dict[str, list[float]] = {kind: [] for kind in runs}
  processor: dict[str, list[float]] = {kind: [] for kind in runs}
  for _ in range(turns):
    for kind, run in runs.items():
      begun, used = time.perf_counter(), time.process_time()
      run()
      seconds[kind].append(time.perf_counter() - begun)
      processor[kind].append(time.process_time() - used)
  slow = statistics.median(seconds['jax2onnx'])
  return [
    [
      f'{name}, {kind}',
      str(len(graphs[kind][0].graph.node)),
      f'{statistics.median(seconds[kind]):.2f}',
      f'{min(seconds[kind]):.2f}',
      f'{slow / statistics.median(seconds[kind]):.2f}',
      f'{statistics.median(processor[kind]):.2f}',
    ]
    for kind in runs
  ]


def _make_run(graph: Any, image: np.ndarray) -> Any:
  """What runs a graph on the image once."""
  options = onnxruntime.SessionOptions()
  options.intra_op_num_threads = THREADS
  session = onnxruntime.InferenceSession(
    graph.SerializeToString(), options, providers=['CPUExecutionProvider']
  )
  feed = {session.get_inputs()[0].name: np.ascontiguousarray(image)}
  return lambda: np.asarray(session.run(None, feed)[0])


def _by_jax2onnx(model: Any, variables: dict[str, Any]) -> Any:
  """Each step that XLA is given as a node, for one size of image."""
  # They warn of results whose type is left out, and of what is not imported.
  for package in ('onnx_ir', 'jax2onnx'):
    logging.getLogger(package).setLevel(logging.CRITICAL)
  exporter: Any = importlib.import_module('jax2onnx')
  shape = jax.ShapeDtypeStruct((1, SIDE_PX, SIDE_PX, 1), jnp.float32)
  with contextlib.redirect_stdout(io.StringIO()):
    return exporter.to_onnx(
      lambda image: jax.nn.sigmoid(model.apply(variables, image)),
      [shape],
      model_name='defectseg',
    )


if __name__ == '__main__':
  main()
