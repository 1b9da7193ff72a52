"""What changes as training goes on: the positive weight, the learning rate."""

import optax


def positive_weight(epoch: int, *, initial: float, decay: float) -> float:
  """The weight of a defect pixel in an epoch: falls geometrically towards 1.

  The paper says only that the weight decreases; the excess over 1 shrinks by
  the same factor every epoch.

  Args:
    epoch: counted from 0.
    initial: the weight in epoch 0, at least 1.
    decay: the factor, in (0, 1].

  Returns:
    `1 + (initial - 1) * decay ** epoch`.
  """
  return 1.0 + (initial - 1.0) * decay**epoch


def plateau_decay(
  *, factor: float, patience_epochs: int
) -> optax.GradientTransformationExtraArgs:
  """Learning-rate decay each time the development IU stops rising.

  The state's `scale` multiplies the learning rate. It is updated once an
  epoch, with `value` the negated development IU, for optax minimises.

  Args:
    factor: multiplies the rate at a plateau, in (0, 1).
    patience_epochs: epochs without a better IU that make a plateau.

  Returns:
    optax's transformation; an IU is better only if it gains over 1e-6.
  """
  return optax.contrib.reduce_on_plateau(
    factor=factor, patience=patience_epochs, rtol=0.0, atol=1e-6
  )
