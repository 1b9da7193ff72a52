"""What is looked for in a micrograph beside defects, and what a person says.

--valid, --find_specimen and --replace_outliers.
"""

import dataclasses
import pathlib
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from defectseg_jax.errors import InputError
from defectseg_jax.micrographs.image_names import without_place
from defectseg_jax.micrographs.inspection import Inspection, inspect_micrograph
from defectseg_jax.micrographs.mask_files import (
  MaskFile,
  image_of_mask,
  mask_of_image,
  masks_in,
)
from defectseg_jax.micrographs.mask_values import ANYTHING
from defectseg_jax.micrographs.masks import LastMasks, mask_at
from defectseg_jax.micrographs.micrograph import Micrograph
from defectseg_jax.quantification import QualityWarning
from defectseg_jax.sessions.label_reading import LabelReader
from defectseg_jax.sessions.mask_image import MaskImage
from defectseg_jax.sessions.masks import folder_to_train_on
from defectseg_jax.sessions.requests import QuantifyRequest, SessionRequest

_FLAG = '--valid'


@dataclasses.dataclass(frozen=True)
class Screening:
  """How the micrographs of a session are looked through.

  Attributes:
    masks: masks of the specimen, by name.
    find_specimen: whether to find frames and data bars where there is none.
    replace_outliers: whether to replace spikes, hot and dead pixels.
  """

  masks: Mapping[str, MaskFile] = dataclasses.field(default_factory=dict)
  find_specimen: bool = True
  replace_outliers: bool = True
  _last: LastMasks = dataclasses.field(default_factory=LastMasks, repr=False)

  def given(self, name: str, shape: tuple[int, ...]) -> np.ndarray | None:
    """The mask that a person drew of an image's specimen.

    Args:
      name: of the image.
      shape: of the image.

    Returns:
      bool [H, W], True on specimen; None where there is no mask.

    Raises:
      InputError: the mask cannot be read, is of another size, or empty.
    """
    found = mask_of_image(self.masks, name)
    if found is None:
      return None
    path, place = found
    images = 1 if place is None else max(place + 1, 2)
    masks = self._last.read(path, shape=shape, images=images, how=ANYTHING)
    # One may be for all images of a stack.
    mask = mask_at(masks, place if len(masks) > 1 else None, path).mask
    if mask.shape != shape or not mask.any():
      raise InputError(
        f'{path}: {np.count_nonzero(mask)} pixels of specimen in an image of '
        f'{" x ".join(map(str, mask.shape))}, but that of {name} has '
        f'{" x ".join(map(str, shape))} pixels; give a mask of its size that '
        'is not zero on specimen'
      )
    return mask

  def unused(self, names: Iterable[str]) -> list[str]:
    """Masks of the specimen that are of none of the images."""
    known = {one for name in names for one in (name, without_place(name))}
    return [name for name in self.masks if image_of_mask(name, known) is None]

  def inspect(self, micrograph: Micrograph) -> Inspection:
    """Looks through a micrograph.

    Args:
      micrograph: as it was read.

    Raises:
      InputError: its mask cannot be read or is of another size, or nothing of
        it is specimen.
    """
    return inspect_micrograph(
      micrograph,
      valid=self.given(micrograph.name, micrograph.pixels.shape),
      find=self.find_specimen,
      replace=self.replace_outliers,
    )


def create_screening(request: SessionRequest) -> Screening:
  """What the flags ask for.

  Args:
    request: of predicting or measuring.

  Raises:
    InputError: --valid is no folder, or has no masks.
  """
  masks: Mapping[str, MaskFile] = {}
  if request.valid is not None:
    folder = pathlib.Path(request.valid).expanduser()
    if not folder.is_dir():
      raise InputError(
        f'{_FLAG}={request.valid}: is not a folder; give a folder of masks '
        'named as the micrographs, where what is not zero is specimen'
      )
    masks = masks_in(folder, flag=_FLAG)
  elif isinstance(request, QuantifyRequest):
    folder = folder_to_train_on(request.masks)
    if folder is not None and (folder / 'valid').is_dir():
      masks = masks_in(folder / 'valid', flag='--input')
  return Screening(masks, request.find_specimen, request.replace_outliers)


def warnings_of(inspection: Inspection) -> tuple[QualityWarning, ...]:
  """What an inspection found, as page and tables show it."""
  return tuple(QualityWarning(*remark) for remark in inspection.remarks)


class Seen(NamedTuple):
  """What is known of a mask's image: `Inspection`, or nothing of it."""

  pixels: np.ndarray | None
  valid: np.ndarray | None
  replaced_pixels: int = 0
  warnings: Sequence[QualityWarning] = ()


def inspect_labelled(
  image: MaskImage,
  shape: tuple[int, int],
  *,
  screening: Screening,
  reader: LabelReader,
) -> Seen:
  """Looks through the micrograph of a mask, where there is one.

  Args:
    image: the mask's.
    shape: of the mask.
    screening: how to look.
    reader: of micrographs.

  Raises:
    InputError: as `LabelReader.micrograph` and `Screening`.
  """
  micrograph = reader.micrograph(image, shape)
  if micrograph is None:
    found = (screening.given(name, shape) for name in image.names())
    return Seen(None, next((one for one in found if one is not None), None))
  found = screening.inspect(dataclasses.replace(micrograph, name=image.name))
  return Seen(
    found.pixels, found.valid, found.replaced_pixels, warnings_of(found)
  )
