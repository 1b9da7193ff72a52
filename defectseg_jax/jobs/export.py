"""--mode=export: a network as a file, to be passed on or for other programs."""

import contextlib
import dataclasses
import importlib
import io
import json
import logging
import pathlib
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import ml_collections
import numpy as np
from rich.console import Console
from rich.markup import escape

from defectseg_jax.errors import InputError
from defectseg_jax.files import new_files
from defectseg_jax.models import Architecture, create_model
from defectseg_jax.runs.detection_file import read_detection
from defectseg_jax.runs.network_card import network_path, read_card
from defectseg_jax.runs.network_card_text import card_text
from defectseg_jax.runs.network_file import read_variables
from defectseg_jax.runs.network_writing import write_network_of_run
from defectseg_jax.runs.settings import RunSettings, run_settings
from defectseg_jax.runs.workdir import Workdir
from defectseg_jax.training import checkpoints, state
from defectseg_jax.training.checksums import unverified_text

# What the networks differ by is rounding: sums in another order.
TOLERANCE = 1e-4


def export(
  config: ml_collections.ConfigDict,
  workdir: Workdir | None,
  output: str,
  *,
  side_px: int,
  console: Console,
  network: str | None = None,
) -> None:
  """Writes a network in the form that the suffix of the file asks for.

  .safetensors is the network with its cards, to be passed on; .onnx is for
  programs that have no JAX; .md is the card for people of a network file.

  Args:
    config: of the run or the network.
    workdir: of the run; None where a network is named.
    output: the file to make.
    side_px: as of `_write_onnx`.
    console: where the result goes.
    network: name or path of a network that needs no run.

  Raises:
    InputError: the suffix is another, the file is there already, or as the
      functions for each suffix say.
  """
  path = pathlib.Path(output).expanduser()
  if path.suffix not in ('.safetensors', '.onnx', '.md'):
    raise InputError(
      f'--output={output}: must end in .safetensors, to be passed on, or in '
      '.onnx, for programs without JAX'
    )
  if path.suffix == '.md':
    _export_card(network, path, console)
    return
  if workdir is not None and (word := unverified_text(workdir.path)):
    console.print(escape(word), soft_wrap=True)
  with new_files(path) as made:
    if path.suffix == '.onnx':
      said = _write_onnx(
        config, workdir, network, made, side_px=side_px, console=console
      )
    elif workdir is None:
      raise InputError(
        f'--output={output}: {network} is such a file already; copy it with '
        'its .json and .md, or give the --workdir of a run'
      )
    else:
      card = write_network_of_run(config, workdir, made)
      said = (
        f' ({made.stat().st_size / 1e6:.2f} MB, {card.precision})\nCard: '
        f'{path.with_suffix(".json")}; for people: {path.with_suffix(".md")}'
      )
  console.print(escape(f'Network: {path}{said}'), soft_wrap=True)


def _export_card(
  network: str | None, path: pathlib.Path, console: Console
) -> None:
  """Makes NAME.md again, after NAME.json was changed."""
  if network is None:
    raise InputError(
      f'{path}: is the card of a network; name that by --network'
    )
  found = network_path(network)
  if path.absolute() != found.with_suffix('.md').absolute():
    raise InputError(
      f'{path}: the card of {network} lies beside it; give '
      f'--output={found.with_suffix(".md")}'
    )
  with new_files(path, replace=True) as made:
    made.write_text(card_text(found.stem, read_card(found)), encoding='utf-8')
  console.print(f'Card: {escape(str(path))}', soft_wrap=True)


def _write_onnx(
  config: ml_collections.ConfigDict,
  workdir: Workdir | None,
  network: str | None,
  path: pathlib.Path,
  *,
  side_px: int,
  console: Console,
) -> str:
  """Writes the graph, and compares what it says with what JAX says.

  The graph has one input, float32 [1, S, S, 1], preprocessed as the run's
  config says, and one output, probabilities of the same shape. Its metadata has
  what makes a mask of them (docs/glossary.md), the preprocessing and how many
  pixels at the edge are not to be trusted.

  Args:
    config: of the run or the network.
    workdir: of the run; None where a network is named.
    network: its name or path.
    path: of the file to make.
    side_px: S, a multiple of the network's.
    console: where the progress goes.

  Returns:
    What is to be said of it, a line.

  Raises:
    InputError: a package is missing, the side is wrong, or the networks differ.
  """
  packages = _import_packages()
  settings = run_settings(config)
  model = create_model(settings.model)
  if side_px < 1 or side_px % model.size_multiple:
    raise InputError(
      f'--side_px={side_px}: must be a multiple of {model.size_multiple}'
    )
  thresholds, variables = _read_network(settings, workdir, network)
  probability = _make_probability(model, variables)
  with console.status('Exporting'):
    graph = _graph(packages.jax2onnx, probability, side_px)
  packages.onnx.helper.set_model_props(
    graph, _onnx_metadata(settings, thresholds, model)
  )
  packages.onnx.save(graph, path)
  difference = _largest_difference(
    packages.onnxruntime, path, probability, side_px
  )
  _require_same(path, difference)
  return f'\nLargest difference from JAX: {difference:.1e}'


def _read_network(
  settings: RunSettings, workdir: Workdir | None, network: str | None
) -> tuple[dict[str, str], tuple[Any, Any]]:
  """What makes a mask, and arrays: of a run or of a network's file."""
  if network is not None:
    path = network_path(network)
    card = read_card(path)
    variables = read_variables(path, card, settings.model)
    least_peak = card.detection.get('least_peak', 0)
    return _thresholds(card.threshold, least_peak), variables
  if workdir is None:
    raise InputError('--workdir: is missing; give it, or --network')
  progress = checkpoints.read_progress(workdir.path)
  shapes = state.variable_shapes(create_model(settings.model))
  # A run that was stopped may not have scored its development set.
  scored = workdir.dev_detection
  least_peak = 0.0
  if scored.exists():
    detection = read_detection(scored, settings.defect, settings.quantification)
    progress, least_peak = detection.judge(progress), detection.least_peak
  return (
    _thresholds(progress.best().threshold, least_peak),
    checkpoints.restore_model(workdir.path, **shapes),
  )


def _thresholds(threshold: float, least_peak: float) -> dict[str, str]:
  return {'threshold': repr(threshold), 'least_peak': repr(float(least_peak))}


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
  model: Architecture, variables: tuple[Any, Any]
) -> Callable[[jax.Array], jax.Array]:
  params, batch_stats = variables

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


def _onnx_metadata(
  settings: RunSettings, thresholds: Mapping[str, str], model: Architecture
) -> dict[str, str]:
  return {
    'defect': settings.defect,
    **thresholds,
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
