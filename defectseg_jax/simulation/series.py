"""A series of simulated foils as a folder of labelled micrographs."""

import csv
import json
import pathlib
from collections.abc import Callable

import numpy as np

from defectseg_jax.errors import InputError
from defectseg_jax.micrographs.writing import write_mask, write_tiff
from defectseg_jax.simulation.background import read_background
from defectseg_jax.simulation.foil import KINDS, Foil, simulate_foil
from defectseg_jax.simulation.parameters import FoilParameters
from defectseg_jax.simulation.settings import SimulationSettings


def write_series(
  folder: pathlib.Path,
  foil: FoilParameters,
  settings: SimulationSettings,
  *,
  defect: str,
  on_written: Callable[[], None] = lambda: None,
) -> None:
  """Writes images/, masks/, truth/ and splits.csv.

  Args:
    folder: where to; made if it is not there.
    foil: the parameters of all.
    settings: how many micrographs, their seed and their background.
    defect: voids, precipitates or dislocations: whose masks are in masks/.
      Those of all three are in truth/.
    on_written: called after each.

  Raises:
    InputError: the defect is unknown, there are to be no micrographs, the
      seed is negative, or anything is wrong with the background. Nothing is
      written then.
  """
  if defect not in KINDS:
    raise InputError(
      f'config.defect={defect}: choose one of {", ".join(KINDS)}'
    )
  if settings.micrographs < 1:
    raise InputError(
      f'config.simulation.micrographs={settings.micrographs}: must be 1 or more'
    )
  if settings.seed < 0:
    raise InputError(
      f'config.simulation.seed={settings.seed}: must be 0 or more'
    )
  background = (
    read_background(settings.background, foil) if settings.background else None
  )
  rows = []
  for index in range(settings.micrographs):
    made = simulate_foil(
      foil, seed=settings.seed, index=index, background=background
    )
    name = f'foil_{index:04d}'
    _write_foil(folder, name, made, defect, foil.pixel_size_nm)
    # No split: each is divided into quarters, as in the paper.
    rows.append([f'{name}.tif', '', foil.pixel_size_nm, foil.thickness_nm])
    on_written()
  with (folder / 'splits.csv').open('w', newline='') as stream:
    writer = csv.writer(stream, lineterminator='\n')
    writer.writerow(['file', 'split', 'pixel_size_nm', 'thickness_nm'])
    writer.writerows(rows)


def _write_foil(folder, name, made: Foil, defect, pixel_size_nm):
  for kind in ('images', 'masks', 'truth'):
    (folder / kind).mkdir(parents=True, exist_ok=True)
  write_tiff(
    folder / 'images' / f'{name}.tif', made.pixels, pixel_size_nm=pixel_size_nm
  )
  write_mask(
    folder / 'masks' / f'{name}.tif',
    made.masks[defect],
    pixel_size_nm=pixel_size_nm,
  )
  text = json.dumps(made.truth, indent=1, allow_nan=False)
  (folder / 'truth' / f'{name}.json').write_text(text + '\n')
  masks = {f'mask_{kind}': mask for kind, mask in made.masks.items()}
  np.savez_compressed(folder / 'truth' / f'{name}.npz', **made.arrays, **masks)
