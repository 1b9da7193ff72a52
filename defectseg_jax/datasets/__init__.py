"""Micrographs to batches of patches: the only room with TensorFlow in it."""

import os

# TensorFlow reads these while it is imported. It only feeds batches: oneDNN
# would do nothing for it but announce itself.
os.environ.setdefault('TF_ENABLE_ONEDNN_OPTS', '0')
os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '3')

import tensorflow as tf

# TensorFlow would take the GPU's whole memory.
tf.config.set_visible_devices([], 'GPU')
