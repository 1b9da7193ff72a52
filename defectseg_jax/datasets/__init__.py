"""Micrographs to batches of patches: the only room with TensorFlow in it."""
