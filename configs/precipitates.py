"""Defect: precipitates.

launch/local.sh --config=configs/precipitates.py
launch/local.sh --config=configs/precipitates.py:scale=quick
launch/local.sh --config=configs/precipitates.py:scale=general
launch/local.sh --config=configs/precipitates.py --config.data.source=folder \
  --config.data.dir=DIR
"""

import ml_collections

from configs import common


def get_config(argument: str | None = None) -> ml_collections.ConfigDict:
  """Precipitates, dark in bright field, in micrographs of many sizes.

  The paper's patches of 512 pixels are larger than many a micrograph, and 100
  epochs of its 192 patches take 2 hours on 4 cores (2.9 patches a second:
  docs/benchmarks.md). These patches are smaller and fewer, and a batch has as
  many pixels as two of the paper's patches. scale=paper gives the paper's.

  Below is what differs from configs/common.py, under the names that the command
  line has: --config.data.patch_px=256. Numbers without a source are by eye.
  """
  config = common.get_config()
  config.defect = 'precipitates'
  config.update_from_flattened_dict(
    {
      'preprocessing.invert': True,
      'data.patch_px': 256,
      'data.patches': 'random',
      # A detector that stands to one side shades particles on one side, and
      # labels lie off the particles to one side too: patches are not rotated.
      'data.orientations': 2,
      # With 0.1 the development IU was lower (docs/superalloy.md).
      'model.dropout_rate': 0.0,
      'training.batch_size': 8,
      'training.learning_rate': 2e-3,
      'training.plateau_factor': 0.3,
      'training.positive_weight': 4.0,
      # For scale=general: SEM of dark particles half of the time, TEM and STEM
      # in the other half.
      'domain.imaging.bright_field': 0.18,
      'domain.imaging.annular_dark_field': 0.08,
      'domain.imaging.scanning_foil': 0.22,
      'domain.imaging.scanned_surface': 0.52,
      'domain.objects.diameter_px': (6.0, 110.0),
      'domain.objects.diameter_nm': (2.0, 100.0),
      'domain.objects.relative_std': (0.05, 0.6),
      'domain.objects.covered_fraction': (0.02, 0.4),
      'domain.objects.visible_ratio': 9.0,
      # Micrographs of surfaces may fill 10 of 256 greys.
      'domain.camera.contrast_fraction': (0.06, 1.0),
      'domain.camera.dose_electrons_per_px': (30.0, 2500.0),
      'domain.camera.jpeg_fraction': 0.08,
    }
  )
  return common.with_arguments(config, argument)
