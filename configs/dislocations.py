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
  config.foil.precipitates.density_per_m3 = 1.5e21
  config.foil.dislocations.density_per_m2 = 8.9e14
  config.foil.dislocations.threading_fraction = 0.1
  config.foil.dislocations.network_fraction = 0.15
  config.foil.dislocations.tangle_fraction = 0.05
  config.foil.dislocations.out_of_contrast_fraction = 0.03
  # A convergent beam at a zone axis averages oscillations: images are narrow,
  # and lie where a person draws them.
  config.foil.contrast.line_width_nm = 2.5
  config.foil.contrast.line_shift_nm = 0.15
  config.foil.contrast.lath_boundaries = 2.0
  config.foil.contrast.mottling = 0.045
  config.foil.contrast.surface_spots_per_um2 = 250.0
  config.foil.detector.dose_electrons_per_px = 400.0
  config.foil.detector.jitter_px = 0.25
  return common.with_arguments(config, argument)
