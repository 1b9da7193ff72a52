"""Micrographs with known masks that networks are judged by."""

import csv
import dataclasses
import functools
import importlib
import pathlib
from collections.abc import Callable

import numpy as np

from defectseg_jax.micrographs.masks import read_mask
from defectseg_jax.micrographs.micrograph import Micrograph
from defectseg_jax.micrographs.reading import read_micrograph
from defectseg_jax.simulation import foil_parameters, simulate_foil
from defectseg_jax.simulation.domain.micrographs import simulate_split
from defectseg_jax.simulation.domain.settings import domain_settings

SHARED = pathlib.Path('../shared')


@dataclasses.dataclass(frozen=True, eq=False)
class Example:
  """A micrograph and its mask, bool [H, W]."""

  micrograph: Micrograph
  mask: np.ndarray


def sets_of(defect: str) -> dict[str, Callable[[], list[Example]]]:
  """By name, what reads or makes the micrographs of each set of a defect."""
  own: dict[str, Callable[[], list[Example]]] = {
    'domain': functools.partial(_domain, defect),
    'foils': functools.partial(_foils, defect),
  }
  if defect == 'voids':
    return own | {'artefacts': _artefacts, 'voids_on_tem': _voids_on_tem}
  if defect == 'precipitates':
    return own | {'superalloys': _superalloys}
  return own | {
    'loops_316l': functools.partial(_labelled, 'steel316l_loops', None),
    'twip_lines': functools.partial(_labelled, 'twip_lines', None),
  }


def _superalloys() -> list[Example]:
  """The test set; the others are for those who train on them."""
  return _labelled('superalloy_precipitates', 'test')


def _labelled(name: str, split: str | None) -> list[Example]:
  """Real micrographs of a folder of ../shared/data, whose scale is unknown.

  Args:
    name: of the folder.
    split: of its splits.csv; None for all micrographs.
  """
  folder = SHARED / 'data' / name
  names = sorted(path.name for path in (folder / 'images').iterdir())
  if split is not None:
    with (folder / 'splits.csv').open() as stream:
      splits = {row['file']: row['split'] for row in csv.DictReader(stream)}
    names = [name for name in names if splits[name] == split]
  return [
    Example(
      read_micrograph(folder / 'images' / name),
      read_mask(folder / 'masks' / name) > 0,
    )
    for name in names
  ]


def _domain(defect: str) -> list[Example]:
  """The test micrographs of the domain, without real backgrounds."""
  config = _config(defect, 'scale=general')
  patches = simulate_split(
    'test',
    domain_settings(config['domain']),
    foil_parameters(config['foil']),
    defect=defect,
    seed=config['simulation']['seed'],
  )
  return [
    Example(
      Micrograph(
        patch.pixels, name=f'domain_{index}', pixel_size_nm=patch.pixel_size_nm
      ),
      patch.mask,
    )
    for index, patch in enumerate(patches)
  ]


def _foils(defect: str) -> list[Example]:
  """Two foils of the paper's kind, of a seed that no run was trained on."""
  foil = foil_parameters(_config(defect, '')['foil'])
  found = []
  for index in range(2):
    made = simulate_foil(foil, seed=1000, index=index)
    micrograph = Micrograph(
      made.pixels,
      name=f'foil_{index}',
      pixel_size_nm=foil.pixel_size_nm,
    )
    found.append(Example(micrograph, made.masks[defect]))
  return found


def _artefacts() -> list[Example]:
  folder = SHARED / 'data/cases/artefacts'
  return [
    Example(
      read_micrograph(folder / 'images' / f'{name}.tif'),
      read_mask(folder / 'truth' / f'{name}.png') > 0,
    )
    for name in ('base', 'binned_2', 'zoomed_2')
  ]


def _voids_on_tem() -> list[Example]:
  folder = SHARED / 'data/voids_on_tem'
  with (folder / 'splits.csv').open() as stream:
    rows = list(csv.DictReader(stream))
  return [
    Example(
      dataclasses.replace(
        read_micrograph(folder / 'images' / row['file']),
        pixel_size_nm=float(row['pixel_size_nm']),
      ),
      read_mask(folder / 'masks' / row['file']) > 0,
    )
    for row in rows
  ]


def _config(defect: str, argument: str) -> dict:
  module = importlib.import_module(f'configs.{defect}')
  return module.get_config(argument).to_dict()
