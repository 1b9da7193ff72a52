"""A network as an ONNX file, for programs without JAX."""

import dataclasses
import importlib
import json
import pathlib
from collections.abc import Mapping
from typing import Any, NamedTuple

import jax
import ml_collections
import numpy as np

from defectseg_jax.errors import InputError
from defectseg_jax.models import Architecture, create_model
from defectseg_jax.models.onnx_drawing import draw_model
from defectseg_jax.runs.detection_file import read_detection
from defectseg_jax.runs.network_card import network_path, read_card
from defectseg_jax.runs.network_file import read_variables
from defectseg_jax.runs.seen_sizes import read_seen_sizes, sizes_json
from defectseg_jax.runs.settings import RunSettings, run_settings
from defectseg_jax.runs.workdir import Workdir
from defectseg_jax.training import checkpoints, state
from defectseg_jax.training.named_arrays import leaves_by_name

# What the networks differ by is rounding: sums in another order.
_TOLERANCE = 1e-5
# An image that the two are compared on has its sides in this many multiples:
# not square, and of several places in every pooling.
_MULTIPLES = (4, 6)


def write_onnx(
  config: ml_collections.ConfigDict,
  workdir: Workdir | None,
  network: str | None,
  path: pathlib.Path,
) -> float:
  """Writes the graph, and compares what it says with what JAX says.

  The graph takes preprocessed micrographs, float32 [N, 1, H, W], and gives
  probabilities of the same shape. Its metadata has what makes a mask of them
  (docs/glossary.md), the preprocessing, the sizes that were seen in training,
  what H and W must be multiples of, and how many pixels at the edge are not to
  be trusted.

  Args:
    config: of the run or the network.
    workdir: of the run; None where a network is named.
    network: its name or path.
    path: of the file to make.

  Returns:
    The largest difference of the two's probabilities.

  Raises:
    InputError: a package is missing, or the two differ.
  """
  packages = _import_packages()
  settings = run_settings(config)
  model = create_model(settings.model).for_inference
  trained = _read_network(settings, workdir, network)
  arrays = {
    name: np.asarray(array)
    for name, array in leaves_by_name(trained.variables).items()
  }
  graph = draw_model(model, arrays, _metadata(settings, trained, model))
  packages.onnx.save(graph, path)
  difference = _largest_difference(
    packages.onnxruntime, path, model, trained.variables
  )
  # NaN is not the same, either.
  if not difference <= _TOLERANCE:
    raise InputError(
      f'{path}: its probabilities differ from those of JAX by up to '
      f'{difference:.1e}, more than {_TOLERANCE:.0e}; try the versions of '
      'requirements-export.txt'
    )
  return difference


class _Trained(NamedTuple):
  """What a network learnt, and what makes a mask of what it says."""

  variables: dict[str, Any]
  facts: dict[str, str]


def _read_network(
  settings: RunSettings, workdir: Workdir | None, network: str | None
) -> _Trained:
  """Of a run, or of a network's file."""
  if network is not None:
    path = network_path(network)
    card = read_card(path)
    params, batch_stats = read_variables(path, card, settings.model)
    threshold = card.threshold
    least_peak = card.detection.get('least_peak', 0)
    sizes = dict(card.seen_sizes)
  elif workdir is not None:
    progress = checkpoints.read_progress(workdir.path)
    least_peak = 0.0
    # A run that was stopped may not have scored its development set.
    scored = workdir.dev_detection
    if scored.exists():
      detection = read_detection(
        scored, settings.defect, settings.quantification
      )
      progress, least_peak = detection.judge(progress), detection.least_peak
    threshold = progress.best().threshold
    sizes = sizes_json(read_seen_sizes(workdir.seen_sizes, settings))
    shapes = state.variable_shapes(create_model(settings.model))
    params, batch_stats = checkpoints.restore_model(workdir.path, **shapes)
  else:
    raise InputError('--workdir: is missing; give it, or --network')
  return _Trained(
    {'params': params, 'batch_stats': batch_stats},
    {
      'threshold': repr(threshold),
      'least_peak': repr(float(least_peak)),
      'seen_sizes': json.dumps(sizes, sort_keys=True),
    },
  )


class _Packages(NamedTuple):
  """Modules of requirements-export.txt."""

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


def _metadata(
  settings: RunSettings, trained: _Trained, model: Architecture
) -> Mapping[str, str]:
  return {
    'defect': settings.defect,
    **trained.facts,
    'preprocessing': json.dumps(
      dict(sorted(dataclasses.asdict(settings.preprocessing).items()))
    ),
    'receptive_radius_px': str(model.receptive_field_radius_px),
    'side_multiple_px': str(model.size_multiple),
  }


def _largest_difference(
  onnxruntime: Any,
  path: pathlib.Path,
  model: Architecture,
  variables: Mapping[str, Any],
) -> float:
  """Of the two networks' probabilities, on noise."""
  height, width = (n * model.size_multiple for n in _MULTIPLES)
  images = np.random.default_rng(0).normal(size=(2, height, width))
  images = images.astype(np.float32)
  session = onnxruntime.InferenceSession(
    str(path), providers=['CPUExecutionProvider']
  )
  (found,) = session.run(None, {'micrograph': images[:, None]})
  logits: Any = jax.jit(model.apply)(variables, images[..., None])
  expected = np.asarray(jax.nn.sigmoid(logits))[..., 0]
  return float(np.abs(found[:, 0] - expected).max())
