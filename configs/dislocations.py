"""Defect: dislocations.

launch/local.sh --config=configs/dislocations.py
launch/local.sh --config=configs/dislocations.py:scale=quick
launch/local.sh --config=configs/dislocations.py --config.data.source=folder \
  --config.data.dir=DIR
"""

import ml_collections

from configs import common


def get_config(argument: str | None = None) -> ml_collections.ConfigDict:
  """Dislocations, dark in bright field; few voids and precipitates."""
  config = common.get_config()
  config.defect = 'dislocations'
  config.preprocessing.invert = True
  config.foil.thickness_nm = 113.0
  config.foil.voids.density_per_m3 = 0.05e21
  config.foil.precipitates.density_per_m3 = 0.7e21
  config.foil.dislocations.density_per_m2 = 8.9e14
  config.foil.dislocations.threading_fraction = 0.1
  config.foil.dislocations.network_fraction = 0.15
  config.foil.dislocations.tangle_fraction = 0.05
  config.foil.dislocations.out_of_contrast_fraction = 0.03
  return common.with_arguments(config, argument)
