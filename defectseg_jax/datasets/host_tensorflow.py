"""TensorFlow, kept to the host's processor and quiet.

Every module here that needs it imports it from this one. `folder` and `regions`
do not need it, so that a wrong folder is reported before TensorFlow is loaded.
"""

import contextlib
import os
from collections.abc import Iterator

# TensorFlow reads these while it is imported. It only feeds batches: oneDNN
# would do nothing for it but announce itself.
os.environ.setdefault('TF_ENABLE_ONEDNN_OPTS', '0')
os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '3')


@contextlib.contextmanager
def _without_keras() -> Iterator[None]:
  """TensorFlow imported in here loads Keras when `tf.keras` is asked for.

  It would at once, which takes a second, and nothing here needs it. It does not
  if the older Keras is asked for. `tf.keras` looks again: the variable is then
  as it was.
  """
  name = 'TF_USE_LEGACY_KERAS'
  given = os.environ.get(name)
  os.environ[name] = '1'
  try:
    yield
  finally:
    if given is None:
      del os.environ[name]
    else:
      os.environ[name] = given


with _without_keras():
  import tensorflow as tf
  import tensorflow_datasets as tfds

# TensorFlow would take the GPU's whole memory.
tf.config.set_visible_devices([], 'GPU')

__all__ = ['tf', 'tfds']
