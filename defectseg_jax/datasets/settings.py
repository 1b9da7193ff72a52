"""Where micrographs come from, and how patches are laid out on them."""

import dataclasses
from typing import Annotated

from defectseg_jax.bounds import one_of, within


@dataclasses.dataclass(frozen=True)
class DataSettings:
  """Fields are those of `config.data`.

  Attributes:
    source: where micrographs come from: simulated (foils), or folder.
    dir: the folder, with images/, masks/ and optionally splits.csv; '' where
      the foils are simulated.
    rgb: what to do with micrographs in colour: refuse, or luminance, as in
      `read_micrographs`.
    mask_class: what is defect in masks of several classes, as in `MaskValues`;
      '' where two values or numbers of objects tell it.
    mask_ignore: what is not labelled, likewise; '' for what the file tells.
    cache_dir: where prepared datasets are kept; '' is the user's cache,
      ~/.cache/defectseg_jax.
    patch_px: side of a training patch, in pixels.
    patches: how patches are laid out: tiled or random, as in
      `pipeline.Patches`.
    orientations: rotations and flips that a patch may have: 1, 2 or 8, as in
      `pipeline.Patches`.
  """

  source: Annotated[str, one_of('simulated', 'domain', 'folder')] = 'simulated'
  dir: str = ''
  rgb: Annotated[str, one_of('refuse', 'luminance')] = 'refuse'
  mask_class: str = ''
  mask_ignore: str = ''
  cache_dir: str = ''
  patch_px: Annotated[int, within(1, 8192, 'memory grows with its square')] = (
    512
  )
  patches: Annotated[str, one_of('tiled', 'random')] = 'tiled'
  orientations: Annotated[int, one_of(1, 2, 8)] = 8
