"""Which program computes a network, and that the two say the same."""

import importlib.metadata
import importlib.util
import socket
import sys

import jax
import numpy as np
import onnxruntime
import pytest

from defectseg_jax.errors import InputError
from defectseg_jax.models.onnx_drawing import draw_model
from defectseg_jax.models.plan_catalogue import PLANS, plan_of
from defectseg_jax.models.settings import NAMES, ModelSettings
from defectseg_jax.models.unet import UNet
from defectseg_jax.prediction import openvino_forward
from defectseg_jax.prediction.engines import choose_engine, engine_text
from defectseg_jax.prediction.forward import probabilities_of
from defectseg_jax.prediction.openvino_forward import make_forward
from defectseg_jax.training.named_arrays import leaves_by_name
from defectseg_jax.training.state import variable_shapes

PLAN = PLANS['defectsegnet']


class Other(UNet):
  """Somebody's, who may compute something else."""


@pytest.fixture
def installed(monkeypatch):
  """Says which packages there are, and whether JAX has a plugin."""

  def say(*names, plugins=()):
    def spec(name):
      return object() if name in names else None

    monkeypatch.setattr(importlib.util, 'find_spec', spec)
    monkeypatch.setattr(
      importlib.metadata, 'entry_points', lambda *, group: plugins
    )

  return say


ALL = 'jax', 'flax', 'onnx', 'openvino'


@pytest.mark.parametrize(
  'packages, plugins, plan, chosen',
  [
    (ALL, (), PLAN, 'onnx'),
    (ALL[2:], (), PLAN, 'onnx'),
    (ALL[:2], (), PLAN, 'jax'),
    (ALL[:3], (), PLAN, 'jax'),
    (ALL, ('cuda13',), PLAN, 'jax'),
    ((*ALL, 'libtpu'), (), PLAN, 'jax'),
    (ALL, (), UNet(widths=(2, 3)), 'onnx'),
    (ALL, (), Other(), 'jax'),
  ],
)
def test_auto_takes_what_is_there(installed, packages, plugins, plan, chosen):
  installed(*packages, plugins=plugins)
  assert choose_engine('auto', plan) == chosen


@pytest.mark.parametrize(
  'asked, packages, plan, said',
  [
    ('onnx', ALL[:3], PLAN, 'onnx: openvino is not installed; install it: '),
    ('jax', ALL[2:], PLAN, '--engine=jax: jax is not installed; install it: '),
    ('auto', (), PLAN, '--engine=jax: jax is not installed; install it: '),
    ('onnx', ALL, Other(), 'architecture Other has no ONNX graph; give '),
  ],
)
def test_what_cannot_be_is_refused(installed, asked, packages, plan, said):
  installed(*packages)
  with pytest.raises(InputError) as caught:
    choose_engine(asked, plan)
  (line,) = str(caught.value).splitlines()
  assert said in line


def test_both_have_a_version():
  for engine, name in (('jax', 'JAX'), ('onnx', 'OpenVINO')):
    called, version = engine_text(engine).split()
    assert called == name and version[0].isdigit()


def test_a_plan_is_what_the_network_is():
  assert list(PLANS) == list(NAMES)
  with pytest.raises(InputError, match='name=resnet: choose one'):
    plan_of(ModelSettings('resnet'))


@pytest.fixture(scope='module')
def small():
  """The graph of a network of two levels, its plan, and a micrograph."""
  model, rng = UNet(widths=(4, 6)), np.random.default_rng(0)
  variables = jax.tree_util.tree_map_with_path(
    # Variances are positive, and logits are of either sign.
    lambda path, leaf: (
      rng.uniform(0.5, 2, leaf.shape)
      if path[-1].key == 'var'
      else rng.normal(0, 0.5, leaf.shape)
    ).astype(np.float32),
    variable_shapes(model),
  )
  arrays = leaves_by_name(variables)
  graph = draw_model(model, arrays, {}).SerializeToString()
  pixels = rng.normal(size=(150, 97)).astype(np.float32)
  return graph, model, make_forward(graph), pixels


def test_it_says_what_another_program_says(small):
  """That the graph is JAX's network, tests/models/onnx_drawing_test.py says."""
  graph, _, forward, pixels = small
  session = onnxruntime.InferenceSession(graph)
  tiles = pixels[None, :144, :96, None]
  (expected,) = session.run(None, {'micrograph': tiles[:, None, ..., 0]})
  found = forward.of_tiles(tiles)
  assert found.dtype == np.float32 and found.shape == tiles.shape
  np.testing.assert_allclose(found[:, None, ..., 0], expected, atol=1e-5)
  assert np.ptp(found) > 0.1


def test_tiles_are_the_whole_whatever_their_size(small):
  _, model, forward, pixels = small
  whole, *tiled = (
    probabilities_of(pixels, forward, model, core_px=core, orientations=turns)
    for core, turns in ((160, 1), (48, 1), (64, 1))
  )
  for one in tiled:
    np.testing.assert_allclose(one, whole, rtol=0, atol=1e-6)


def test_the_same_bits_each_time(small):
  """Four threads call it at once, and its streams share the cores."""
  _, model, forward, pixels = small
  first, second = (
    probabilities_of(pixels, forward, model, core_px=32) for _ in range(2)
  )
  assert first.tobytes() == second.tobytes()


def test_what_was_released_is_compiled_again_to_the_same_bits(
  small, monkeypatch
):
  graph, _, _, pixels = small
  compiled, before = [], openvino_forward._compile

  def count(given):
    compiled.append(given)
    return before(given)

  monkeypatch.setattr(openvino_forward, '_compile', count)
  forward = make_forward(graph)
  tiles = pixels[None, :64, :64, None]
  forward.release()
  first, second = (forward.of_tiles(tiles) for _ in range(2))
  assert len(compiled) == 1
  forward.release()
  assert forward.of_tiles(tiles).tobytes() == first.tobytes()
  assert first.tobytes() == second.tobytes() and len(compiled) == 2


def test_nothing_is_reported_to_anybody(small, monkeypatch):
  """OpenVINO would tell its makers of every import."""
  _, model, forward, pixels = small

  def refuse(*_, **__):
    raise AssertionError('a connection was opened')

  monkeypatch.setattr(socket.socket, 'connect', refuse)
  probabilities_of(pixels, forward, model, core_px=64)
  assert sys.modules['openvino_telemetry'] is None
  stub = sys.modules['openvino.tools.ovc.telemetry_utils']
  assert stub.tm.__name__.endswith('telemetry_stub')


def test_what_cannot_be_loaded_is_said(monkeypatch):
  """As where the system's libraries are too old for it."""
  monkeypatch.setitem(sys.modules, 'openvino', None)
  forward = make_forward(b'')
  with pytest.raises(InputError, match='OpenVINO cannot be loaded here'):
    forward.of_tiles(np.zeros((1, 8, 8, 1), np.float32))
