"""What a network says of one micrograph, and what is measured in it."""

import dataclasses
from typing import Any

import numpy as np
from PIL import Image

from defectseg_jax.applicability.verdict import Verdict
from defectseg_jax.applicability.widening import with_verdict
from defectseg_jax.micrographs.inspection import Inspection
from defectseg_jax.micrographs.micrograph import Micrograph
from defectseg_jax.quantification import (
  Measurement,
  MeasurementSettings,
  QualityWarning,
)
from defectseg_jax.reporting.overlays import measurement_overlay


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Found(Measurement):
  """A measurement of a mask, with the micrograph that it is of.

  Attributes:
    micrograph: with the scale and the thickness that the numbers are for.
    settings: how it was measured.
  """

  micrograph: Micrograph
  settings: MeasurementSettings

  def overlay(self) -> Image.Image:
    """The micrograph with every object outlined and numbered.

    It is the picture that a session keeps in overlays/: counted objects in
    turquoise, others in orange, warnings below.
    """
    return measurement_overlay(
      self,
      self.micrograph.pixels,
      name=self.micrograph.name,
      pixel_size_nm=self.micrograph.pixel_size_nm,
      thickness_nm=self.micrograph.thickness_nm,
      settings=self.settings,
    )


@dataclasses.dataclass(frozen=True, eq=False)
class Prediction:
  """What a network says of one micrograph.

  Attributes:
    micrograph: with the scale and the thickness, as far as they are known.
    mask: bool [H, W], True on defects.
    probabilities: float32 [H, W], of each pixel to be defect. Regions outside
      the mask may reach the threshold, where the network is nowhere sure enough
      of them.
    threshold: from which a pixel is taken for defect; chosen on the
      development set of the run.
    settings: how the run measures masks.
    zooms: scales that it is taken from, in pixels of the network for each of
      the micrograph; 1 is the micrograph as it is, none that of several scales
      none showed an object.
    verdict: whether the network applies to the micrograph; None where nothing
      is known of that, since nobody made references.
    inspection: where the specimen is, the pixels that the network saw, and in
      words what was left out or replaced; None where nobody looked.
  """

  micrograph: Micrograph
  mask: np.ndarray = dataclasses.field(repr=False)
  probabilities: np.ndarray = dataclasses.field(repr=False)
  threshold: float
  settings: MeasurementSettings
  zooms: tuple[float, ...] = (1.0,)
  verdict: Verdict | None = None
  inspection: Inspection | None = dataclasses.field(default=None, repr=False)

  def measure(
    self,
    mask: np.ndarray | None = None,
    *,
    include: bool = False,
    surface: bool = False,
  ) -> Found:
    """Turns the mask into numbers.

    Args:
      mask: bool [H, W], drawn or corrected by hand: every particle of it
        counts; None for the network's.
      include: whether the numbers stand where the network does not apply.
      surface: whether the micrograph shows a surface, and no foil.

    Returns:
      What was found: `summary`, `objects`, `warnings` and `overlay()`. Numbers
      that need a scale or a thickness that is not known are NaN.
    """
    settings = self.settings if mask is None else self.settings.by_hand()
    settings = dataclasses.replace(settings, surface=surface)
    pixels, valid, remarks = self.micrograph.pixels, None, ()
    if self.inspection is not None:
      pixels, valid = self.inspection.pixels, self.inspection.valid
      remarks = self.inspection.remarks
    measured = settings.measure(
      self.mask if mask is None else mask,
      image=pixels,
      valid=valid,
      pixel_size_nm=self.micrograph.pixel_size_nm,
      thickness_nm=self.micrograph.thickness_nm,
    )
    if mask is None and self.verdict is not None:
      measured = with_verdict(measured, self.verdict, include=include)
    fields: dict[str, Any] = {
      field.name: getattr(measured, field.name)
      for field in dataclasses.fields(measured)
    }
    fields['warnings'] = [
      *(QualityWarning(*remark) for remark in remarks),
      *measured.warnings,
    ]
    return Found(**fields, micrograph=self.micrograph, settings=settings)
