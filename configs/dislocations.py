"""Defect: dislocations.

launch/local.sh --config=configs/dislocations.py
launch/local.sh --config=configs/dislocations.py:scale=quick
launch/local.sh --config=configs/dislocations.py:scale=general
launch/local.sh --config=configs/dislocations.py --config.data.source=folder \
  --config.data.dir=DIR
"""

import ml_collections

from configs import common


def get_config(argument: str | None = None) -> ml_collections.ConfigDict:
  """Dislocations, dark in bright field; few voids and precipitates.

  Below is what differs from configs/common.py and configs/foil.py, under the
  names that the command line has: --config.foil.thickness_nm=113.
  """
  config = common.get_config()
  config.defect = 'dislocations'
  config.update_from_flattened_dict(
    {
      'preprocessing.invert': True,
      # Derived from the paper's Table 2, as its density of lines is the first
      # in that table: configs/foil.py.
      'foil.thickness_nm': 113.0,
      'foil.dislocations.density_per_m2': 8.9e14,
      # All that follows is by eye. Few other defects:
      'foil.voids.density_per_m3': 0.05e21,
      'foil.precipitates.density_per_m3': 1.5e21,
      # Most lines lie flat in the foil.
      'foil.dislocations.threading_fraction': 0.1,
      'foil.dislocations.network_fraction': 0.15,
      'foil.dislocations.tangle_fraction': 0.05,
      'foil.dislocations.out_of_contrast_fraction': 0.03,
      # A convergent beam averages the oscillations with depth: images of lines
      # are narrow, and lie where a person draws them.
      'foil.contrast.line_width_nm': 2.5,
      'foil.contrast.line_shift_nm': 0.15,
      # More boundaries and damage, as in the paper's picture of dislocations.
      'foil.contrast.lath_boundaries': 2.0,
      'foil.contrast.mottling': 0.045,
      'foil.contrast.surface_spots_per_um2': 250.0,
      # A careful scan.
      'foil.detector.dose_electrons_per_px': 400.0,
      'foil.detector.jitter_px': 0.25,
      # For scale=general: TEM with two beams, dark field, and the foils above.
      'domain.imaging.bright_field': 0.5,
      'domain.imaging.annular_dark_field': 0.0,
      'domain.imaging.scanning_foil': 0.38,
      'domain.imaging.weak_beam': 0.12,
      # Width of a line's image, in pixels and in nanometres.
      'domain.objects.diameter_px': (1.6, 10.0),
      'domain.objects.diameter_nm': (1.5, 12.0),
      'domain.objects.relative_std': (0.01, 0.3),
      'domain.objects.covered_fraction': (0.01, 0.3),
      'domain.objects.thickness_per_diameter': (4.0, 60.0),
      'domain.objects.visible_ratio': 4.0,
      # All dark lines and spots are what is looked for.
      'domain.background.lines_fraction': 0.0,
      'domain.background.spots_fraction': 0.0,
      'domain.camera.blur_px': (0.25, 2.0),
      'domain.camera.oversampled_fraction': 0.3,
    }
  )
  return common.with_arguments(config, argument)
