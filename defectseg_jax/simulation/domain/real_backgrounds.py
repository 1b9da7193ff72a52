"""Real micrographs without defects, of which parts become backgrounds."""

import pathlib
from collections.abc import Sequence

import numpy as np
from PIL import Image

from defectseg_jax.errors import InputError
from defectseg_jax.micrographs.reading import read_micrographs
from defectseg_jax.micrographs.selection import Selection, select_images
from defectseg_jax.simulation.domain.draws import draw_log

# A part is reduced or enlarged by so much, in pixels of the real micrograph for
# each pixel of the result; by eye.
_PIXELS = (0.7, 5.0)


def select_backgrounds(folder: str | pathlib.Path) -> Selection:
  """The micrographs of a folder, or of its images/, and what is passed over.

  Args:
    folder: with micrographs in which no defect is to be seen.

  Raises:
    InputError: there is no such folder, no micrograph in it, or a file that
      nothing can be called after: fewer than are there are not taken.
  """
  folder = pathlib.Path(folder).expanduser()
  if not folder.is_dir():
    raise InputError(
      f'{folder}: no such folder; set --config.simulation.background to a '
      'folder of micrographs without defects'
    )
  images = folder / 'images' if (folder / 'images').is_dir() else folder
  found = select_images([str(images)], flag='config.simulation.background')
  for reason in found.refused.values():
    raise InputError(reason)
  return found


def read_backgrounds(folder: str | pathlib.Path) -> list[np.ndarray]:
  """The micrographs that `select_backgrounds` finds.

  Args:
    folder: that it takes.

  Returns:
    float32 [H, W] of each, not below 0, 1 on average, ordered by name.

  Raises:
    InputError: the folder or a file cannot be read, or has no micrograph.
  """
  found = []
  for path in select_backgrounds(folder).paths:
    for micrograph in read_micrographs(path):
      micrograph.require_complete(path)
      pixels = np.maximum(micrograph.pixels, 0).astype(np.float32)
      mean = float(pixels.mean())
      if mean <= 0:
        raise InputError(
          f'{path}: no pixel is above 0; give a micrograph whose values grow '
          'with the intensity'
        )
      found.append(pixels / np.float32(mean))
  return found


def draw_background(
  backgrounds: Sequence[np.ndarray], side_px: int, rng: np.random.Generator
) -> np.ndarray:
  """A part of one of them, at a scale and in an orientation of its own.

  Args:
    backgrounds: [H, W] each.
    side_px: of the part.
    rng: random numbers for everything.

  Returns:
    float32 [side_px, side_px].
  """
  pixels = backgrounds[int(rng.integers(len(backgrounds)))]
  height, width = pixels.shape
  side = min(side_px * draw_log(_PIXELS, rng), height, width)
  top = rng.uniform(0, height - side)
  left = rng.uniform(0, width - side)
  part = Image.fromarray(pixels).resize(
    (side_px, side_px),
    Image.Resampling.BILINEAR,
    box=(left, top, left + side, top + side),
  )
  turned = np.rot90(np.asarray(part), rng.integers(4))
  return np.ascontiguousarray(turned[:, ::-1] if rng.random() < 0.5 else turned)
