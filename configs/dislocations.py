"""Defect: dislocations.

launch/local.sh --config=configs/dislocations.py
launch/local.sh --config=configs/dislocations.py:scale=quick
launch/local.sh --config=configs/dislocations.py --config.data.source=folder \
  --config.data.dir=DIR
"""

import ml_collections

from configs import common


def get_config(argument: str | None = None) -> ml_collections.ConfigDict:
  """The paper's protocol for dislocations; see configs/common.py."""
  config = common.get_config()
  config.defect = 'dislocations'
  return common.with_arguments(config, argument)
