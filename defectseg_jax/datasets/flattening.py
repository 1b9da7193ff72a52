"""Regions to rows of pixels, from which any patch is gathered."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from defectseg_jax.datasets.host_tensorflow import tf
from defectseg_jax.datasets.regions import around_labelled

if TYPE_CHECKING:
  from defectseg_jax.datasets.pipeline import Region


def flatten_regions(
  regions: Sequence['Region'], patch_px: int
) -> tuple[dict[str, tf.Tensor], np.ndarray]:
  """All pixels in one row each of image, mask and weight, for gathering.

  Args:
    regions: of a split.
    patch_px: side of a patch.

  Returns:
    The rows, and int64 [regions, 3]: first pixel, height and width of each
    region, mirrored up to the size of a patch where it is smaller.
  """
  parts: dict[str, list[np.ndarray]] = {'image': [], 'mask': [], 'weight': []}
  table, start = [], 0
  for region in regions:
    image, mask, weight = _arrays(region, patch_px)
    more = [(0, max(0, patch_px - n)) for n in image.shape]
    image = np.pad(image, more, mode='symmetric')
    parts['image'].append(image.ravel())
    parts['mask'].append(np.pad(mask, more, mode='symmetric').ravel())
    weight = np.pad(weight, more)
    parts['weight'].append(weight.ravel())
    table.append((start, *image.shape))
    start += image.size
  pixels = {
    name: tf.constant(np.concatenate(part)) for name, part in parts.items()
  }
  return pixels, np.array(table, np.int64)


def even_starts(length: int, patch_px: int) -> list[int]:
  """First pixels of the fewest patches that cover a length, evenly spaced."""
  count = -(-length // patch_px)
  return [
    round((length - patch_px) * i / max(count - 1, 1)) for i in range(count)
  ]


def _arrays(
  region: 'Region', patch_px: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
  """Image, mask and weight.

  Of a region that is labelled in part they are what is around that, or most
  patches would teach nothing.
  """
  if region.labelled is None:
    return region.image, region.mask, np.ones_like(region.mask)
  box = around_labelled(region.labelled, least_px=patch_px)
  weight = region.labelled.astype(np.uint8)
  return region.image[box], region.mask[box], weight[box]
