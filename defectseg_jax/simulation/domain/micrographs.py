"""Micrographs of a domain as a folder, to judge networks by."""

import csv
import pathlib
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from defectseg_jax.micrographs.writing import write_mask, write_tiff
from defectseg_jax.simulation.domain.patch import Patch
from defectseg_jax.simulation.domain.patches import simulate_patch
from defectseg_jax.simulation.domain.settings import DomainSettings
from defectseg_jax.simulation.parameters import FoilParameters

# The first number of a micrograph's seed. Training patches have 0: see
# `datasets.stream`; what is in train/ is a sample to look at.
SPLITS = {'train': 3, 'dev': 1, 'test': 2}


def write_domain(
  folder: pathlib.Path,
  domain: DomainSettings,
  foil: FoilParameters,
  *,
  defect: str,
  seed: int,
  backgrounds: Sequence[np.ndarray] = (),
  on_written: Callable[[], None] = lambda: None,
) -> None:
  """Writes images/, masks/ and splits.csv.

  Args:
    folder: it is made if it does not exist.
    domain: what is drawn from.
    foil: of the scanned bright-field images.
    defect: that is labelled.
    seed: of all micrographs.
    backgrounds: real ones; may be none.
    on_written: called after each micrograph.
  """
  for kind in ('images', 'masks'):
    (folder / kind).mkdir(parents=True, exist_ok=True)
  rows = []
  for split in SPLITS:
    found = simulate_split(
      split, domain, foil, defect=defect, seed=seed, backgrounds=backgrounds
    )
    for index, patch in enumerate(found):
      name = f'{split}_{index:03d}.tif'
      pixel = patch.pixel_size_nm
      pixels = patch.pixels.astype(np.uint8)
      write_tiff(folder / 'images' / name, pixels, pixel_size_nm=pixel)
      write_mask(folder / 'masks' / name, patch.mask, pixel_size_nm=pixel)
      rows.append([name, split, pixel])
      on_written()
  with (folder / 'splits.csv').open(
    'w', encoding='utf-8', newline=''
  ) as stream:
    writer = csv.writer(stream, lineterminator='\n')
    writer.writerow(['file', 'split', 'pixel_size_nm'])
    writer.writerows(rows)


def simulate_split(
  split: str,
  domain: DomainSettings,
  foil: FoilParameters,
  *,
  defect: str,
  seed: int,
  backgrounds: Sequence[np.ndarray] = (),
) -> Iterator[Patch]:
  """The micrographs of one split, one after the other.

  Args:
    split: train, dev or test.
    domain: what is drawn from.
    foil: of the scanned bright-field images.
    defect: that is labelled.
    seed: of all micrographs.
    backgrounds: real ones; may be none.
  """
  for index in range(domain.micrographs):
    yield simulate_patch(
      domain,
      foil,
      defect=defect,
      side_px=domain.side_px,
      seed=(SPLITS[split], seed, index),
      backgrounds=backgrounds,
      to_judge_by=True,
    )
