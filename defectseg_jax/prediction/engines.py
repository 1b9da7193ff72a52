"""Which program takes tiles through a network: JAX, or OpenVINO without JAX.

OpenVINO runs the network's ONNX graph. On a CPU it starts sooner and is faster
(docs/benchmarks.md); JAX knows GPUs, TPUs, and networks that nobody draws.
"""

import importlib.metadata
import importlib.util

from defectseg_jax.errors import InputError
from defectseg_jax.models.onnx_drawing import is_drawn
from defectseg_jax.models.plans import Plan

ENGINES = ('auto', 'jax', 'onnx')
_NAMES = {'jax': ('JAX', 'jax'), 'onnx': ('OpenVINO', 'openvino')}
_PACKAGES = {'jax': ('jax', 'flax'), 'onnx': ('onnx', 'openvino')}


def choose_engine(asked: str, plan: Plan) -> str:
  """What computes a network here.

  Args:
    asked: one of `ENGINES`.
    plan: of the network.

  Returns:
    `jax` or `onnx`. `auto` is `onnx` where its packages are installed, the
    network is drawn, and JAX has no plugin for a GPU or a TPU.

  Raises:
    InputError: what is asked for is not installed, or the network is not drawn.
  """
  drawn = is_drawn(plan)
  if asked == 'auto':
    light = drawn and not _missing('onnx') and not _has_accelerator()
    asked = 'onnx' if light else 'jax'
  if asked == 'onnx' and not drawn:
    raise InputError(
      f'--engine=onnx: the architecture {type(plan).__name__} has no ONNX '
      'graph; give --engine=jax'
    )
  if missing := _missing(asked):
    raise InputError(
      f'--engine={asked}: {missing} is not installed; install it: '
      'python -m pip install -r requirements.txt'
    )
  return asked


def engine_text(engine: str) -> str:
  """Name and version, for the record.

  Args:
    engine: as `choose_engine` gives it.

  Examples:
    >>> engine_text('jax').split()[0]
    'JAX'
  """
  name, package = _NAMES[engine]
  return f'{name} {importlib.metadata.version(package)}'


def _missing(engine: str) -> str:
  """A package that it needs and that is not installed; '' for none."""
  for package in _PACKAGES[engine]:
    if importlib.util.find_spec(package) is None:
      return package
  return ''


def _has_accelerator() -> bool:
  """Whether JAX was installed for a GPU or a TPU: it need not be loaded."""
  plugins = importlib.metadata.entry_points(group='jax_plugins')
  return bool(plugins) or importlib.util.find_spec('libtpu') is not None
