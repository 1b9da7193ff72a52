"""Tiles through a graph by OpenVINO, by many threads from the first one on."""

import subprocess
import sys

import pytest
from tiny import ROOT

# As tiles of several networks may come, but all at the same instant, and Python
# goes from one thread to the next as often as it can.
_FIRST_TILES = """
import sys, threading
import numpy as np
import onnx
from onnx import TensorProto, helper
from defectseg_jax.prediction import openvino_forward

sys.setswitchinterval(1e-6)
ends = [
  helper.make_tensor_value_info(name, TensorProto.FLOAT, ['n', 1, 'h', 'w'])
  for name in ('micrograph', 'probabilities')
]
node = helper.make_node('Sigmoid', ['micrograph'], ['probabilities'])
graph = helper.make_graph([node], 'sigmoid', ends[:1], ends[1:])
opset = helper.make_opsetid('', 18)
model = helper.make_model(graph, opset_imports=[opset], ir_version=10)
model = model.SerializeToString()
ready, found = threading.Barrier(6), []

def look():
  compiled = openvino_forward._compile(model)
  request = compiled.create_infer_request()
  ready.wait()
  pixels = np.zeros((1, 1, 8, 8), np.float32)
  found.append(np.asarray(request.infer({0: pixels}, share_inputs=True)[0]))

threads = [threading.Thread(target=look) for _ in range(6)]
for thread in threads:
  thread.start()
for thread in threads:
  thread.join()
assert len(found) == 6 and all((one == 0.5).all() for one in found)
"""


def test_threads_may_all_bring_the_first_tile():
  """Its first use of NumPy by two threads at once would never end."""
  pytest.importorskip('openvino')
  done = subprocess.run(
    [sys.executable, '-c', _FIRST_TILES],
    cwd=ROOT,
    capture_output=True,
    text=True,
    timeout=120,
    check=False,
  )
  assert done.returncode == 0, done.stderr
