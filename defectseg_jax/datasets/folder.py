"""A folder of labelled micrographs: images/, masks/ and perhaps splits.csv.

Without images/, the images lie in the folder itself, beside their outlines.

ignore/ and valid/ may say of some images which part of them is labelled.

Everything that can be wrong with a folder is found here, and reported in one
line that names the file, before anything is written.
"""

import dataclasses
import pathlib
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from defectseg_jax.datasets import regions
from defectseg_jax.datasets.splits import read_splits
from defectseg_jax.errors import InputError
from defectseg_jax.micrographs.formats import FOLDERS
from defectseg_jax.micrographs.formats import SUFFIXES as IMAGES
from defectseg_jax.micrographs.formats.rosettasciio import drop_emi_twins
from defectseg_jax.micrographs.labels_beside import outlines_of
from defectseg_jax.micrographs.mask_files import (
  SUFFIXES,
  MaskFile,
  image_of_mask,
  mask_files,
  masks_of_images,
)
from defectseg_jax.micrographs.mask_values import (
  ANYTHING,
  AS_STORED,
  MaskValues,
  partly_labelled,
)
from defectseg_jax.micrographs.masks import one_of, read_masks
from defectseg_jax.micrographs.micrograph import Micrograph
from defectseg_jax.micrographs.object_ids import ObjectMask
from defectseg_jax.micrographs.reading import read_micrographs
from defectseg_jax.micrographs.selection import choose_images, files_in

_SPLITS = 'splits.csv'


@dataclasses.dataclass(frozen=True)
class LabelledFile:
  """The files of a micrograph and of its mask, with their line in splits.csv.

  Attributes:
    image: path of the micrograph.
    mask: of the same stem, or with what labelling programs add.
    ignore: mask of what is not labelled; None if there is none.
    valid: mask of what is labelled; likewise.
    split: train, dev or test; None where the micrograph is to be divided into
      all three.
    pixel_size_nm: overrides the file's own calibration; None if not given.
    thickness_nm: of the foil; None if not given.
  """

  image: pathlib.Path
  mask: MaskFile
  split: str | None = None
  pixel_size_nm: float | None = None
  thickness_nm: float | None = None
  ignore: MaskFile | None = None
  valid: MaskFile | None = None


def labelled_files(folder: str | pathlib.Path) -> list[LabelledFile]:
  """The pairs of a folder, in the order of their names.

  Args:
    folder: has `images/`, of which `choose_images` says what is taken, and
      `masks/`, of the same stems, or of the names that labelling programs give,
      or outlines beside the images; optionally `splits.csv`, as `read_splits`
      reads it; and `ignore/` and `valid/`, with masks of some images. Without
      `images/`, images and outlines lie in the folder itself.

  Returns:
    One entry for each image.

  Raises:
    InputError: a folder is missing or empty, an image has no mask or a mask no
      image, two files have the same stem, or splits.csv is wrong.

  Examples:
    >>> import tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> for name in ('images', 'masks'):
    ...   (folder / name).mkdir()
    ...   (folder / name / 'foil.png').touch()
    >>> (file,) = labelled_files(folder)
    >>> file.image.name, file.split, file.thickness_nm
    ('foil.png', None, None)
  """
  folder = pathlib.Path(folder)
  if not folder.is_dir():
    raise InputError(
      f'{folder}: no such folder; set --config.data.dir to one that holds '
      'images/ and masks/'
    )
  images = _by_stem(choose_images(_image_files(folder)).paths)
  masks = _masks_by_stem(folder / 'masks', images, _beside(folder, images))
  for stem, path in images.items():
    if stem not in masks:
      raise InputError(
        f'{path}: has no mask; add masks/{stem}.png or take the image out'
      )
  parts = {
    name: _masks_by_stem(folder / name, images)
    for name in ('ignore', 'valid')
    if (folder / name).is_dir()
  }
  files = {
    path.name: LabelledFile(
      path,
      masks[stem],
      ignore=parts.get('ignore', {}).get(stem),
      valid=parts.get('valid', {}).get(stem),
    )
    for stem, path in images.items()
  }
  if (folder / _SPLITS).exists():
    rows = read_splits(folder / _SPLITS, list(images.values()))
    files = {n: dataclasses.replace(f, **rows[n]) for n, f in files.items()}
  return [files[name] for name in sorted(files)]


