"""The `training` section of a config: how the weights are found."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class TrainingSettings:
  """The paper's protocol, with an average over steps that it does not have.

  Attributes:
    batch_size: patches in a step, over all devices.
    epochs: passes through the training patches, at most.
    learning_rate: Adam's, before any decay.
    plateau_factor: what the learning rate is multiplied by at a plateau of the
      development IU, in (0, 1).
    plateau_patience_epochs: epochs without a better development IU that make a
      plateau.
    max_decays: training ends after so many decays of the learning rate.
    positive_weight: weight of a defect pixel in the loss in the first epoch, at
      least 1.
    positive_weight_decay: what the weight's excess over 1 is multiplied by each
      epoch, in (0, 1].
    l2: weight of half the sum of squares of the kernels in the loss.
    average_decay: decay of the exponential moving average of the network, per
      step, in [0, 1); 0 keeps the last step alone.
  """

  batch_size: int = 16
  epochs: int = 100
  learning_rate: float = 1.8e-3
  plateau_factor: float = 0.5
  plateau_patience_epochs: int = 10
  max_decays: int = 6
  positive_weight: float = 8.0
  positive_weight_decay: float = 0.9
  l2: float = 1e-4
  average_decay: float = 0.99
