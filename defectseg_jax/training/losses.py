"""What training minimises."""

from typing import Any

import jax
import jax.numpy as jnp
import optax


def weighted_cross_entropy(
  logits: jax.Array, truth: jax.Array, positive_weight: jax.Array | float
) -> jax.Array:
  """Cross-entropy of each pixel, that of defect pixels scaled.

  Roberts et al. (Scientific Reports 2019), "Training procedure":
  `-w y log p - (1 - y) log(1 - p)` with `p = sigmoid(logit)`.

  Args:
    logits: float [...].
    truth: 0 or 1, of the same shape.
    positive_weight: w.

  Returns:
    The loss of each pixel, of the same shape.
  """
  scale = jnp.where(truth > 0, positive_weight, 1.0)
  return scale * optax.sigmoid_binary_cross_entropy(logits, truth)


def l2_penalty(params: Any) -> jax.Array:
  """Half the sum of squares of the convolution kernels.

  Biases, and the scales and offsets of batch normalisation, are left free.

  Args:
    params: a tree of parameters.

  Returns:
    A scalar.
  """
  kernels = [
    leaf
    for path, leaf in jax.tree_util.tree_leaves_with_path(params)
    if path[-1].key == 'kernel'
  ]
  return 0.5 * sum(jnp.sum(jnp.square(kernel)) for kernel in kernels)
