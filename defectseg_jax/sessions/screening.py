"""What is looked for in a micrograph beside defects, and what a person says.

--valid, --find_specimen and --replace_outliers.
"""

import dataclasses
import pathlib
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from defectseg_jax.errors import InputError
from defectseg_jax.micrographs.files import files_by_stem, images_in
from defectseg_jax.micrographs.image_names import without_place
from defectseg_jax.micrographs.inspection import Inspection, inspect_micrograph
from defectseg_jax.micrographs.masks import read_mask
from defectseg_jax.micrographs.micrograph import Micrograph
from defectseg_jax.quantification import QualityWarning
from defectseg_jax.sessions.masks import MaskImage, labelled_micrograph
from defectseg_jax.sessions.requests import SessionRequest

_FLAG = '--valid'


@dataclasses.dataclass(frozen=True)
class Screening:
  """How the micrographs of a session are looked through.

  Attributes:
    masks: masks of the specimen, by the name of their image.
    find_specimen: whether to find frames and data bars where there is none.
    replace_outliers: whether to replace spikes, hot and dead pixels.
  """

  masks: Mapping[str, pathlib.Path] = dataclasses.field(default_factory=dict)
  find_specimen: bool = True
  replace_outliers: bool = True

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
    path = self.masks.get(name) or self.masks.get(without_place(name))
    if path is None:
      return None
    mask = read_mask(path)
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
    return [name for name in self.masks if name not in known]

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
  masks: Mapping[str, pathlib.Path] = {}
  if request.valid is not None:
    folder = pathlib.Path(request.valid).expanduser()
    if not folder.is_dir():
      raise InputError(
        f'{_FLAG}={request.valid}: is not a folder; give a folder of masks '
        'named as the micrographs, where what is not zero is specimen'
      )
    masks = files_by_stem(images_in(folder, flag=_FLAG), flag=_FLAG)
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
  image: MaskImage, shape: tuple[int, int], *, screening: Screening, rgb: str
) -> Seen:
  """Looks through the micrograph of a mask, where there is one.

  Args:
    image: the mask's.
    shape: of the mask.
    screening: how to look.
    rgb: what to do with colour, as in `read_micrographs`.

  Raises:
    InputError: as `labelled_micrograph` and `Screening`.
  """
  micrograph = labelled_micrograph(image, shape, rgb=rgb)
  if micrograph is None:
    return Seen(None, screening.given(image.name, shape))
  found = screening.inspect(dataclasses.replace(micrograph, name=image.name))
  return Seen(
    found.pixels, found.valid, found.replaced_pixels, warnings_of(found)
  )
