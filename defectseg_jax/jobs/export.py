"""--mode=export: a run's network as ONNX, for programs that have no JAX."""

import contextlib
import io
import json
import logging
import pathlib

import jax
import jax.numpy as jnp
import ml_collections
import numpy as np
from rich.console import Console
from rich.markup import escape

from defectseg_jax.errors import InputError
from defectseg_jax.files import write_whole
from defectseg_jax.models import ModelSettings, create_model
from defectseg_jax.runs.workdir import Workdir
from defectseg_jax.training import checkpoints, state

# What the networks differ by is rounding: sums in another order.
TOLERANCE = 1e-4


def export(
  config: ml_collections.ConfigDict,
  workdir: Workdir,
  output: str,
  *,
  side_px: int,
  console: Console,
) -> None:
  """Writes the network, and compares what it says with what JAX says.

  The graph has one input, float32 [1, S, S, 1], preprocessed as the run's
  config says, and one output, probabilities of the same shape. Its metadata has
  the threshold, the preprocessing and how many pixels at the edge are not to be
  trusted.

  Args:
    config: of the run.
    workdir: of the run.
    output: the file to make; ends in .onnx.
    side_px: S, a multiple of the network's.
    console: where the result goes.

  Raises:
    InputError: a package is missing, the file is there already or has another
      suffix, the side is wrong, or the networks differ.
  """
  path = pathlib.Path(output).expanduser()
  if path.suffix != '.onnx':
    raise InputError(f'--output={output}: must end in .onnx')
  if path.exists():
    raise InputError(f'{path}: is there already; give --output another name')
  onnx, onnxruntime, jax2onnx = _packages()
  model = create_model(ModelSettings(**config.model))
  if side_px < 1 or side_px % model.size_multiple:
    raise InputError(
      f'--side_px={side_px}: must be a multiple of {model.size_multiple}'
    )
  progress = checkpoints.read_progress(workdir.path)
  variables = checkpoints.restore_model(
    workdir.path, **state.variable_shapes(model)
  )
  params, batch_stats = variables

  def probability(image):
    logits = model.apply({'params': params, 'batch_stats': batch_stats}, image)
    return jax.nn.sigmoid(logits)

  # It warns of every intermediate result whose type it leaves out, and prints
  # what it comes across.
  logging.getLogger('onnx_ir').setLevel(logging.ERROR)
  with console.status('Exporting'), contextlib.redirect_stdout(io.StringIO()):
    graph = jax2onnx.to_onnx(
      probability,
      [jax.ShapeDtypeStruct((1, side_px, side_px, 1), jnp.float32)],
      model_name='defectseg',
    )
  metadata = {
    'defect': config.defect,
    'threshold': repr(progress.threshold),
    'preprocessing': json.dumps(config.preprocessing.to_dict()),
    'receptive_radius_px': str(model.receptive_field_radius_px),
    'side_multiple_px': str(model.size_multiple),
  }
  onnx.helper.set_model_props(graph, metadata)
  with write_whole(path) as temporary:
    onnx.save(graph, temporary)
    difference = _difference(onnxruntime, temporary, probability, side_px)
    if not difference <= TOLERANCE:
      raise InputError(
        f'{path}: its probabilities are up to {difference:.1e} off those of '
        f'JAX, more than {TOLERANCE:.0e}; try the versions of '
        'requirements-export.txt'
      )
  console.print(
    f'Network: {escape(str(path))}\nLargest difference from JAX: '
    f'{difference:.1e}',
    soft_wrap=True,
  )


def _packages():
  try:
    import jax2onnx
    import onnx
    import onnxruntime
  except ImportError as error:
    raise InputError(
      f'--mode=export: {error.name} is missing; install it: '
      '.venv/bin/python -m pip install -r requirements-export.txt'
    ) from error
  return onnx, onnxruntime, jax2onnx


def _difference(onnxruntime, path, probability, side_px):
  """The largest difference, on noise."""
  rng = np.random.default_rng(0)
  images = rng.normal(size=(1, side_px, side_px, 1)).astype(np.float32)
  session = onnxruntime.InferenceSession(
    str(path), providers=['CPUExecutionProvider']
  )
  (name,) = (one.name for one in session.get_inputs())
  (found,) = session.run(None, {name: images})
  return float(np.abs(found - np.asarray(jax.jit(probability)(images))).max())
