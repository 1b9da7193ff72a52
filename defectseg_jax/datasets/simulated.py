"""Simulated foils as a folder in the cache, made once for its parameters."""

import hashlib
import json
import pathlib
from collections.abc import Mapping
from typing import Any

from defectseg_jax.datasets.cache import placed, scratch
from defectseg_jax.errors import InputError
from defectseg_jax.simulation import (
  SimulationSettings,
  foil_parameters,
  write_series,
)

# To be raised when the same parameters come to give other micrographs.
VERSION = 1


def simulate_folder(
  config: Mapping[str, Any], cache: pathlib.Path
) -> pathlib.Path:
  """The folder of the foils that a config describes.

  Args:
    config: the whole config: `defect`, `simulation` and `foil` are read.
    cache: where it is kept; there, and writable.

  Returns:
    A folder as `--mode=simulate` writes it: made now, or found in the cache.

  Raises:
    InputError: a parameter is out of its range, or anything is wrong with the
      background. Nothing is left in the cache then.
  """
  settings = SimulationSettings(**config.simulation)
  foil = foil_parameters(config.foil)
  recipe = {
    'version': VERSION,
    'defect': config.defect,
    'background': _digest(settings.background),
    'micrographs': settings.micrographs,
    'seed': settings.seed,
    'foil': config.foil.to_dict(),
  }
  text = json.dumps(recipe, sort_keys=True)
  fingerprint = hashlib.sha256(text.encode()).hexdigest()[:16]
  final = cache / 'simulated' / f'{config.defect}_{fingerprint}'
  if final.is_dir():
    return final
  with scratch(cache, final) as folder:
    if folder is not None:
      made = folder / 'foils'
      write_series(made, foil, settings, defect=config.defect)
      placed(made, final)
  return final


def _digest(background: str) -> str:
  """Of the file's bytes: a changed background gives other foils."""
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