def read_labelled(
  file: LabelledFile, *, rgb: str, how: MaskValues = AS_STORED
) -> list[tuple[Micrograph, ObjectMask]]:
  """The micrographs and their masks, checked against each other.

  Args:
    file: from `labelled_files`.
    rgb: what to do with colour, as in `read_micrographs`.
    how: what the values of masks stand for.

  Returns:
    The micrograph and its mask; of a stack a pair for each image.

  Raises:
    InputError: a file cannot be read, is too small, or has pixels that are NaN
      or infinite; or the mask is of another size, or of another number of
      images, than the micrograph.
  """
  frames = read_micrographs(file.image, rgb=rgb)
  shape = frames[0].pixels.shape
  more = {'shape': shape, 'images': len(frames)}
  masks = read_masks(file.mask, how=how, **more)
  if len(masks) != len(frames):
    raise InputError(
      f'{file.image}: holds {len(frames)} images, and {file.mask} '
      f'{len(masks)} masks; give a mask for each image, in a stack too, or '
      'save the image that was labelled as a file of its own'
    )
  parts = [
    (name, read_masks(part, how=ANYTHING, **more))
    for name, part in (('ignore', file.ignore), ('valid', file.valid))
    if part is not None
  ]
  found = []
  for place, (frame, objects) in enumerate(zip(frames, masks, strict=True)):
    frame.require_complete(file.image)
    micrograph = dataclasses.replace(
      frame,
      pixel_size_nm=file.pixel_size_nm or frame.pixel_size_nm,
      thickness_nm=file.thickness_nm or frame.thickness_nm,
    )
    _require_size(objects.mask, micrograph, file.mask)
    for name, part in parts:
      # One for all images of a stack, or one for each.
      one = part[place] if len(part) == len(masks) else one_of(part, name)
      _require_size(one.mask, micrograph, getattr(file, name))
      labelled = ~one.mask if name == 'ignore' else one.mask
      objects = partly_labelled(objects, labelled, f'{name}/', str(file.mask))
    height, width = objects.mask.shape
    regions.require_size(height, width, file.image)
    found.append((micrograph, objects))
  return found


def _require_size(
  mask: np.ndarray, micrograph: Micrograph, file: MaskFile
) -> None:
  height, width = micrograph.pixels.shape
  if mask.shape != (height, width):
    raise InputError(
      f'{file}: {mask.shape[0]} x {mask.shape[1]} pixels, but its image '
      f'has {height} x {width}; save the mask at the size of the image'
    )


def _beside(
  folder: pathlib.Path, images: Mapping[str, pathlib.Path]
) -> list[pathlib.Path]:
  """Outlines of images that lie beside them, as LabelMe saves them."""
  return outlines_of(_image_files(folder), images)


def _image_files(folder: pathlib.Path) -> list[pathlib.Path]:
  """Files of images/; of the folder itself where only that has images."""
  if (folder / 'images').is_dir():
    return _files(folder / 'images')
  files = [
    path
    for path in _files(folder)
    if path.suffix.lower() in FOLDERS
    or (path.is_file() and path.name != _SPLITS)
  ]
  if not any(path.suffix.lower() in IMAGES for path in files):
    raise InputError(
      f'{folder / "images"}: no such folder; put the images there and their '
      f'masks into masks/, or images with their outlines into {folder}'
    )
  return files


def _masks_by_stem(
  folder: pathlib.Path,
  images: Mapping[str, pathlib.Path],
  beside: Sequence[pathlib.Path] = (),
) -> dict[str, MaskFile]:
  """The masks of a folder, by the stem of their image.

  Args:
    folder: may be missing if there are others.
    images: by stem.
    beside: masks elsewhere.

  Raises:
    InputError: it is missing or empty, an image has two masks, or a file of it
      is of no image.
  """
  paths = _files(folder) if folder.is_dir() or not beside else []
  paths = [*paths, *beside]
  known = [path for path in paths if path.suffix.lower() in SUFFIXES]
  masks = mask_files(known, where=str(folder))
  found = masks_of_images(masks, images)
  for name, mask in masks.items():
    # A file of many images may be of more than are there.
    if mask.entry is None and image_of_mask(name, images) is None:
      raise InputError(
        f'{mask}: has no image; add images/{name}.* or take the mask out'
      )
  for path in paths:
    stem = image_of_mask(path.stem, images)
    # Its reader says that the suffix is not known, and what to do.
    if path not in known and stem is not None and stem not in found:
      found[stem] = MaskFile(path)
  return found


def passed_over(folder: str | pathlib.Path) -> list[str]:
  """What `labelled_files` leaves out of images/, a line for each reason."""
  folder = pathlib.Path(folder)
  files = _image_files(folder)
  images = {path.stem: path for path in choose_images(files).paths}
  beside = _beside(folder, images)
  return choose_images(one for one in files if one not in beside).remarks


def _files(folder: pathlib.Path) -> list[pathlib.Path]:
  if not folder.is_dir():
    raise InputError(
      f'{folder}: no such folder; a folder source needs images/ and masks/'
    )
  files = drop_emi_twins(files_in(folder))
  if not files:
    raise InputError(f'{folder}: is empty; put the files there')
  return files


def _by_stem(paths: Iterable[pathlib.Path]) -> dict[str, pathlib.Path]:
  files = {}
  for path in paths:
    if path.stem in files:
      raise InputError(
        f'{path}: {files[path.stem].name} has the same stem; rename one of '
        'them, with its mask'
      )
    files[path.stem] = path
  return files
