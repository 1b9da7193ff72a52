"""TensorFlow as the datasets import it."""

import sys

import pytest
import tiny

_PROGRAM = """
import os, sys
from defectseg_jax.datasets.host_tensorflow import tf
print('keras' in sys.modules, os.environ.get('TF_USE_LEGACY_KERAS'))
from tensorflow.keras import layers
print(tf.keras.__version__[:2], layers.__name__.split('.')[0])
"""


@pytest.mark.slow
def test_keras_is_loaded_only_when_it_is_asked_for():
  done = tiny.run([sys.executable, '-c', _PROGRAM])
  assert done.stdout.splitlines() == ['False None', '3. keras'], done.stderr
