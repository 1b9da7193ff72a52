"""The numbers of a session by sample, collected before they are written."""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from defectseg_jax.applicability.widening import COUNTING, shared_by_network
from defectseg_jax.quantification import (
  Interval,
  MeasurementSettings,
  image_weights,
  shared_uncertainty,
)
from defectseg_jax.quantification.intervals import propagate
from defectseg_jax.quantification.properties.carry import Measured
from defectseg_jax.quantification.properties.of_numbers import input_names
from defectseg_jax.quantification.samples.comparison import (
  Difference,
  differences,
)
from defectseg_jax.quantification.samples.planning import (
  images_to_halve,
  interval_with_more,
)
from defectseg_jax.quantification.samples.random_effects import (
  UNKNOWN,
  SampleEstimate,
  pool_images,
)
from defectseg_jax.sessions.image_numbers import ImageNumbers
from defectseg_jax.sessions.property_numbers import (
  images_to_halve_properties,
  together,
)
from defectseg_jax.sessions.samples import Samples


@dataclasses.dataclass(frozen=True)
class SampleNumber:
  """One number of one sample.

  Attributes:
    estimate: from its images, without what they share.
    interval: with what they share.
    by_scale: relative standard uncertainty of thickness, scale and corrections,
      which all images share.
    by_network: likewise, of what the network misses and invents.
    more_images: that would halve the interval; None where none would, or
      nothing tells.
  """

  estimate: SampleEstimate
  interval: Interval
  by_scale: float
  by_network: float
  more_images: int | None

  @property
  def shared(self) -> float:
    """All that its images share."""
    return math.hypot(self.by_scale, self.by_network)

  def with_more_images(self, more: int) -> Measured:
    """What it would be of so many more, like those that there are."""
    interval = interval_with_more(
      self.estimate, self.interval, more, shared=self.shared
    )
    return Measured(self.estimate.value, interval)


@dataclasses.dataclass(frozen=True, eq=False)
class SampleNumbers:
  """The numbers of one sample.

  Attributes:
    name: of the sample.
    conditions: by name, the unit in it.
    images: names of those in its numbers.
    area_m2: of specimen in them; NaN where a scale is not known.
    objects: particles that the border rule counts in them; None of lines.
    numbers: by name of the headline.
    sizes_nm: [n], of all its objects.
    stands_for: [n, 3], how many true ones stand behind each; None without a
      network whose detection is known.
  """

  name: str
  conditions: Mapping[str, float]
  images: Sequence[str]
  area_m2: float
  objects: int | None
  numbers: Mapping[str, SampleNumber]
  sizes_nm: np.ndarray
  stands_for: np.ndarray | None

  def row(self, conditions: Sequence[str]) -> dict[str, Any]:
    """Of samples.csv.

    Args:
      conditions: the columns of all samples.
    """
    found: dict[str, Any] = {
      'sample': self.name,
      **{name: self.conditions.get(name) for name in conditions},
      'images': len(self.images),
      'area_um2': self.area_m2 * 1e12,
      'objects': self.objects,
    }
    for name, one in self.numbers.items():
      found |= {
        name: one.estimate.value,
        f'{name}_low': one.interval.low,
        f'{name}_high': one.interval.high,
        f'{name}_scatter_low': one.estimate.interval.low,
        f'{name}_scatter_high': one.estimate.interval.high,
        f'{name}_between_images': one.estimate.between,
        f'{name}_shared_uncertainty': one.shared,
        f'{name}_images': one.estimate.images,
        f'{name}_more_images': one.more_images,
      }
    return found


@dataclasses.dataclass(frozen=True, eq=False)
class SampleResults:
  """All samples of a session.

  Attributes:
    samples: by their conditions, lowest first.
    names: of the numbers.
    conditions: of all samples, by name.
    differences: by name of the number, all pairs.
  """

  samples: Sequence[SampleNumbers]
  names: Sequence[str]
  conditions: Sequence[str]
  differences: Mapping[str, Sequence[Difference]]


