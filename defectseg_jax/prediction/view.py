"""An image as a network is shown it."""

import dataclasses

import numpy as np

from defectseg_jax.micrographs.filling import box_around, fill_beside
from defectseg_jax.micrographs.grey_quality import Remark
from defectseg_jax.prediction.enlarged import (
  Enlargement,
  bring_back,
  enlarge_again,
  enlarge_objects,
  find_enlargement,
)
from defectseg_jax.prediction.merging import Merged
from defectseg_jax.prediction.scales import SeenSizes, choose_zooms


@dataclasses.dataclass(frozen=True, eq=False)
class View:
  """What a network is shown of an image, and how to come back from there.

  Attributes:
    pixels: [h, w]: of the image, or those that it was made from where it had
      been enlarged.
    valid: bool [h, w], True on specimen; None where all is.
    zooms: pixels of the network for each of these.
    shape: of the image.
    enlargement: of the image; None where it is shown as it is.
    means: [h, w], smoother than `pixels`, from the same pixels of the image;
      None where no smoothness was taken out.
  """

  pixels: np.ndarray
  valid: np.ndarray | None
  zooms: tuple[float, ...]
  shape: tuple[int, ...]
  enlargement: Enlargement | None = None
  means: np.ndarray | None = None

  @property
  def image_zooms(self) -> tuple[float, ...]:
    """Pixels of the network for each of the image."""
    return self._of_image(self.zooms)

  @property
  def remarks(self) -> tuple[Remark, ...]:
    """What a reader must know of it."""
    if self.enlargement is None:
      return ()
    factor = self.enlargement.factor
    return (
      Remark(
        'enlarged_image',
        f'it was enlarged {factor:.3g} times after it was recorded, and the '
        f'network is shown the {self.pixels.shape[1]} x '
        f'{self.pixels.shape[0]} pixels before that; give it the image as it '
        'was recorded, if you have that',
      ),
    )

  def at_image(self, found: Merged, threshold: float) -> Merged:
    """What was found in the view, at the pixels of the image.

    Args:
      found: in the view.
      threshold: of probabilities: where interpolated ones cross it is the edge
        of an object.

    Returns:
      The same objects, [H, W]; the very arrays where nothing was enlarged.
    """
    if self.enlargement is None:
      return found
    mask, probabilities, zooms = found
    factor = self.enlargement.factor
    return Merged(
      enlarge_objects(mask, probabilities, threshold, factor, self.shape),
      enlarge_again(probabilities, factor, self.shape),
      self._of_image(zooms),
    )

  def _of_image(self, zooms: tuple[float, ...]) -> tuple[float, ...]:
    if self.enlargement is None:
      return zooms
    return tuple(zoom / self.enlargement.factor for zoom in zooms)


def create_view(
  pixels: np.ndarray,
  valid: np.ndarray | None,
  seen: SeenSizes,
  *,
  pixel_size_nm: float | None = None,
  object_diameter_nm: float | None = None,
) -> View:
  """Chooses how an image is shown.

  Only a network that knows objects of many sizes is shown the pixels that an
  enlarged image was made from: others were trained on such images as they are,
  and their users' may have been enlarged.

  Args:
    pixels: [H, W], of an `Inspection`.
    valid: bool [H, W], True on specimen; None where all is.
    seen: sizes that the network knows.
    pixel_size_nm: of the image; None if unknown.
    object_diameter_nm: about how large its objects are; None if unknown.

  Raises:
    InputError: as `choose_zooms`.
  """
  shape, enlargement, means = pixels.shape, None, None
  if seen.diameter_px is not None:
    box = (slice(None), slice(None)) if valid is None else box_around(valid)
    enlargement = find_enlargement(pixels[box])
  if enlargement is not None:
    repeated = dataclasses.replace(enlargement, repeated=True)
    if valid is not None:
      # Else the edge of a frame would be sharpened into the specimen.
      pixels = fill_beside(pixels, valid)
      valid = bring_back(valid, repeated) > 0.5
    if not enlargement.repeated:
      means = bring_back(pixels, repeated)
    pixels = bring_back(pixels, enlargement)
    if pixel_size_nm is not None:
      pixel_size_nm *= enlargement.factor
  specimen = pixels if valid is None else pixels[box_around(valid)]
  zooms = choose_zooms(
    specimen.shape,
    seen,
    pixel_size_nm=pixel_size_nm,
    object_diameter_nm=object_diameter_nm,
  )
  return View(pixels, valid, zooms, shape, enlargement, means)
