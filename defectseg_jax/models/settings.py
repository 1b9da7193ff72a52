"""The `model` section of a config: which network, and how it is trained."""

import dataclasses
from typing import Annotated

from defectseg_jax.bounds import within

NAMES: tuple[str, ...] = (
  'defectsegnet',
  *('defectsegnet_no_dense', 'defectsegnet_no_dense_350k'),
  *('defectsegnet_no_skips', 'defectsegnet_no_skips_350k'),
  *('defectsegnet_added', 'defectsegnet_added_350k'),
  *('defectsegnet_bilinear', 'defectsegnet_bilinear_350k'),
  *('fcn8s', 'fcn8s_350k', 'unet', 'unet_350k'),
  *('fc_densenet56', 'fc_densenet67', 'fc_densenet103', 'fc_densenet_350k'),
)
"""Of all architectures, known without loading JAX, which builds them."""


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
