"""What is written of one image of a session, and what it follows from."""

import hashlib
import pathlib
from collections.abc import Callable, Mapping

import numpy as np

from defectseg_jax.files import write_whole
from defectseg_jax.micrographs.masks import read_object_mask
from defectseg_jax.micrographs.reading import read_frames
from defectseg_jax.micrographs.writing import (
  write_mask,
  write_object_mask,
  write_tiff,
)
from defectseg_jax.runs.run import Run
from defectseg_jax.sessions.corrections import Correction
from defectseg_jax.sessions.index import MASKS, VALID


def image_writers(
  files: Mapping[str, str],
  arrays: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray | None],
  by_hand: Correction | None,
  pixel_size_nm: float | None,
) -> dict[str, Callable[[pathlib.Path], object]]:
  """What writes the files of an image.

  Args:
    files: by what they hold.
    arrays: pixels, mask, probabilities, and where it shows specimen or None.
    by_hand: a correction of the mask.
    pixel_size_nm: side of a pixel, or None.

  Returns:
    By path below the session's folder; without a mask that a person wrote.
  """
  pixels, mask, probabilities, valid = arrays
  scale = {'pixel_size_nm': pixel_size_nm}
  writers: dict[str, Callable[[pathlib.Path], object]] = {
    files['images']: lambda to: write_tiff(to, pixels, **scale),
    files['probabilities']: lambda to: write_tiff(to, probabilities, **scale),
    **_mask_writers(files[MASKS], mask, by_hand, pixel_size_nm),
  }
  if valid is not None:
    writers[files[VALID]] = lambda to: write_mask(to, valid, **scale)
  return writers


def _mask_writers(
  file: str,
  mask: np.ndarray,
  by_hand: Correction | None,
  pixel_size_nm: float | None,
) -> dict[str, Callable[[pathlib.Path], object]]:
  """What writes an image's mask; nothing where a person wrote that file."""
  scale = {'pixel_size_nm': pixel_size_nm}
  if by_hand is None:
    return {file: lambda to: write_mask(to, mask, **scale)}
  if by_hand.file == file:
    return {}
  return {file: lambda to: write_object_mask(to, by_hand.objects, **scale)}


def rescale_mask(path: pathlib.Path, pixel_size_nm: float | None) -> None:
  """Writes a new scale into a person's mask; its values stay."""
  values = read_frames(path)[0].values
  # Not by `put`: it stays the person's.
  with write_whole(path) as temporary:
    if values.ndim == 2 and values.dtype in (np.uint8, np.uint16):
      write_tiff(temporary, values, pixel_size_nm=pixel_size_nm)
    else:
      write_object_mask(
        temporary, read_object_mask(path), pixel_size_nm=pixel_size_nm
      )


def image_key(
  run: Run,
  pixels: np.ndarray,
  valid: np.ndarray | None,
  zooms: tuple[float, ...],
) -> str:
  """A checksum of all that the network's answer follows from."""
  digest = hashlib.sha256(f'{run.identity} {pixels.shape}'.encode())
  if zooms != (1.0,):
    area_px = run.settings.quantification.minimum_area_px
    digest.update(f'{zooms} {run.seen} {area_px}'.encode())
  digest.update(np.ascontiguousarray(pixels, np.float32))
  if valid is not None:
    digest.update(np.packbits(valid))
  return digest.hexdigest()


def in_smallest_type(pixels: np.ndarray) -> np.ndarray:
  """In the smallest type that holds them, as most files have them."""
  lowest, highest = pixels.min(), pixels.max()
  for kind in (np.uint8, np.uint16):
    if lowest >= 0 and highest <= np.iinfo(kind).max:
      whole = pixels.astype(kind)
      if (whole == pixels).all():
        return whole
  return pixels
