"""A micrograph looked through before a network sees it.

What a detector or a program put into it is set apart from the specimen: missing
pixels, frames, a data bar; spikes, hot and dead pixels. Of a micrograph without
any, not a bit changes.
"""

import dataclasses

import numpy as np

from defectseg_jax.errors import InputError
from defectseg_jax.micrographs.filling import fill_beside
from defectseg_jax.micrographs.grey_quality import Remark, grey_remarks
from defectseg_jax.micrographs.micrograph import Micrograph
from defectseg_jax.micrographs.outliers import find_outliers, replace_outliers
from defectseg_jax.micrographs.specimen import describe_place, find_specimen


@dataclasses.dataclass(frozen=True, eq=False)
class Inspection:
  """What is specimen in a micrograph, and what was replaced.

  Attributes:
    pixels: float32 [H, W], with outliers replaced.
    valid: bool [H, W], True on specimen; None where all of it is.
    replaced_pixels: how many outliers there were.
    remarks: all that a reader must know, in words.
  """

  pixels: np.ndarray
  valid: np.ndarray | None
  replaced_pixels: int
  remarks: tuple[Remark, ...]

  @property
  def valid_fraction(self) -> float:
    """Part of the image that is specimen."""
    return 1.0 if self.valid is None else float(self.valid.mean())

  def with_remarks(self, remarks: tuple[Remark, ...]) -> 'Inspection':
    """The same with more to know; itself where there is no more."""
    if not remarks:
      return self
    return dataclasses.replace(self, remarks=(*self.remarks, *remarks))


def inspect_micrograph(
  micrograph: Micrograph,
  *,
  valid: np.ndarray | None = None,
  find: bool = True,
  replace: bool = True,
) -> Inspection:
  """Finds what is no specimen, and replaces outliers.

  Args:
    micrograph: as it was read; what its file marks as missing is no specimen.
    valid: bool [H, W], True on specimen, by somebody who knows; nothing else is
      looked for then. None to find frames and data bars.
    find: whether to find them.
    replace: whether to replace outliers.

  Returns:
    What was found.

  Raises:
    InputError: the mask has another shape, or no specimen is left.

  Examples:
    >>> pixels = np.random.default_rng(0).poisson(50, (64, 96))
    >>> pixels[:, :10], pixels[30, 30] = 0, 900
    >>> found = inspect_micrograph(Micrograph(pixels, name='foil'))
    >>> found.replaced_pixels, round(found.valid_fraction, 3)
    (1, 0.896)
    >>> [remark.name for remark in found.remarks]
    ['not_specimen', 'outliers_replaced']
  """
  pixels = micrograph.pixels
  specimen, beside = _specimen(micrograph, valid, find)
  remarks = []
  if beside:
    remarks.append(_beside_remark(specimen, beside))
  remarks += grey_remarks(pixels, specimen)
  count = 0
  if replace:
    # Else a frame's edge would look like an outlier's.
    filled = fill_beside(pixels, specimen)
    outliers = find_outliers(filled) & specimen
    count = int(np.count_nonzero(outliers))
    if count:
      pixels = np.where(outliers, replace_outliers(filled, outliers), pixels)
      remarks.append(_outliers_remark(outliers, count))
  return Inspection(
    pixels, None if specimen.all() else specimen, count, tuple(remarks)
  )


def _specimen(
  micrograph: Micrograph, valid: np.ndarray | None, find: bool
) -> tuple[np.ndarray, list[str]]:
  """Where it is, bool [H, W], and in words what lies beside it."""
  pixels, missing = micrograph.pixels, micrograph.missing
  specimen, beside = np.ones(pixels.shape, bool), []
  if missing is not None:
    specimen &= ~missing
    beside.append(f'{describe_place(missing)} (pixels that are no numbers)')
  if valid is not None:
    _require_shape(micrograph, valid)
    specimen &= valid
    if not valid.all():
      beside.append(f'{describe_place(~valid)} (by the mask that was given)')
  elif find:
    found = find_specimen(np.where(specimen, pixels, np.nan))
    specimen &= found.valid
    beside += found.beside
  if not specimen.any():
    raise InputError(
      f'{micrograph.name}: no pixel of it is specimen; look at the micrograph, '
      'and at the mask of what is valid'
    )
  return specimen, beside


def _require_shape(micrograph: Micrograph, valid: np.ndarray) -> None:
  if valid.shape != micrograph.pixels.shape or valid.dtype != bool:
    raise InputError(
      f'{micrograph.name}: a mask of what is valid of {valid.dtype} '
      f'{valid.shape} for a micrograph of {micrograph.pixels.shape}; give '
      'booleans of its shape, True on specimen'
    )


def _beside_remark(specimen: np.ndarray, beside: list[str]) -> Remark:
  share = 100 * (1 - specimen.mean())
  return Remark(
    'not_specimen',
    f'{share:.2g}% of the image is no specimen, and in no area and no density: '
    f'{"; ".join(beside)}',
  )


def _outliers_remark(outliers: np.ndarray, count: int) -> Remark:
  pixels = '1 pixel was' if count == 1 else f'{count} pixels were'
  what = describe_place(outliers)
  return Remark(
    'outliers_replaced',
    f'{pixels} replaced by the median of the neighbours, in {what}: spikes of '
    'X-rays, or hot or dead pixels of the detector',
  )
