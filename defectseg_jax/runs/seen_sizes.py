"""seen_sizes.json: what sizes a run's network has seen."""

import dataclasses
import json
import pathlib
from collections.abc import Sequence
from typing import Any

from defectseg_jax.disk import read_regular
from defectseg_jax.errors import InputError
from defectseg_jax.prediction.scales import SeenSizes
from defectseg_jax.runs.settings import RunSettings


def seen_sizes(settings: RunSettings, regions: Sequence[Any]) -> SeenSizes:
  """What sizes a network sees while it is trained.

  Args:
    settings: of the run.
    regions: of the training split, with `pixel_size_nm`, None if unknown.

  Returns:
    Of a domain the diameters that its objects are drawn from; else the sizes of
    the regions' pixels, if all are known.
  """
  if settings.domain is not None:
    return _of_domain(settings)
  sizes_nm = [region.pixel_size_nm for region in regions]
  if not sizes_nm or None in sizes_nm:
    return SeenSizes()
  return SeenSizes(pixel_size_nm=(min(sizes_nm), max(sizes_nm)))


def read_seen_sizes(path: pathlib.Path, settings: RunSettings) -> SeenSizes:
  """Reads seen_sizes.json.

  Args:
    path: of the file.
    settings: of its run.

  Returns:
    The sizes; of a run that has no such file, those that its config tells, or
    nothing: its images are looked at as they are.

  Raises:
    InputError: the file is damaged.
  """
  try:
    return SeenSizes(**json.loads(read_regular(path)))
  except FileNotFoundError:
    return _of_domain(settings) if settings.domain else SeenSizes()
  except (OSError, ValueError, TypeError, InputError) as error:
    raise InputError(
      f'{path}: is damaged ({error}); remove it, and images are looked at as '
      'they are'
    ) from error


def sizes_json(sizes: SeenSizes) -> dict[str, Any]:
  """The content of seen_sizes.json; `SeenSizes(**content)` reads it."""
  return dataclasses.asdict(sizes)


def _of_domain(settings: RunSettings) -> SeenSizes:
  # Lines have no diameters; they are looked at as they are.
  if settings.domain is None or settings.defect == 'dislocations':
    return SeenSizes()
  return SeenSizes(diameter_px=settings.domain.objects.diameter_px)
