"""Defect: voids.

launch/local.sh --config=configs/voids.py
launch/local.sh --config=configs/voids.py:scale=quick
launch/local.sh --config=configs/voids.py --config.data.source=folder \
  --config.data.dir=DIR
"""

import ml_collections

from configs import common


def get_config(argument: str | None = None) -> ml_collections.ConfigDict:
  """The paper's protocol for voids; see configs/common.py."""
  config = common.get_config()
  config.defect = 'voids'
  return common.with_arguments(config, argument)
