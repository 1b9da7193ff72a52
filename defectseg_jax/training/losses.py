"""What training minimises."""

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, PyTree


def weighted_cross_entropy(
  logits: Float[Array, '*pixels'],
  truth: Float[Array, '*pixels'],
  positive_weight: Float[Array, ''] | float,
) -> Float[Array, '*pixels']:
  """Cross-entropy of each pixel, multiplied by a weight at defect pixels.

  `-w y log p - (1 - y) log(1 - p)` with `p = sigmoid(logit)`.

  Args:
    logits: float, of any shape.
    truth: 0 or 1, of the same shape.
    positive_weight: w.

  Returns:
    The loss of each pixel, of the same shape.

  Examples:
    A logit of 0 is a probability of 1/2, and costs log 2:

    >>> logits, truth = jnp.zeros(2), jnp.array([1.0, 0.0])
    >>> weighted_cross_entropy(logits, truth, 8.0) / jnp.log(2.0)
    Array([8., 1.], dtype=float32)

  References:
    Roberts et al., Scientific Reports 9, 12744 (2019), "Training procedure".
  """
  scale = jnp.where(truth > 0, positive_weight, 1.0)
  return scale * optax.sigmoid_binary_cross_entropy(logits, truth)


def l2_penalty(params: PyTree[Float[Array, '...']]) -> Float[Array, '']:
  """Half the sum of squares of the convolution kernels.

  Biases, and the scales and offsets of batch normalisation, are not penalised.

  Args:
    params: a tree of parameters; kernels are its leaves named `kernel`.

  Returns:
    A scalar.

  Examples:
    >>> conv = {'kernel': jnp.array([3.0, 4.0]), 'bias': jnp.array([9.0])}
    >>> float(l2_penalty({'conv_1': conv}))
    12.5
  """
  kernels = [
    leaf
    for path, leaf in jax.tree_util.tree_leaves_with_path(params)
    if path[-1].key == 'kernel'
  ]
  squares = [jnp.sum(jnp.square(kernel)) for kernel in kernels]
  return 0.5 * sum(squares, start=jnp.zeros(()))
