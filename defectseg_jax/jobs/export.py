"""--mode=export: a run's network as ONNX, for programs that have no JAX."""

import contextlib
import dataclasses
import importlib
import io
import json
import logging
import pathlib
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import ml_collections
import numpy as np
from rich.console import Console
from rich.markup import escape

from defectseg_jax.errors import InputError
from defectseg_jax.files import write_whole
from defectseg_jax.models import Architecture, create_model
from defectseg_jax.runs.settings import RunSettings, run_settings
from defectseg_jax.runs.workdir import Workdir
from defectseg_jax.training import checkpoints, state
from defectseg_jax.training.progress import Progress

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
  packages = _import_packages()
  settings = run_settings(config)
  model = create_model(settings.model)
  if side_px < 1 or side_px % model.size_multiple:
    raise InputError(
      f'--side_px={side_px}: must be a multiple of {model.size_multiple}'
    )
  progress = checkpoints.read_progress(workdir.path)
  probability = _make_probability(model, workdir)
  with console.status('Exporting'):
    graph = _graph(packages.jax2onnx, probability, side_px)
  packages.onnx.helper.set_model_props(
    graph, _metadata(settings, progress, model)
  )
  with write_whole(path) as temporary:
    packages.onnx.save(graph, temporary)
    difference = _largest_difference(
      packages.onnxruntime, temporary, probability, side_px
    )
    _require_same(path, difference)
  console.print(
    f'Network: {escape(str(path))}\nLargest difference from JAX: '
    f'{difference:.1e}',
    soft_wrap=True,
  )


def _require_same(path: pathlib.Path, difference: float) -> None:
  # NaN is not the same, either.
  if not difference <= TOLERANCE:
    raise InputError(
      f'{path}: its probabilities differ from those of JAX by up to '
      f'{difference:.1e}, more than {TOLERANCE:.0e}; try the versions of '
      'requirements-export.txt'
    )


class _Packages(NamedTuple):
  """Modules of requirements-export.txt."""

  jax2onnx: Any
  onnx: Any
  onnxruntime: Any


def _import_packages() -> _Packages:
  try:
    modules = [importlib.import_module(name) for name in _Packages._fields]
  except ImportError as error:
    raise InputError(
      f'--mode=export: {error.name} is missing; install it: '
      '.venv/bin/python -m pip install -r requirements-export.txt'
    ) from error
  return _Packages(*modules)


def _make_probability(
  model: Architecture, workdir: Workdir
) -> Callable[[jax.Array], jax.Array]:
  params, batch_stats = checkpoints.restore_model(
    workdir.path, **state.variable_shapes(model)
  )

  def probability(image: jax.Array) -> jax.Array:
    logits: Any = model.apply(
      {'params': params, 'batch_stats': batch_stats}, image
    )
    return jax.nn.sigmoid(logits)

  return probability


def _graph(
  jax2onnx: Any, probability: Callable[[jax.Array], jax.Array], side_px: int
) -> Any:
  # It warns of every intermediate result whose type it leaves out, and prints
  # what it comes across.
  logging.getLogger('onnx_ir').setLevel(logging.ERROR)
  with contextlib.redirect_stdout(io.StringIO()):
    return jax2onnx.to_onnx(
      probability,
      [jax.ShapeDtypeStruct((1, side_px, side_px, 1), jnp.float32)],
      model_name='defectseg',
    )


def _metadata(
  settings: RunSettings, progress: Progress, model: Architecture
) -> dict[str, str]:
  return {
    'defect': settings.defect,
    'threshold': repr(progress.threshold),
    'preprocessing': json.dumps(
      dict(sorted(dataclasses.asdict(settings.preprocessing).items()))
    ),
    'receptive_radius_px': str(model.receptive_field_radius_px),
    'side_multiple_px': str(model.size_multiple),
  }


def _largest_difference(
  onnxruntime: Any,
  path: pathlib.Path,
  probability: Callable[[jax.Array], jax.Array],
  side_px: int,
) -> float:
  """Of the two networks' probabilities, on noise."""
  rng = np.random.default_rng(0)
  images = rng.normal(size=(1, side_px, side_px, 1)).astype(np.float32)
  session = onnxruntime.InferenceSession(
    str(path), providers=['CPUExecutionProvider']
  )
  (name,) = (one.name for one in session.get_inputs())
  (found,) = session.run(None, {name: images})
  return float(np.abs(found - np.asarray(jax.jit(probability)(images))).max())
