"""What a person asks of a session, checked before anything is loaded.

Everything that the flags alone show to be wrong is said here, within a second:
neither JAX nor TensorFlow is imported for it.
"""

import dataclasses
import pathlib
from collections.abc import Sequence
from typing import Annotated, Any

from defectseg_jax.bounds import (
  PIXEL_SIZE_NM,
  RELATIVE,
  THICKNESS_NM,
  one_of,
  require_fields,
  within,
)
from defectseg_jax.errors import InputError
from defectseg_jax.micrographs.files import image_files
from defectseg_jax.micrographs.image_names import name_in_table
from defectseg_jax.micrographs.mask_files import SUFFIXES as MASK_SUFFIXES
from defectseg_jax.micrographs.mask_values import MaskValues
from defectseg_jax.prediction.engines import ENGINES

_DIAMETER_NM = within(0.1, 1e6, 'it is in nanometres')
_UNCERTAINTIES = ('thickness_uncertainty', 'pixel_size_uncertainty')


@dataclasses.dataclass(frozen=True, kw_only=True)
class SessionRequest:
  """What predicting and measuring have in common; None where nothing is said.

  Attributes:
    output: the folder to write.
    pixel_size_nm: side of a pixel, for images that the table does not name.
    thickness_nm: of the foil, likewise.
    calibration: path of a CSV table of file, pixel_size_nm, thickness_nm.
    samples: path of a CSV table of file, sample and conditions; None where
      that of scales may have them.
    thickness_uncertainty, pixel_size_uncertainty: relative standard
      uncertainties; None for those of the config.
    surface: whether the images show surfaces, and no foils.
    series: whether they are the frames of one experiment, in their order.
    reference: true masks, or what people measured.
    valid: folder of masks of the specimen; None to find it.
    find_specimen: whether to leave frames and data bars out.
    replace_outliers: whether to replace spikes, hot and dead pixels.
    include: names of images whose numbers count where the network does not
      apply, or they cannot be right.
    mask_class, mask_ignore: what is defect, and what is not labelled, in masks
      that a person gives, as `MaskValues` has them.
    overwrite: whether files of others in the folder may be replaced.

  Raises:
    InputError: a value is out of range, or a file is missing.
  """

  output: str
  pixel_size_nm: Annotated[float | None, PIXEL_SIZE_NM] = None
  thickness_nm: Annotated[float | None, THICKNESS_NM] = None
  calibration: str | None = None
  samples: str | None = None
  thickness_uncertainty: Annotated[float | None, RELATIVE] = None
  pixel_size_uncertainty: Annotated[float | None, RELATIVE] = None
  surface: bool = False
  series: bool = False
  reference: str | None = None
  valid: str | None = None
  find_specimen: bool = True
  replace_outliers: bool = True
  include: Sequence[str] = ()
  mask_class: str = ''
  mask_ignore: str = ''
  overwrite: bool = False

  @property
  def mask_values(self) -> MaskValues:
    """What the values of masks stand for."""
    return MaskValues(self.mask_class, self.mask_ignore)

  @property
  def included(self) -> list[str]:
    """Names of `include` as they are compared with those of images."""
    return [name_in_table(one) for one in self.include]

  def __post_init__(self) -> None:
    require_fields(type(self), vars(self), '--')
    for name in ('thickness_nm', 'thickness_uncertainty'):
      if self.surface and getattr(self, name) is not None:
        raise InputError(
          f'--surface and --{name}: a surface has no foil; leave one of the '
          'two out'
        )
    if self.calibration == '':
      raise InputError(
        '--calibration: is empty; give the path of a CSV table with the '
        'columns file, pixel_size_nm, thickness_nm, or leave the flag out'
      )
    if self.samples == '':
      raise InputError(
        '--samples: is empty; give the path of a CSV table with the columns '
        'file, sample, or leave the flag out'
      )
    if self.reference == '':
      raise InputError(
        '--reference: is empty; give the path of a folder of true masks, or '
        'leave the flag out'
      )
    if self.valid == '':
      raise InputError(
        '--valid: is empty; give the path of a folder of masks of the '
        'specimen, or leave the flag out'
      )
    for name in ('calibration', 'samples', 'reference', 'valid'):
      path = getattr(self, name)
      if path and not pathlib.Path(path).expanduser().exists():
        raise InputError(
          f'--{name}={path}: there is no such file or folder; see that the '
          'path is right'
        )

  def set_uncertainties(self, config: Any) -> None:
    """Puts what is given in the place of the config's."""
    for name in _UNCERTAINTIES:
      value = getattr(self, name)
      if value is not None:
        config.quantification[name] = value


