"""Masks of a session and their micrographs, each file read once."""

from defectseg_jax.errors import InputError
from defectseg_jax.micrographs.mask_files import MaskFile
from defectseg_jax.micrographs.mask_values import (
  ANYTHING,
  MaskValues,
  partly_labelled,
)
from defectseg_jax.micrographs.masks import LastMasks, mask_at
from defectseg_jax.micrographs.micrograph import Micrograph
from defectseg_jax.micrographs.object_ids import ObjectMask
from defectseg_jax.micrographs.stacks import Stack, micrograph_stack
from defectseg_jax.sessions.mask_image import MaskImage


class LabelReader:
  """Reads what belongs to a mask; keeps the last stack, for its next image."""

  def __init__(self, how: MaskValues, *, rgb: str) -> None:
    """Opens nothing yet.

    Args:
      how: what the values of masks stand for.
      rgb: what to do with colour of micrographs, as in `read_micrographs`.
    """
    self.how = how
    self._rgb = rgb
    self._masks, self._ignored = LastMasks(), LastMasks()
    self._frames: tuple[object, Stack[Micrograph] | None] = None, None

  def objects(self, image: MaskImage) -> ObjectMask:
    """The mask of an image, with what is not labelled.

    Args:
      image: from `mask_images`.

    Raises:
      InputError: a file cannot be read, does not say what is defect, or is a
        stack of another number of images.
    """
    shape, images = None, 1
    if image.micrograph is not None:
      frames = self._micrographs(image)
      shape, images = frames.shapes[0], len(frames)
    masks = self._masks.read(
      image.mask, shape=shape, images=images, how=self.how
    )
    place = None if image.mask_is_of_one else image.place
    objects = mask_at(masks, place, image.mask)
    if image.ignore is None:
      return objects
    ignored = self._ignored.read(
      image.ignore, shape=objects.mask.shape, images=images, how=ANYTHING
    )
    place = image.place if len(ignored) > 1 else None
    beside = mask_at(ignored, place, image.ignore).mask
    require_same_size(image.ignore, beside.shape, objects.mask.shape)
    return partly_labelled(objects, ~beside, 'ignore/', str(image.mask))

  def micrograph(
    self, image: MaskImage, shape: tuple[int, ...]
  ) -> Micrograph | None:
    """The micrograph of a mask; None without a micrograph.

    Args:
      image: whose micrograph.
      shape: of the mask.

    Raises:
      InputError: it cannot be read, has another number of images than the
        mask, or is of another shape.
    """
    if image.micrograph is None:
      return None
    frames = self._micrographs(image)
    place = image.place or 0
    if (len(frames) > 1) != (image.place is not None) or place >= len(frames):
      raise InputError(
        f'{image.micrograph}: has {len(frames)} frames, but {image.mask} has '
        'another number of masks; give the images that were labelled'
      )
    if frames.shapes[place] != shape:
      raise InputError(
        f'{image.micrograph}: has '
        f'{" x ".join(map(str, frames.shapes[place]))} pixels, but '
        f'{image.mask} has {" x ".join(map(str, shape))} pixels; give the '
        'image that was labelled'
      )
    return frames[place]

  def _micrographs(self, image: MaskImage) -> Stack[Micrograph]:
    known, frames = self._frames
    if frames is None or known != image.micrograph:
      assert image.micrograph is not None
      # First, lest two are in memory.
      self._frames = None, None
      frames = micrograph_stack(image.micrograph, rgb=self._rgb)
      self._frames = image.micrograph, frames
    return frames


def require_same_size(
  file: MaskFile, found: tuple[int, ...], wanted: tuple[int, ...]
) -> None:
  """Raises InputError if a mask is of another image."""
  if found != wanted:
    raise InputError(
      f'{file}: has {" x ".join(map(str, found))} pixels, but the micrograph '
      f'{" x ".join(map(str, wanted))}; give the mask of this micrograph'
    )