def sample_results(
  samples: Samples,
  images: Sequence[ImageNumbers],
  names: Sequence[str],
  settings: MeasurementSettings,
) -> SampleResults | None:
  """Numbers by sample.

  Args:
    samples: which images are of which.
    images: all of the session; those that are in no mean are in no sample.
    names: of the numbers.
    settings: how they were measured.

  Returns:
    None where no table names samples.
  """
  if not samples.conditions:
    return None
  found = []
  for name, conditions in samples.conditions.items():
    own = [
      one
      for one in images
      if one.in_mean and samples.of_image.get(one.name) == name
    ]
    found.append(_sample(name, conditions, own, names, settings))
  by_name = {}
  for name in names:
    shared = shared_uncertainty(name, settings.quantification)
    estimates = {
      one.name: one.numbers[name].estimate
      for one in found
      if not math.isnan(one.numbers[name].estimate.value)
    }
    by_name[name] = differences(estimates, shared=shared)
  names = (*names, *settings.property_names)
  return SampleResults(found, names, samples.condition_names, by_name)


def _sample(
  name: str,
  conditions: Mapping[str, float],
  images: Sequence[ImageNumbers],
  names: Sequence[str],
  settings: MeasurementSettings,
) -> SampleNumbers:
  rows = [one.row for one in images]
  area = image_weights('area_fraction', rows)
  known = [one.stands_for for one in images if one.stands_for is not None]
  behind = None
  if known:
    behind = np.concatenate(
      [
        np.full((len(one.sizes_nm), 3), np.nan)
        if one.stands_for is None
        else one.stands_for
        for one in images
      ]
    )
  return SampleNumbers(
    name=name,
    conditions=conditions,
    images=[one.name for one in images],
    area_m2=float(area.values.sum()) * 1e-18 if area.by == 'area' else math.nan,
    objects=_objects(images),
    numbers=_numbers(names, images, settings),
    sizes_nm=np.concatenate([np.zeros(0), *(one.sizes_nm for one in images)]),
    stands_for=behind,
  )


def _objects(images: Sequence[ImageNumbers]) -> int | None:
  counts = [one.row.get('count') for one in images]
  known = [one for one in counts if one is not None]
  return int(sum(known)) if known else None


def _numbers(
  names: Sequence[str],
  images: Sequence[ImageNumbers],
  settings: MeasurementSettings,
) -> dict[str, SampleNumber]:
  """By name, with properties of the alloy."""
  needed = input_names(settings.defect, settings.properties)
  asked = needed if settings.property_names else ()
  found = {
    name: _number(name, images, settings)
    for name in dict.fromkeys((*names, *asked))
  }
  whole, scatter = (
    together(
      {
        name: Measured(one.estimate.value, interval_of(one))
        for name, one in found.items()
      },
      settings,
    )
    for interval_of in (
      lambda one: one.interval,
      lambda one: one.estimate.interval,
    )
  )
  more_images = images_to_halve_properties(
    lambda more: {name: found[name].with_more_images(more) for name in asked},
    settings,
  )
  shown = {name: found[name] for name in names}
  for name, one in whole.items():
    estimate = UNKNOWN._replace(
      images=min(found[other].estimate.images for other in asked),
      value=one.value,
      interval=scatter[name].interval,
    )
    shown[name] = SampleNumber(
      estimate, one.interval, math.nan, math.nan, more_images[name]
    )
  return shown


def _number(
  name: str, images: Sequence[ImageNumbers], settings: MeasurementSettings
) -> SampleNumber:
  rows = [one.row for one in images]
  by_scale = shared_uncertainty(name, settings.quantification)
  verdicts = [one.verdict for one in images if one.verdict is not None]
  by_network = shared_by_network(verdicts, name)
  estimate = pool_images(
    _floats(row.get(name) for row in rows),
    _floats(
      row.get(f'{name}{COUNTING}_high', row.get(f'{name}_high')) for row in rows
    ),
    image_weights(name, rows).values,
    shared=by_scale,
  )
  shared = math.hypot(by_scale, by_network)
  return SampleNumber(
    estimate,
    propagate(estimate.value, estimate.interval, shared),
    by_scale,
    by_network,
    images_to_halve(estimate, shared=shared),
  )


def _floats(values: Any) -> np.ndarray:
  """NaN of what is not known."""
  return np.array([math.nan if one is None else one for one in values], float)
