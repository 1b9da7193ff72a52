"""The page of a run: its test set, looked at and measured."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from defectseg_jax.prediction.sure_regions import Hysteresis, sure_mask
from defectseg_jax.quantification import (
  Measurement,
  QuantificationSettings,
  kind_of,
  measure,
)
from defectseg_jax.quantification.panel import relative_error
from defectseg_jax.quantification.particles.detection_by_size import (
  DetectionBySize,
)
from defectseg_jax.quantification.review import mean_probabilities
from defectseg_jax.reporting.page import (
  ImageView,
  QuantityError,
  detection_view,
  image_view,
  training_page,
)
from defectseg_jax.reporting.page.content import ImageArrays, page_image
from defectseg_jax.runs.labels import not_labelled, only_labelled

# The pixel size and the thickness with which an image without a scale is
# measured; its page says nothing in nanometres.
_NO_SCALE_NM = 1.0


@dataclasses.dataclass(frozen=True)
class ShownImage:
  """What is kept of a test image for the page.

  Attributes:
    name: of the image.
    view: for the page.
    errors: of its materials numbers; empty without a scale.
    scaled: whether its scale and its thickness are known.
  """

  name: str
  view: ImageView
  errors: Sequence[QuantityError]
  scaled: bool


def run_page(
  defect: str,
  *,
  settings: QuantificationSettings,
  seed: int,
  metrics: Mapping[str, Any],
  history: Sequence[Mapping[str, Any]],
  regions: Sequence[Any],
  probability_maps: Sequence[np.ndarray],
  limits: Hysteresis,
  how_made: Mapping[str, str],
  by_size: DetectionBySize | None = None,
) -> str:
  """HTML of a run's test set, beside the paper's numbers.

  Args:
    defect: what was looked for.
    settings: how to measure, with the smallest particle set.
    seed: of bootstraps and random test lines.
    metrics: the content of test_metrics.json.
    history: the rows of history.csv.
    regions: of the test set.
    probability_maps: float32 [H, W] of each.
    limits: what makes a mask of them, chosen on the development set.
    how_made: what the page says of that.
    by_size: which sizes of particles the network finds.

  Returns:
    The page. Materials numbers are compared where a region has a scale.
  """
  images = [
    _test_image(
      *(defect, region, probabilities, settings),
      seed=seed,
      limits=limits,
      of_page=len(regions),
    )
    for region, probabilities in zip(regions, probability_maps, strict=True)
  ]
  remarks = []
  unscaled = [image.name for image in images if not image.scaled]
  if unscaled:
    remarks.append(
      'Materials numbers are compared where scale and thickness are known. '
      f'They are not known of {", ".join(unscaled)}.'
    )
  parts = not_labelled(regions)
  if parts:
    shares = ', '.join(f'{100 * p:.2g}% of {name}' for name, p in parts.items())
    remarks.append(f'Not labelled, and in no score and no number: {shares}.')
  return training_page(
    f'{defect.capitalize()}: {len(images)} test images',
    metrics=metrics,
    history=history,
    images=[image.view for image in images],
    errors=[error for image in images for error in image.errors],
    how_made=how_made,
    remarks=remarks,
    detection=detection_view(by_size, defect=defect),
  )


def _test_image(
  defect: str,
  region: Any,
  probabilities: np.ndarray,
  settings: QuantificationSettings,
  *,
  seed: int,
  limits: Hysteresis,
  of_page: int,
) -> ShownImage:
  """Measures prediction and truth, and keeps what is small."""
  probabilities = only_labelled(region, probabilities)
  prediction = sure_mask(probabilities, limits)
  true_mask = region.mask > 0
  scaled = None not in (region.pixel_size_nm, region.thickness_nm)
  found, truth = (
    measure(
      mask,
      defect,
      pixel_size_nm=region.pixel_size_nm if scaled else _NO_SCALE_NM,
      thickness_nm=region.thickness_nm if scaled else _NO_SCALE_NM,
      settings=settings,
      seed=seed,
      valid=region.labelled,
    )
    for mask in (prediction, true_mask)
  )
  means = mean_probabilities(found.labels, probabilities, len(found.counted))
  shown = page_image(
    region.name,
    dataclasses.replace(
      found,
      objects={**_columns(found, scaled), 'mean_probability': means},
      sizes_nm=found.sizes_nm if scaled else np.zeros(0),
    ),
    ImageArrays(
      region.image,
      prediction,
      probabilities,
      true_mask,
      valid=region.labelled,
    ),
    defect=defect,
    minimum_area_px=settings.minimum_area_px,
    threshold=limits.threshold,
    least_peak=limits.least_peak,
    summary=found.summary if scaled else {},
    warnings=found.warnings if scaled else [],
  )
  return ShownImage(
    region.name,
    image_view(shown, sizes_label=kind_of(defect).sizes_label, images=of_page),
    errors=list(_errors(defect, region.name, found, truth)) if scaled else [],
    scaled=scaled,
  )


def _columns(found: Measurement, scaled: bool) -> dict[str, np.ndarray]:
  """Without a scale, only what is in pixels."""
  return {
    name: values
    for name, values in found.objects.items()
    if name != 'mean_intensity' and (scaled or not name.endswith(('nm', 'nm2')))
  }


def _errors(
  defect: str, name: str, found: Measurement, truth: Measurement
) -> Iterator[QuantityError]:
  for quantity in kind_of(defect).headlines:
    predicted, true = found.summary[quantity], truth.summary[quantity]
    yield QuantityError(
      image=name,
      quantity=quantity,
      predicted=predicted,
      truth=true,
      percent_error=100 * relative_error(predicted, true),
    )
