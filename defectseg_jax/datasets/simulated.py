"""Simulated foils as a folder in the cache, made once for its parameters."""

import dataclasses
import hashlib
import json
import pathlib
from collections.abc import Callable
from typing import Any

from defectseg_jax.datasets.cache import (
  folder_to_build,
  is_whole,
  move_into_place,
)
from defectseg_jax.disk import file_checksum
from defectseg_jax.errors import InputError
from defectseg_jax.simulation import (
  FoilParameters,
  SimulationSettings,
  write_series,
)
from defectseg_jax.simulation.domain.micrographs import write_domain
from defectseg_jax.simulation.domain.real_backgrounds import read_backgrounds
from defectseg_jax.simulation.domain.settings import DomainSettings

# Raise one when the same parameters give other micrographs than before.
VERSION = 1
DOMAIN_VERSION = 4


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
  return _folder_in_cache(
    recipe,
    f'{defect}_',
    cache,
    lambda made: write_series(made, foil, settings, defect=defect),
  )


def simulate_domain_folder(
  domain: DomainSettings,
  foil: FoilParameters,
  settings: SimulationSettings,
  *,
  defect: str,
  cache: pathlib.Path,
) -> pathlib.Path:
  """The folder of a domain's micrographs for development and test.

  Args:
    domain: what is drawn from.
    foil: of the scanned bright-field images.
    settings: their seed and their backgrounds; `micrographs` is the domain's.
    defect: voids, precipitates or dislocations: that is labelled.
    cache: the folder that it is kept in; made if it is not there.

  Returns:
    A folder of labelled micrographs: made now, or found in the cache.

  Raises:
    InputError: a setting is out of its range, or anything is wrong with the
      backgrounds. Nothing is left in the cache then.
  """
  backgrounds = (
    read_backgrounds(settings.background) if settings.background else []
  )
  recipe = {
    'version': DOMAIN_VERSION,
    'defect': defect,
    'background': [
      hashlib.sha256(b.tobytes()).hexdigest() for b in backgrounds
    ],
    'seed': settings.seed,
    'foil': dataclasses.asdict(foil),
    'domain': dataclasses.asdict(domain),
  }
  return _folder_in_cache(
    recipe,
    f'{defect}_domain_',
    cache,
    lambda made: write_domain(
      made,
      domain,
      foil,
      defect=defect,
      seed=settings.seed,
      backgrounds=backgrounds,
    ),
  )


def _folder_in_cache(
  recipe: dict[str, Any],
  prefix: str,
  cache: pathlib.Path,
  write: Callable[[pathlib.Path], None],
) -> pathlib.Path:
  """The folder of a recipe: written now, or found."""
  text = json.dumps(recipe, sort_keys=True)
  fingerprint = hashlib.sha256(text.encode()).hexdigest()[:16]
  final = cache / 'simulated' / f'{prefix}{fingerprint}'
  if is_whole(final):
    return final
  with folder_to_build(cache, final) as folder:
    if folder is not None:
      made = folder / 'micrographs'
      write(made)
      move_into_place(made, final)
  return final


def _digest(background: str) -> str:
  """Of the file's bytes, because a changed background gives other foils."""
  if not background:
    return ''
  try:
    return file_checksum(pathlib.Path(background))
  except OSError as error:
    raise InputError(
      f'{background}: cannot be read ({error.strerror}); set '
      '--config.simulation.background to a micrograph'
    ) from error
