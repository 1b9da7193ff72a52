"""The `model` section of a config: which network, and how it is trained."""

import dataclasses
from typing import Annotated

from defectseg_jax.bounds import within


@dataclasses.dataclass(frozen=True)
class ModelSettings:
  """What `create_model` needs to know.

  Attributes:
    name: of the architecture: a key of `ARCHITECTURES`.
    dropout_rate: fraction of feature maps that spatial dropout sets to 0 after
      each hidden convolution, in [0, 1).
    batch_norm_momentum: fraction of the running statistics that a training
      step keeps, in [0, 1).
  """

  name: str = 'defectsegnet'
  dropout_rate: Annotated[
    float, within(0, 1, 'of all feature maps nothing would be left', below=True)
  ] = 0.1
  batch_norm_momentum: Annotated[
    float, within(0, 1, 'with 1, nothing is ever learnt', below=True)
  ] = 0.9
