"""Whether settings that are right one by one go together.

What each may hold by itself is said beside its field, in the rooms'
settings.py, and asked when a config is read (`run_settings`).
"""

from defectseg_jax.datasets.regions import MINIMUM_SIDE_PX
from defectseg_jax.datasets.settings import DataSettings
from defectseg_jax.errors import InputError
from defectseg_jax.models.settings import ModelSettings
from defectseg_jax.runs.settings import RunSettings

# Pixels of a batch, 4 GiB of float32 before the first convolution; by eye.
_MOST_BATCH_PX = 2**30


def require_valid(settings: RunSettings) -> None:
  """Refuses what cannot be trained, before JAX is loaded.

  Raises:
    InputError: two settings contradict each other.
  """
  _require_source(settings.data)
  _require_background(settings)
  _require_side(settings)
  training, data = settings.training, settings.data
  if training.batch_size * data.patch_px**2 > _MOST_BATCH_PX:
    most = _MOST_BATCH_PX // data.patch_px**2
    raise InputError(
      f'config.training.batch_size={training.batch_size}: so many patches of '
      f'{data.patch_px} x {data.patch_px} pixels fit into no memory; must be '
      f'at most {most}, or make config.data.patch_px smaller'
    )


def _require_background(settings: RunSettings) -> None:
  folder, simulated = settings.simulation.background, settings.domain
  if folder and simulated is not None and settings.defect == 'dislocations':
    raise InputError(
      f'config.simulation.background={folder}: real micrographs have '
      'dislocations of their own, which would be learnt as background; leave '
      'it out'
    )


def _require_side(settings: RunSettings) -> None:
  for name, simulated in (('domain', settings.domain), ('foil', settings.foil)):
    if simulated is not None:
      if simulated.side_px < MINIMUM_SIDE_PX:
        raise InputError(
          f'config.{name}.side_px={simulated.side_px}: must be '
          f'{MINIMUM_SIDE_PX} or more, to be trained on and judged by'
        )
      return


def _require_source(data: DataSettings) -> None:
  if data.source == 'folder' and not data.dir:
    raise InputError(
      "config.data.dir='': say where images/ and masks/ are, with "
      '--config.data.dir=DIR'
    )
  if data.source != 'folder' and data.dir:
    raise InputError(
      f'config.data.dir={data.dir}: simulated foils have no folder; '
      'add --config.data.source=folder, or leave it out'
    )


def require_patch_fits(
  patch_px: int, model: ModelSettings, multiple: int
) -> None:
  """Raises InputError for a patch that the poolings cannot halve evenly."""
  if patch_px % multiple:
    raise InputError(
      f'config.data.patch_px={patch_px}: must be a multiple of {multiple} for '
      f'config.model.name={model.name}'
    )


def require_divisible(batch_size: int, device_count: int) -> None:
  """Raises InputError for a batch that cannot be divided among the devices."""
  if batch_size % device_count:
    smaller = batch_size // device_count * device_count
    choices = [n for n in (smaller, smaller + device_count) if n]
    raise InputError(
      f'config.training.batch_size={batch_size}: does not divide among '
      f'{device_count} devices; use {" or ".join(map(str, choices))}'
    )
