"""Masks that were measured, beside a truth and what people found."""

import pathlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from defectseg_jax.errors import InputError
from defectseg_jax.quantification import (
  Kind,
  MeasurementSettings,
  why_missing,
)
from defectseg_jax.runs.settings import RunSettings
from defectseg_jax.sessions import panel
from defectseg_jax.sessions.masks import MaskImage
from defectseg_jax.sessions.numbers import SessionNumbers
from defectseg_jax.sessions.screening import Seen


def judge_masks(
  made: pathlib.Path,
  path: str,
  images: Sequence[MaskImage],
  numbers: SessionNumbers,
  seconds: Mapping[str, float],
  *,
  run: RunSettings,
  inspect: Callable[..., Seen],
) -> list[dict[str, Any]]:
  """Writes the files of a panel.

  Args:
    made: the folder to write to.
    path: of the reference: a folder of masks or a table.
    images: that were measured.
    numbers: of these.
    seconds: by image, that it took.
    run: how to measure.
    inspect: looks through the micrograph of an image.

  Returns:
    The rows of panel.csv.

  Raises:
    InputError: the reference cannot be read, or is of other images.
  """
  by_name = {image.name: image for image in images}
  # What a network can be trusted with says nothing of people.
  by_hand = MeasurementSettings(
    run.defect,
    run.quantification,
    seed=run.seed,
    surface=numbers.settings.surface,
  )
  kind = by_hand.kind
  rows = {image.name: image.row for image in numbers.images}

  def measure(image: str, mask: np.ndarray) -> dict[str, float]:
    if image not in by_name:
      raise InputError(
        f'--reference: has a mask {image}, which --input has not; it has '
        f'{", ".join(by_name)}'
      )
    scale = by_name[image].scale
    # Of the same specimen as the machine's numbers.
    seen = inspect(by_name[image], mask.shape)
    found = by_hand.measure(
      mask,
      pixel_size_nm=scale.pixel_size_nm,
      thickness_nm=scale.thickness_nm,
      valid=seen.valid,
    )
    names = _compared_numbers(kind, rows[image])
    return {name: found.summary[name] for name in names}

  reference = panel.read_reference(pathlib.Path(path).expanduser(), measure)
  machine = panel.machine_of_summaries(reference, rows)
  return panel.write_panel(made, reference, machine, seconds)


def _compared_numbers(kind: Kind, row: Mapping[str, Any]) -> list[str]:
  """Headlines that an image has; with those in pixels, if it lacks any."""
  names = [one for one in kind.headlines if not why_missing(one, row)]
  if len(names) < len(kind.headlines):
    names += [one for one in kind.pixel_headlines if not why_missing(one, row)]
  return names
