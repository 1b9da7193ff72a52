import numpy as np
import tensorflow as tf

from defectseg_jax.datasets.augmentation import (
  ORIENTATIONS,
  orient,
)


def test_the_eight_orientations_are_the_symmetries_of_the_square():
  square = np.arange(9).reshape(3, 3, 1)
  found = [
    orient(tf.constant(square), tf.constant(o, tf.int64)).numpy()[..., 0]
    for o in ORIENTATIONS[8]
  ]
  plain = square[..., 0]
  expected = [np.rot90(plain, k) for k in range(4)]
  expected += [np.fliplr(turned) for turned in expected]
  np.testing.assert_array_equal(found, expected)
  assert len({image.tobytes() for image in found}) == 8


def test_fewer_orientations_keep_up_up():
  square = tf.constant(np.arange(9).reshape(3, 3, 1))
  for count in (1, 2):
    found = [orient(square, tf.constant(o)) for o in ORIENTATIONS[count]]
    assert len({image.numpy().tobytes() for image in found}) == count
    for image in found:
      np.testing.assert_array_equal(sorted(image[0, :, 0].numpy()), [0, 1, 2])
