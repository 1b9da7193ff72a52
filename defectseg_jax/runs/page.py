"""The page of a run: its test set, looked at and measured."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import ml_collections
import numpy as np

from defectseg_jax.quantification.kinds import kind_of
from defectseg_jax.quantification.measure_mask import measure
from defectseg_jax.quantification.measurement import Measurement
from defectseg_jax.quantification.panel import relative_error
from defectseg_jax.quantification.review import mean_probabilities
from defectseg_jax.quantification.settings import QuantificationSettings
from defectseg_jax.reporting import page
from defectseg_jax.reporting.page.content import page_image

# What an image without a scale is measured in: its page says nothing in
# nanometres then.
_PIXELS = {'pixel_size_nm': 1.0, 'thickness_nm': 1.0}


def run_page(
  config: ml_collections.ConfigDict,
  *,
  metrics: dict[str, Any],
  history: Sequence[dict[str, Any]],
  regions: Sequence[Any],
  maps: Sequence[np.ndarray],
  threshold: float,
  how_made: dict[str, str],
) -> str:
  """HTML of a run's test set, beside the paper's numbers.

  Args:
    config: of the run; its `quantification` with the smallest particle set.
    metrics: the content of test_metrics.json.
    history: the rows of history.csv.
    regions: of the test split.
    maps: float32 [H, W] probabilities of each.
    threshold: chosen on the development set.
    how_made: what the page says of that.

  Returns:
    The page. Materials numbers are compared where a region has a scale.
  """
  errors, unscaled = [], []

  def images():
    for region, probabilities in zip(regions, maps, strict=True):
      prediction = probabilities >= threshold
      known = None not in (region.pixel_size_nm, region.thickness_nm)
      if not known:
        unscaled.append(region.name)
      found, truth = (
        _measured(config, region, mask, known)
        for mask in (prediction, region.mask > 0)
      )
      if known:
        errors.extend(_errors(config.defect, region.name, found, truth))
      means = mean_probabilities(
        found.labels, probabilities, len(found.counted)
      )
      yield page_image(
        region.name,
        found.summary if known else {},
        dataclasses.replace(
          found,
          objects={**_columns(found, known), 'mean_probability': means},
          sizes_nm=found.sizes_nm if known else np.zeros(0),
        ),
        config=config,
        threshold=threshold,
        pixels=region.image,
        mask=prediction,
        probabilities=probabilities,
        doubts=found.warnings if known else [],
        truth=region.mask > 0,
      )

  shown = list(images())
  remarks = []
  if unscaled:
    remarks.append(
      'Materials numbers are compared where scale and thickness are known; of '
      f'{", ".join(unscaled)} they are not.'
    )
  return page.training_page(
    f'{config.defect.capitalize()}: {len(shown)} test images',
    metrics=metrics,
    history=history,
    images=shown,
    errors=errors,
    how_made=how_made,
    remarks=remarks,
    sizes_label=kind_of(config.defect).sizes_label,
  )


def _measured(config, region, mask, known) -> Measurement:
  scale = _PIXELS
  if known:
    scale = {
      'pixel_size_nm': region.pixel_size_nm,
      'thickness_nm': region.thickness_nm,
    }
  return measure(
    mask,
    config.defect,
    settings=QuantificationSettings(**config.quantification),
    seed=config.seed,
    **scale,
  )


def _columns(found, known):
  """Without a scale, only what is in pixels."""
  return {
    name: values
    for name, values in found.objects.items()
    if name != 'mean_intensity' and (known or not name.endswith(('nm', 'nm2')))
  }


def _errors(defect, name, found, truth):
  for quantity in kind_of(defect).headlines:
    predicted, true = found.summary[quantity], truth.summary[quantity]
    yield page.QuantityError(
      image=name,
      quantity=quantity,
      predicted=predicted,
      truth=true,
      percent_error=100 * relative_error(predicted, true),
    )
