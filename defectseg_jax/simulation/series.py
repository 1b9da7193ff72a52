"""A series of simulated foils as a folder of labelled micrographs."""

import csv
import json
import pathlib
from collections.abc import Callable
from typing import Any

import numpy as np

from defectseg_jax.files import write_text
from defectseg_jax.micrographs.writing import write_mask, write_tiff
from defectseg_jax.simulation.background import read_background
from defectseg_jax.simulation.foil import Foil, simulate_foil
from defectseg_jax.simulation.parameters import FoilParameters
from defectseg_jax.simulation.settings import SimulationSettings


def write_series(
  folder: str | pathlib.Path,
  foil: FoilParameters,
  settings: SimulationSettings,
  *,
  defect: str,
  on_written: Callable[[], None] = lambda: None,
) -> None:
  """Writes simulated micrographs: images/, masks/, truth/ and splits.csv.

  Args:
    folder: where they are written; it is made if it does not exist.
    foil: the parameters of all foils.
    settings: how many micrographs, their seed and their background.
    defect: voids, precipitates or dislocations: masks/ has the masks of it;
      truth/ has those of all three.
    on_written: called after each micrograph.

  Raises:
    InputError: anything is wrong with the background. Nothing is written then.

  Examples:
    >>> import tempfile
    >>> from defectseg_jax.simulation import foil_parameters
    >>> foil = foil_parameters({'side_px': 64})
    >>> series = SimulationSettings(micrographs=2, seed=0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...   write_series(folder, foil, series, defect='voids')
    ...   sorted(path.name for path in pathlib.Path(folder).iterdir())
    ...   sorted(path.name for path in pathlib.Path(folder).glob('masks/*'))
    ['images', 'masks', 'splits.csv', 'truth']
    ['foil_0000.tif', 'foil_0001.tif']
  """
  folder = pathlib.Path(folder)
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
    # Without a split, each is divided into regions, as in the paper.
    rows.append([f'{name}.tif', '', foil.pixel_size_nm, foil.thickness_nm])
    on_written()
  with (folder / 'splits.csv').open(
    'w', encoding='utf-8', newline=''
  ) as stream:
    writer = csv.writer(stream, lineterminator='\n')
    writer.writerow(['file', 'split', 'pixel_size_nm', 'thickness_nm'])
    writer.writerows(rows)


def _write_foil(
  folder: pathlib.Path, name: str, made: Foil, defect: str, pixel_size_nm: float
) -> None:
  """Writes an image, its mask, and its ground truth."""
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
  write_text(folder / 'truth' / f'{name}.json', text + '\n')
  arrays: dict[str, Any] = {
    **made.arrays,
    **{f'mask_{kind}': mask for kind, mask in made.masks.items()},
  }
  np.savez_compressed(folder / 'truth' / f'{name}.npz', **arrays)
