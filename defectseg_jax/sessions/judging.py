"""Masks of people and of a truth, measured as the masks of --input are."""

import pathlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from defectseg_jax.errors import InputError
from defectseg_jax.micrographs.mask_files import MaskFile
from defectseg_jax.micrographs.object_ids import ObjectMask
from defectseg_jax.quantification import (
  MeasurementSettings,
  kind_of,
  why_missing,
)
from defectseg_jax.sessions import panel
from defectseg_jax.sessions.label_reading import LabelReader
from defectseg_jax.sessions.mask_image import MaskImage
from defectseg_jax.sessions.numbers import SessionNumbers
from defectseg_jax.sessions.reference import Truths
from defectseg_jax.sessions.screening import Seen


def judge_masks(
  made: pathlib.Path,
  path: str,
  images: Sequence[MaskImage],
  numbers: SessionNumbers,
  seconds: Mapping[str, float],
  *,
  settings: MeasurementSettings,
  reader: LabelReader,
  inspect: Callable[..., Seen],
) -> list[dict[str, Any]]:
  """Writes the panel's files, of masks by --input.

  Args:
    made: where to.
    path: --reference.
    images: that were measured.
    numbers: of them.
    seconds: what each took.
    settings: how to measure what people drew.
    reader: of masks.
    inspect: of an image and a shape to what is specimen.

  Returns:
    Rows of panel.csv.

  Raises:
    InputError: a mask cannot be read, or is of no image of --input.
  """
  by_name = {image.name: image for image in images}
  rows = {image.name: image.row for image in numbers.images}

  def measure(name: str, objects: ObjectMask) -> dict[str, float]:
    image = by_name[name]
    # Of the same specimen as the machine's numbers.
    seen = inspect(image, objects.mask.shape)
    found = settings.measure(
      objects.mask,
      pixel_size_nm=image.scale.pixel_size_nm,
      thickness_nm=image.scale.thickness_nm,
      ids=objects.ids,
      valid=where_measured(seen, reader.objects(image)),
    )
    return {one: found.summary[one] for one in _headlines(settings, rows[name])}

  reference = panel.read_reference(
    pathlib.Path(path).expanduser(),
    lambda masks: _read_person(masks, by_name, reader),
    measure,
  )
  machine = panel.machine_of_summaries(reference, rows)
  return panel.write_panel(made, reference, machine, seconds)


def _read_person(
  masks: Mapping[str, MaskFile],
  images: Mapping[str, MaskImage],
  reader: LabelReader,
) -> dict[str, ObjectMask]:
  """What a person drew, by the name of the image."""
  truths, found = Truths(masks, reader.how), {}
  if unused := truths.unused(images):
    raise InputError(f'--reference: {unused}; --input has {", ".join(images)}')
  for name, image in images.items():
    one = truths.of(name, reader.objects(image).mask.shape)
    if one is None:
      continue
    if one.labelled is not None:
      raise InputError(
        f'--reference: of {name} {one.remarks[-1].message}; a panel compares '
        'numbers of whole images: label all of it'
      )
    found[name] = one
  return found


def where_measured(seen: Seen, objects: ObjectMask) -> np.ndarray | None:
  """Labelled specimen, bool [H, W]; None: everywhere.

  Args:
    seen: what is known of the image.
    objects: its mask.
  """
  if objects.labelled is None or seen.valid is None:
    return seen.valid if objects.labelled is None else objects.labelled
  return seen.valid & objects.labelled


def _headlines(
  settings: MeasurementSettings, row: Mapping[str, Any]
) -> list[str]:
  """The numbers that are compared; in pixels where others are missing."""
  kind = kind_of(settings.defect)
  names = [one for one in kind.headlines if not why_missing(one, row)]
  if len(names) < len(kind.headlines):
    names += [one for one in kind.pixel_headlines if not why_missing(one, row)]
  return names
