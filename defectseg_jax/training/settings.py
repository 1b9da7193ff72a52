"""The `training` section of a config: how the weights are found."""

import dataclasses
from typing import Annotated

from defectseg_jax.bounds import within


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

  batch_size: Annotated[
    int, within(1, 65536, 'all of them are in memory at once')
  ] = 16
  epochs: Annotated[
    int, within(1, 1000000, 'each is a pass through the patches')
  ] = 100
  # Adam moves each weight by about that much a step, and weights are far below
  # 1. Of a smaller one that is still too large, the loss itself speaks.
  learning_rate: Annotated[
    float, within(1e-12, 10, 'weights move by so much in each step')
  ] = 1.8e-3
  plateau_factor: Annotated[
    float, within(0.001, 1, 'it lowers the learning rate', below=True)
  ] = 0.5
  plateau_patience_epochs: Annotated[
    int, within(1, 1000000, 'epochs are counted')
  ] = 10
  max_decays: Annotated[
    int, within(1, 1000, 'after more, nothing is learnt')
  ] = 6
  positive_weight: Annotated[
    float, within(1, 1000000, 'a background pixel has 1')
  ] = 8.0
  positive_weight_decay: Annotated[
    float, within(0.001, 1, 'it lowers the weight')
  ] = 0.9
  l2: Annotated[float, within(0, 1000, 'with more, all weights are 0')] = 1e-4
  average_decay: Annotated[
    float, within(0, 1, 'with 1, nothing is ever learnt', below=True)
  ] = 0.99
