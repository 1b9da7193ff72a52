"""The rotations and flips that map a square onto itself."""

from defectseg_jax.datasets.host_tensorflow import tf

# By their number: as it is; also flipped left to right; all that map a square
# onto itself.
ORIENTATIONS = {1: (0,), 2: (0, 4), 8: tuple(range(8))}


def orient(patch: tf.Tensor, orientation: tf.Tensor) -> tf.Tensor:
  """Turns a patch by quarter turns, then flips it.

  Args:
    patch: [S, S, C].
    orientation: integer in 0..7: modulo 4 the quarter turns (anticlockwise),
      and from 4 on flipped left to right.

  Returns:
    [S, S, C].
  """
  turned = tf.image.rot90(patch, tf.cast(orientation % 4, tf.int32))
  return tf.cond(
    orientation >= 4, lambda: tf.reverse(turned, axis=[1]), lambda: turned
  )
