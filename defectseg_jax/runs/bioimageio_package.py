"""A network as a package of the bioimage.io model specification, version 0.5.

https://github.com/bioimage-io/spec-bioimage-io. Programs that read it are given
the ONNX graph, what is done to an image before it, an image to try, and the
card. rdf.yaml is JSON, which is YAML, too.
"""

import hashlib
import importlib
import io
import pathlib
import tempfile
import zipfile
from collections.abc import Mapping
from typing import Any

import ml_collections
import numpy as np
from PIL import Image

from defectseg_jax.errors import InputError
from defectseg_jax.files import json_text
from defectseg_jax.micrographs.preprocessing import preprocess
from defectseg_jax.micrographs.settings import PreprocessingSettings
from defectseg_jax.models.onnx_graph import OPSET
from defectseg_jax.models.plan_catalogue import plan_of
from defectseg_jax.models.plans import Plan
from defectseg_jax.runs.network_card import Card, network_path, read_card
from defectseg_jax.runs.network_card_text import card_text
from defectseg_jax.runs.onnx_writing import write_onnx
from defectseg_jax.runs.settings import run_settings
from defectseg_jax.simulation import foil_parameters, simulate_foil

_FORMAT = '0.5.4'
# Of the image to try, at least: what every architecture's multiple divides.
_SIDE_PX = 256
# The files' date in the package: the same bytes on any day.
_OLDEST = (1980, 1, 1, 0, 0, 0)
_VALIDATION = """
# Validation

The tables above have the scores, on which images, and the sizes that the
network holds for; below them stands where it fails.
"""


def write_package(
  config: ml_collections.ConfigDict, network: str, path: pathlib.Path
) -> float:
  """Writes the package; the same network gives the same bytes.

  Args:
    config: of the network.
    network: its name or the path of its file.
    path: of the .zip to make.

  Returns:
    As `write_onnx`.

  Raises:
    InputError: as `write_onnx`, or a package cannot say what is done to an
      image before the network.
  """
  found = network_path(network)
  card, settings = read_card(found), run_settings(config)
  steps = _preprocessing(settings.preprocessing)
  with tempfile.TemporaryDirectory() as folder:
    graph = pathlib.Path(folder) / 'network.onnx'
    difference = write_onnx(config, None, network, graph)
    weights = graph.read_bytes()
  plan = plan_of(settings.model)
  side_px = max(_SIDE_PX, _smallest_px(plan))
  foil = foil_parameters({**config.to_dict()['foil'], 'side_px': side_px})
  image = simulate_foil(foil, seed=0, index=0).pixels.astype(np.float32)
  seen = preprocess(image, settings.preprocessing)
  probability = _run(weights, seen)
  files = {
    'documentation.md': f'{card_text(found.stem, card)}{_VALIDATION}'.encode(),
    'network.onnx': weights,
    'test_input.npy': _npy(image[None, None]),
    'test_output.npy': _npy(probability[None, None]),
    'cover.png': _cover(image, probability),
  }
  description = _description(found.stem, card, plan, steps, files)
  files['rdf.yaml'] = json_text(description).encode()
  with zipfile.ZipFile(path, 'w', zipfile.ZIP_DEFLATED) as package:
    for name, content in sorted(files.items()):
      member = zipfile.ZipInfo(name, _OLDEST)
      member.external_attr = 0o644 << 16
      package.writestr(member, content, zipfile.ZIP_DEFLATED, 9)
  return difference


def _preprocessing(settings: PreprocessingSettings) -> list[dict[str, Any]]:
  """The specification's steps for ours; its library has no others of them."""
  if settings.background != 'none' or settings.normalisation == 'local':
    raise InputError(
      f'config.preprocessing.background={settings.background}, '
      f'normalisation={settings.normalisation}: a bioimage.io package knows '
      'neither backgrounds nor local normalisation; write .onnx, and '
      'preprocess images as its metadata say'
    )
  steps: list[dict[str, Any]] = []
  if settings.invert:
    steps.append({'id': 'scale_linear', 'kwargs': {'gain': -1.0}})
  if settings.normalisation == 'global':
    axes = ['channel', 'y', 'x']
    steps.append({'id': 'zero_mean_unit_variance', 'kwargs': {'axes': axes}})
  return steps


