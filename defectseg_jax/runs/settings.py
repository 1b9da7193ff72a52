"""The door: a config becomes what each room asks for.

A config (ml_collections) is what people write and change by flags; below this
file, rooms get frozen dataclasses. `RunSettings` names the sections that exist;
each section's fields are described where the room reads them.
"""

import dataclasses
import typing
from collections.abc import Mapping
from typing import Annotated, Any

import ml_collections

from defectseg_jax.bounds import Seed, one_of, read_fields, within
from defectseg_jax.datasets.settings import DataSettings
from defectseg_jax.errors import InputError
from defectseg_jax.micrographs.settings import PreprocessingSettings
from defectseg_jax.models.settings import NAMES, ModelSettings
from defectseg_jax.quantification.properties.settings import (
  NO_PROPERTIES,
  PropertySettings,
)
from defectseg_jax.quantification.settings import QuantificationSettings
from defectseg_jax.simulation.domain.settings import (
  DomainSettings,
  domain_settings,
  require_kinds,
)
from defectseg_jax.simulation.parameters import FoilParameters, foil_parameters
from defectseg_jax.simulation.settings import SimulationSettings
from defectseg_jax.training.settings import TrainingSettings

DEFECTS = ('voids', 'precipitates', 'dislocations')
# ml_collections' type is no Mapping, though it reads like one.
Config = ml_collections.ConfigDict | Mapping[str, Any]


@dataclasses.dataclass(frozen=True)
class EvaluationSettings:
  """How micrographs are evaluated while a run is trained and scored.

  Attributes:
    tile_px: side of the part of a micrograph that one tile covers, in pixels.
  """

  tile_px: Annotated[int, within(16, 16384, 'memory grows with its square')] = (
    512
  )


@dataclasses.dataclass(frozen=True)
class RunSettings:
  """All settings of a run, a section an attribute.

  Attributes:
    defect: voids, precipitates or dislocations.
    seed: of the first weights, the order of patches, dropout and bootstraps.
    init_from: a workdir, or a network that comes with the program, whose
      weights to begin from; '' for random ones.
    data, simulation, preprocessing, model, training, evaluation,
      quantification, properties: the sections of the config.
    foil: likewise; None where micrographs are not simulated.
    domain: likewise; None where they are not of a domain.
  """

  defect: Annotated[str, one_of(*DEFECTS)]
  seed: Seed
  init_from: str
  data: DataSettings
  simulation: SimulationSettings
  foil: FoilParameters | None
  domain: DomainSettings | None
  preprocessing: PreprocessingSettings
  model: ModelSettings
  training: TrainingSettings
  evaluation: EvaluationSettings
  quantification: QuantificationSettings
  properties: PropertySettings


def run_settings(config: Config) -> RunSettings:
  """Reads a config.

  Args:
    config: of a run, with all sections; of a search, whose section `search` is
      left alone.

  Raises:
    InputError: a section or a field is missing, or unknown, or out of range.

  Examples:
    >>> from configs import voids
    >>> run_settings(voids.get_config()).model.name
    'defectsegnet'
  """
  fields = _as_dict(config)
  # Also where nothing reads them: what is wrong today is read tomorrow.
  foil = foil_parameters(fields.get('foil', {}))
  domain = domain_settings(fields.get('domain', {}))
  # Runs of 0.2.0 have no properties.
  fields.setdefault('properties', dataclasses.asdict(NO_PROPERTIES))
  fields |= {'foil': foil, 'domain': domain}
  fields.pop('search', None)
  run = read_fields(RunSettings, fields, 'config', complete=True)
  _require_architecture(run.model.name)
  is_domain = run.data.source == 'domain'
  is_simulated = is_domain or run.data.source == 'simulated'
  if is_domain:
    require_kinds(domain.imaging, run.defect)
  return dataclasses.replace(
    run,
    foil=foil if is_simulated else None,
    domain=domain if is_domain else None,
  )


def _require_architecture(name: str) -> None:
  """Raises InputError for a name that is not known; loads JAX for no other."""
  if name in NAMES:
    return
  # Who uses the package as a library may have added one.
  from defectseg_jax.models import ARCHITECTURES

  if name not in ARCHITECTURES:
    raise InputError(
      f'config.model.name={name}: {one_of(*NAMES).said_of(name)}'
    )


def config_with_defaults(config: Mapping[str, Any]) -> dict[str, Any]:
  """A config of an older version, with what it lacks as the defaults are.

  Args:
    config: of a run; sections and fields may be missing.

  Examples:
    >>> fields = config_with_defaults({'model': {'name': 'unet_350k'}})
    >>> fields['model']['name'], fields['model']['batch_norm_momentum']
    ('unet_350k', 0.9)
  """
  kinds: dict[str, Any] = typing.get_type_hints(RunSettings)
  names = [n for n, kind in kinds.items() if dataclasses.is_dataclass(kind)]
  sections = {
    name: dataclasses.asdict(kinds[name]()) | dict(config.get(name, {}))
    for name in names
  }
  return {**config, **sections}


def series_settings(
  config: Config,
) -> tuple[SimulationSettings, FoilParameters]:
  """Reads what a series of simulated foils needs.

  Raises:
    InputError: as `run_settings`.
  """
  fields = _as_dict(config)
  return (
    read_fields(SimulationSettings, fields['simulation'], 'config.simulation'),
    foil_parameters(fields['foil']),
  )


def _as_dict(config: Config) -> dict[str, Any]:
  if isinstance(config, ml_collections.ConfigDict):
    return config.to_dict()
  return dict(config)
