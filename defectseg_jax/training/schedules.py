"""What changes as training goes on: the positive weight, the learning rate."""

import optax


def positive_weight(epoch: int, *, initial: float, decay: float) -> float:
  """The weight of a defect pixel in an epoch: falls geometrically towards 1.

  The paper says only that the weight decreases. Here its excess over 1 shrinks
  by the same factor every epoch.

  Args:
    epoch: counted from 0.
    initial: the weight in epoch 0, at least 1.
    decay: the factor, in (0, 1].

  Returns:
    `1 + (initial - 1) * decay ** epoch`.

  Examples:
    >>> [positive_weight(i, initial=9.0, decay=0.5) for i in range(4)]
    [9.0, 5.0, 3.0, 2.0]

  References:
    Roberts et al., Scientific Reports 9, 12744 (2019), "Training procedure".
  """
  return 1.0 + (initial - 1.0) * decay**epoch


def plateau_decay(
  *, factor: float, patience_epochs: int
) -> optax.GradientTransformationExtraArgs:
  """Learning-rate decay each time the development IU stops rising.

  The state's `scale` multiplies the learning rate. It is updated once an epoch,
  with `value` the negated development IU, because optax minimises.

  Args:
    factor: multiplies the rate at a plateau, in (0, 1).
    patience_epochs: epochs without a better IU that make a plateau.

  Returns:
    optax's transformation. An IU is better if it gains more than 1e-6.

  Examples:
    >>> plateau = plateau_decay(factor=0.5, patience_epochs=2)
    >>> params = {}
    >>> state = plateau.init(params)
    >>> for iu in (0.6, 0.7, 0.7, 0.65):
    ...   _, state = plateau.update(params, state, value=-iu)
    ...   print(float(state.scale))
    1.0
    1.0
    1.0
    0.5
  """
  return optax.contrib.reduce_on_plateau(
    factor=factor, patience=patience_epochs, rtol=0.0, atol=1e-6
  )
