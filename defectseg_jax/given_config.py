"""The config that flags name, looked at before a job is loaded.

A config given by --config, that of a run's folder, or that of a network: each
field of it is looked at in every mode, within a second and without JAX.
"""

from typing import TYPE_CHECKING, Any

from defectseg_jax import command_line
from defectseg_jax.errors import InputError

if TYPE_CHECKING:
  from defectseg_jax.runs.workdir import Workdir


def read_config() -> Any:
  """The config that --config names; None where it is not given."""
  config = command_line.CONFIG.value
  try:
    if config is not None:
      # A file that could not be loaded says so only when it is looked at.
      _ = config.defect
    return config
  except OSError as error:
    raise InputError(
      f'--config: {str(error).strip().splitlines()[-1].strip()}; give '
      '--config=voids, or the path of a config file'
    ) from error


def config_of_network(name: str, config: Any) -> Any:
  """The config of a network that needs no run; JAX is not loaded for it."""
  from defectseg_jax.runs import network_card

  if command_line.WORKDIR.value is not None:
    raise InputError(
      f'--network={name} and --workdir={command_line.WORKDIR.value}: both '
      'bring a network; give one of them'
    )
  path = network_card.network_path(name)
  for given in command_line.given_settings():
    if not f'{given}.'.startswith(
      tuple(f'{kept}.' for kept in network_card.CHANGEABLE)
    ):
      raise InputError(
        f'--config.{given}: a network keeps what it was trained with; with '
        '--network only --config.quantification, --config.properties, '
        '--config.seed and --config.data.rgb can be set'
      )
  return network_card.network_config(path, network_card.read_card(path), config)


def config_of_run(workdir: 'Workdir') -> Any:
  """What config.json holds, which a person may have changed by hand."""
  config = workdir.read_config()
  try:
    require_valid(config)
  except InputError as error:
    raise InputError(f'{workdir.config}: {error}') from error
  return config


def require_valid(config: Any) -> None:
  """Refuses every value that no mode could use, whichever mode is asked."""
  from defectseg_jax.runs.settings import run_settings
  from defectseg_jax.search.settings import search_settings

  run_settings(config)
  # Runs of 0.2.0 know no search.
  search_settings(config.get('search', {}))


def require_trainable(config: Any) -> None:
  """Checks settings and the folder of micrographs, before JAX is loaded."""
  from defectseg_jax.runs import config_checks
  from defectseg_jax.runs.data import require_source
  from defectseg_jax.runs.settings import run_settings

  settings = run_settings(config)
  config_checks.require_valid(settings)
  require_source(settings)
