"""TensorFlow, kept to the host's processor and quiet.

Every module here that needs it imports it from this one. `folder` and `regions`
do not need it, so that a wrong folder is reported before TensorFlow is loaded.
"""

import os

# TensorFlow reads these while it is imported. It only feeds batches: oneDNN
# would do nothing for it but announce itself.
os.environ.setdefault('TF_ENABLE_ONEDNN_OPTS', '0')
os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '3')

import tensorflow as tf
import tensorflow_datasets as tfds

# TensorFlow would take the GPU's whole memory.
tf.config.set_visible_devices([], 'GPU')

__all__ = ['tf', 'tfds']
