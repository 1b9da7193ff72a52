"""Simulated foils as a folder in the cache, made once for its parameters."""

import dataclasses
import hashlib
import json
import pathlib

from defectseg_jax.datasets.cache import folder_to_build, move_into_place
from defectseg_jax.errors import InputError
from defectseg_jax.simulation import (
  FoilParameters,
  SimulationSettings,
  write_series,
)

# Raise it when the same parameters give other micrographs than before.
VERSION = 1


def simulate_folder(
  foil: FoilParameters,
  settings: SimulationSettings,
  *,
  defect: str,
  cache: pathlib.Path,
) -> pathlib.Path:
  """The folder of a series of simulated foils.

  Args:
    foil: the parameters of all.
    settings: how many micrographs, their seed and their background.
    defect: voids, precipitates or dislocations: whose masks are in masks/.
    cache: the folder that it is kept in; made if it is not there.

  Returns:
    A folder as `--mode=simulate` writes it: made now, or found in the cache.

  Raises:
    InputError: a setting is out of its range, or anything is wrong with the
      background. Nothing is left in the cache then.
  """
  recipe = {
    'version': VERSION,
    'defect': defect,
    'background': _digest(settings.background),
    'micrographs': settings.micrographs,
    'seed': settings.seed,
    'foil': dataclasses.asdict(foil),
  }
  text = json.dumps(recipe, sort_keys=True)
  fingerprint = hashlib.sha256(text.encode()).hexdigest()[:16]
  final = cache / 'simulated' / f'{defect}_{fingerprint}'
  if final.is_dir():
    return final
  with folder_to_build(cache, final) as folder:
    if folder is not None:
      made = folder / 'foils'
      write_series(made, foil, settings, defect=defect)
      move_into_place(made, final)
  return final


def _digest(background: str) -> str:
  """Of the file's bytes, because a changed background gives other foils."""
  if not background:
    return ''
  try:
    with open(background, 'rb') as stream:
      return hashlib.file_digest(stream, 'sha256').hexdigest()
  except OSError as error:
    raise InputError(
      f'{background}: cannot be read ({error.strerror}); set '
      '--config.simulation.background to a micrograph'
    ) from error