def _description(
  name: str,
  card: Card,
  plan: Plan,
  preprocessing: list[dict[str, Any]],
  files: Mapping[str, bytes],
) -> dict[str, Any]:
  """The content of rdf.yaml."""

  def source(file: str) -> dict[str, str]:
    sha256 = hashlib.sha256(files[file]).hexdigest()
    return {'source': file, 'sha256': sha256}

  given, found = _tensors(plan)
  given |= {
    'preprocessing': preprocessing,
    'test_tensor': source('test_input.npy'),
  }
  return {
    'format_version': _FORMAT,
    'type': 'model',
    'name': f'{card.defect} in electron micrographs of steel ({name})',
    'description': (
      f'Probability of {card.defect}, bright on a darker ground after '
      'preprocessing, at every pixel of an electron micrograph. The card says '
      'where the network holds, and where it does not.'
    ),
    'authors': [{'name': 'The defectseg_jax developers'}],
    'cite': [
      {
        'text': 'Roberts et al., Scientific Reports 9, 12744 (2019)',
        'doi': '10.1038/s41598-019-49105-0',
      }
    ],
    'license': 'Apache-2.0',
    'documentation': source('documentation.md'),
    'covers': [source('cover.png')],
    'tags': ['electron-microscopy', 'steel', card.defect, 'segmentation', '2d'],
    'timestamp': f'{card.provenance["date"]}T00:00:00+00:00',
    'inputs': [given],
    'outputs': [{**found, 'test_tensor': source('test_output.npy')}],
    'weights': {'onnx': {**source('network.onnx'), 'opset_version': OPSET}},
    'config': {
      'defectseg_jax': {
        'threshold': card.threshold,
        'least_peak': card.detection.get('least_peak', 0),
        'seen_sizes': dict(card.seen_sizes),
      }
    },
  }


def _tensors(plan: Plan) -> tuple[dict[str, Any], dict[str, Any]]:
  """Names, axes and values of what goes in, and of what comes out."""
  first = [{'type': 'batch'}, {'type': 'channel', 'channel_names': ['grey']}]
  size = {'min': _smallest_px(plan), 'step': plan.size_multiple}
  same = {
    axis: {'tensor_id': 'micrograph', 'axis_id': axis} for axis in ('y', 'x')
  }
  halo = plan.receptive_field_radius_px
  return (
    {
      'id': 'micrograph',
      'axes': first + [_space(axis, size) for axis in same],
      'data': {'type': 'float32'},
    },
    {
      'id': 'probability',
      'axes': first
      + [_space(axis, of, halo=halo) for axis, of in same.items()],
      'data': {'type': 'float32', 'range': [0.0, 1.0]},
    },
  )


def _smallest_px(plan: Plan) -> int:
  """Side of an image that has a pixel beyond the rim that is not trusted."""
  multiple, halo = plan.size_multiple, plan.receptive_field_radius_px
  return multiple * (2 * halo // multiple + 1)


def _space(axis: str, size: Mapping[str, Any], **more: int) -> dict[str, Any]:
  return {'type': 'space', 'id': axis, 'size': dict(size), **more}


def _run(graph: bytes, image: np.ndarray) -> np.ndarray:
  """What onnxruntime, as other programs, says of an image."""
  onnxruntime: Any = importlib.import_module('onnxruntime')
  session = onnxruntime.InferenceSession(
    graph, providers=['CPUExecutionProvider']
  )
  (found,) = session.run(None, {'micrograph': image[None, None]})
  return found[0, 0]


def _npy(array: np.ndarray) -> bytes:
  stream = io.BytesIO()
  np.save(stream, np.ascontiguousarray(array, np.float32), allow_pickle=False)
  return stream.getvalue()


def _cover(image: np.ndarray, probability: np.ndarray) -> bytes:
  """The image that is tried, and its probabilities beside it."""
  grey = (image - image.min()) / max(np.ptp(image), 1)
  both = np.concatenate([grey, probability], axis=1)
  stream = io.BytesIO()
  Image.fromarray((255 * both).round().astype(np.uint8)).save(stream, 'PNG')
  return stream.getvalue()
