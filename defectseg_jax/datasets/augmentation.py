"""The rotations and flips that map a square onto itself."""

from defectseg_jax.datasets.host_tensorflow import tf

# By how many they are: as it is; that and flipped left to right; all that map
# a square onto itself.
ORIENTATIONS = {1: (0,), 2: (0, 4), 8: tuple(range(8))}


def orient(patch: tf.Tensor, orientation: tf.Tensor) -> tf.Tensor:
  """Turns a patch by quarter turns, then flips it.

  Args:
    patch: [S, S, C].
    orientation: integer in 0..7: modulo 4 the quarter turns (anticlockwise),
      and from 4 on flipped left to right afterwards.

  Returns:
    [S, S, C].

  Examples:
    >>> patch = tf.constant([[1, 2], [3, 4]])[..., None]
    >>> orient(patch, tf.constant(1))[..., 0].numpy()
    array([[2, 4],
           [1, 3]], dtype=int32)
  """
  quarter_turns = tf.cast(tf.math.floormod(orientation, 4), tf.int32)
  turned = tf.image.rot90(patch, quarter_turns)
  return tf.cond(
    orientation >= 4, lambda: tf.reverse(turned, axis=[1]), lambda: turned
  )