@dataclasses.dataclass(frozen=True, kw_only=True)
class PredictRequest(SessionRequest):
  """What --mode=predict is asked to do.

  Attributes:
    images: files, folders and patterns of micrographs.
    object_diameter_nm: about how large the objects are; None to find out.
    network: name or path of a network that needs no run; None for a run's.
    orientations: 1, or 8 for test-time augmentation.
    engine: what computes the network.

  Raises:
    InputError: a flag is missing or out of range, or a file is not there.

  Examples:
    >>> PredictRequest(output='results')
    Traceback (most recent call last):
    defectseg_jax.errors.InputError: --input: is missing; ...
  """

  images: Sequence[str] = ()
  object_diameter_nm: Annotated[float | None, _DIAMETER_NM] = None
  network: str | None = None
  orientations: Annotated[int, one_of(1, 8)] = 1
  engine: Annotated[str, one_of(*ENGINES)] = 'auto'

  def __post_init__(self) -> None:
    super().__post_init__()
    if not self.images:
      raise InputError('--input: is missing; give the micrographs to look at')
    image_files(self.images, refused={})


@dataclasses.dataclass(frozen=True, kw_only=True)
class ReviewRequest:
  """What --mode=review is asked to do.

  Attributes:
    output: folder of the session, which need not be there yet if there are
      images.
    images: files, folders and patterns of micrographs; none where the session
      is there.
    predict: what a network is to find in them first; None to label them from
      nothing.
    defect: that is labelled from nothing; None where a network says it.
    pixel_size_nm, thickness_nm: of images that are labelled from nothing.
    port: of the page; 0 for one that is free.
    open_browser: whether the page is opened.

  Raises:
    InputError: a flag is missing or out of range, or a file is not there.

  Examples:
    >>> ReviewRequest(output='results', port=-1)
    Traceback (most recent call last):
    defectseg_jax.errors.InputError: --port=-1: ...
    >>> ReviewRequest(output='results', images=['foil.tif'])
    Traceback (most recent call last):
    defectseg_jax.errors.InputError: --config: is missing; ...
  """

  output: str
  images: Sequence[str] = ()
  predict: PredictRequest | None = None
  defect: str | None = None
  pixel_size_nm: Annotated[float | None, PIXEL_SIZE_NM] = None
  thickness_nm: Annotated[float | None, THICKNESS_NM] = None
  port: Annotated[int, within(0, 65535, 'it is a port of TCP')] = 0
  open_browser: bool = True

  def __post_init__(self) -> None:
    require_fields(type(self), vars(self), '--')
    if self.images and self.predict is None:
      if self.defect is None:
        raise InputError(
          '--config: is missing; give --network=voids, to begin with what a '
          'network finds, or --config=voids, to label voids from nothing'
        )
      image_files(self.images)


@dataclasses.dataclass(frozen=True, kw_only=True)
class QuantifyRequest(SessionRequest):
  """What --mode=quantify is asked to do.

  Attributes:
    masks: files, folders and patterns; none where only a panel's numbers are
      to be compared.
    micrographs: likewise, of the same names as the masks.
    detection: path of the dev_detection.json of the run that made the masks.
    network: name or path of the network that made the masks, instead.

  Raises:
    InputError: a flag is out of range, or a file is not there.
  """

  masks: Sequence[str] = ()
  micrographs: Sequence[str] = ()
  detection: str | None = None
  network: str | None = None

  def __post_init__(self) -> None:
    super().__post_init__()
    if self.network is not None and self.detection is not None:
      raise InputError(
        '--network and --detection: both say which network made the masks; '
        'give one of them'
      )
    # A folder to train on has its masks one level down.
    folders = [p for p in self.masks if (pathlib.Path(p) / 'masks').is_dir()]
    if self.masks and not folders:
      image_files(self.masks, suffixes=MASK_SUFFIXES, refused={})
    if self.micrographs:
      image_files(self.micrographs, flag='--micrographs', refused={})
