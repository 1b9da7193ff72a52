"""Two small masks of voids, as what goes into a paper is made of."""

from typing import Any

import numpy as np

from defectseg_jax.quantification import (
  MeasurementSettings,
  QuantificationSettings,
)
from defectseg_jax.quantification.properties.settings import PropertySettings
from defectseg_jax.reporting.provenance import current_provenance
from defectseg_jax.sessions.calibration import Scales
from defectseg_jax.sessions.image_numbers import image_numbers
from defectseg_jax.sessions.numbers import SessionNumbers

PROVENANCE = current_provenance()
EXACT: dict[str, Any] = {'pixel_size_nm': 1.5, 'thickness_nm': 100.0}


def mask_of(squares):
  mask = np.zeros((64, 64), bool)
  for number in range(squares):
    row, column = divmod(number, 4)
    side = 4 + number % 3
    mask[4 + 14 * row :, 4 + 14 * column :][:side, :side] = True
  return mask


def numbers_of(
  tmp_path, defect='voids', *, properties=None, lengths=None, **fields
):
  settings = MeasurementSettings(
    defect,
    QuantificationSettings(**fields),
    properties=properties or PropertySettings(),
  )
  if lengths is None:
    lengths = EXACT
  scales = Scales(**lengths)
  images = []
  for number in range(2):
    path = tmp_path / f'foil_{number}.png'
    images.append(
      image_numbers(
        path.stem,
        settings.measure(mask_of(5 + 3 * number), **lengths),
        scales.scale_of(path, {}),
        settings=settings,
        sources={},
      )
    )
  return SessionNumbers(settings, PROVENANCE, images)
