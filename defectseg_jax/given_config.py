"""The configs that flags name, looked at before a job is loaded.

A config given by --config, that of a run's folder, or that of a network: each
field of it is looked at in every mode, within a second and without JAX.
"""

import pathlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from defectseg_jax import command_line
from defectseg_jax.errors import InputError

if TYPE_CHECKING:
  from defectseg_jax.runs.workdir import Workdir


class Source(NamedTuple):
  """A network that is one of several, and what it was trained with.

  Attributes:
    network: name or path; None for that of a workdir.
    workdir: of a run; None for a network.
    config: its own.
  """

  network: str | None
  workdir: 'Workdir | None'
  config: Any


def several_networks(mode: str) -> Sequence[Source]:
  """The networks that --network or --workdir names, if they are several.

  Raises:
    InputError: another mode is asked for than predict, two networks look for
      the same, or one cannot be read.
  """
  flags = {
    '--network': command_line.NETWORK.value,
    '--workdir': command_line.WORKDIR.value,
  }
  named = {
    flag: value.split(',')
    for flag, value in flags.items()
    # The name of a file may have a comma.
    if value and ',' in value and not pathlib.Path(value).expanduser().exists()
  }
  if not named:
    return ()
  # Names of other modes are left to them: a run that is made may have a comma.
  if mode != 'predict':
    if '--network' not in named:
      return ()
    raise InputError(
      f'--network={flags["--network"]}: several networks together are for '
      '--mode=predict; give one of them'
    )
  if all(flags.values()):
    raise InputError(
      '--network and --workdir: both bring networks; give one of them'
    )
  if command_line.CONFIG.value is not None:
    raise InputError(
      '--config: several networks have configs of their own; leave it out'
    )
  [(flag, names)] = named.items()
  found = [_source(flag, name) for name in names]
  defects = [one.config.defect for one in found]
  for defect in defects:
    if defects.count(defect) > 1:
      raise InputError(
        f'{flag}={flags[flag]}: {defects.count(defect)} of these networks look '
        f'for {defect}; give one network for each defect'
      )
  return found


def _source(flag: str, name: str) -> Source:
  if not name:
    raise InputError(
      f'{flag}: has a comma too many; give names with one comma between them'
    )
  if flag == '--network':
    return Source(name, None, config_of_network(name, None))
  from defectseg_jax.runs.workdir import Workdir

  workdir = Workdir(name)
  return Source(None, workdir, config_of_run(workdir))


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
