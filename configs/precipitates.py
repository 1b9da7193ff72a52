"""Defect: precipitates.

launch/local.sh --config=configs/precipitates.py
launch/local.sh --config=configs/precipitates.py:scale=quick
launch/local.sh --config=configs/precipitates.py --config.data.source=folder \
  --config.data.dir=DIR
"""

import ml_collections

from configs import common


def get_config(argument: str | None = None) -> ml_collections.ConfigDict:
  """Precipitates, dark in bright field, in micrographs of many sizes.

  The paper's patches of 512 pixels are larger than many a micrograph, and 100
  epochs of its 192 take 4 cores two hours (docs/benchmarks.md: 2.9 a second).
  These are smaller and fewer, and a batch has as many pixels as two of them.
  scale=paper gives the paper's.
  """
  config = common.get_config()
  config.defect = 'precipitates'
  config.preprocessing.invert = True
  config.data.patch_px = 256
  config.data.patches = 'random'
  # Where the detector stands to one side, particles are shaded on one side, and
  # their labels lie off them to one side too.
  config.data.orientations = 2
  # With 0.1 the development IU was lower (docs/superalloy.md).
  config.model.dropout_rate = 0.0
  config.training.batch_size = 8
  config.training.learning_rate = 2e-3
  config.training.plateau_factor = 0.3
  config.training.positive_weight = 4.0
  return common.with_arguments(config, argument)
