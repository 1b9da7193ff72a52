"""What a session was asked for, noted in session.json.

So whoever goes on with a session, as a review does, needs nothing but its
folder: neither the flags again, nor the network for what follows from masks.
"""

import dataclasses
import pathlib
from collections.abc import Mapping
from typing import Any

import ml_collections

from defectseg_jax.errors import InputError, file_error
from defectseg_jax.prediction.sure_regions import Hysteresis
from defectseg_jax.quantification import (
  MeasurementSettings,
  QuantificationSettings,
)
from defectseg_jax.quantification.properties.settings import PropertySettings
from defectseg_jax.runs.workdir import Workdir, with_tuples
from defectseg_jax.sessions.requests import PredictRequest

_PATHS = ('output', 'calibration', 'samples', 'reference', 'valid')


@dataclasses.dataclass(frozen=True, eq=False)
class Asked:
  """What a session was asked for.

  Attributes:
    settings: how its masks are measured; without what is known of a network.
    limits: what made masks of probabilities; None without a network.
    request: fields of the `PredictRequest`, its paths from the root; empty
      without a network.
    workdir: of the run; None where the request names a network, or there is
      none.
    config: fields of the config, nested; empty without a network.
    scales: without a network, the source and the scale of each image by name.
  """

  settings: MeasurementSettings
  limits: Hysteresis | None = None
  request: Mapping[str, Any] = dataclasses.field(default_factory=dict)
  workdir: str | None = None
  config: Mapping[str, Any] = dataclasses.field(default_factory=dict)
  scales: Mapping[str, Any] = dataclasses.field(default_factory=dict)

  def to_json(self) -> dict[str, Any]:
    """What session.json holds of it."""
    settings = self.settings
    return {
      'measurement': {
        'defect': settings.defect,
        'quantification': dataclasses.asdict(settings.quantification),
        'seed': settings.seed,
        'surface': settings.surface,
        'properties': dataclasses.asdict(settings.properties),
      },
      'limits': self.limits and list(self.limits),
      'request': dict(self.request),
      'workdir': self.workdir,
      'config': dict(self.config),
      'scales': dict(self.scales),
    }

  def again(
    self, output: pathlib.Path
  ) -> tuple[PredictRequest, Workdir | None, ml_collections.ConfigDict]:
    """What predicts the session again.

    Args:
      output: where its folder is now.

    Raises:
      InputError: a file is not there any more, or no network made the session.
    """
    if not self.request:
      raise InputError(f'{output}: no network made its masks; give predict one')
    try:
      request = PredictRequest(**{**self.request, 'output': str(output)})
    except TypeError as error:
      raise InputError(
        f'{output}: another version of the program made it ({error}); give the '
        'command of --mode=predict again'
      ) from error
    workdir = None if self.workdir is None else Workdir(self.workdir)
    return request, workdir, ml_collections.ConfigDict(self.config)


def asked_of(
  request: PredictRequest,
  config: ml_collections.ConfigDict,
  workdir: Workdir | None,
  *,
  settings: MeasurementSettings,
  limits: Hysteresis,
) -> Asked:
  """What is asked of a session, to be noted.

  Args:
    request: with paths from where the command was given.
    config: of the run or the network.
    workdir: of the run; None where the request names a network.
    settings: how masks are measured.
    limits: what makes masks of probabilities.
  """
  fields = dataclasses.asdict(request)
  fields |= {name: _absolute(fields[name]) for name in _PATHS}
  fields['images'] = [_absolute(one) for one in request.images]
  fields['include'] = list(request.include)
  # Asked for once, and not with every command after it.
  fields['overwrite'] = False
  network = request.network
  if network is not None and pathlib.Path(network).expanduser().exists():
    fields['network'] = _absolute(network)
  where = None if workdir is None else _absolute(str(workdir.path))
  return Asked(settings, limits, fields, where, config.to_dict())


def read_asked(content: Any, index: pathlib.Path) -> Asked:
  """Reads what `to_json` gave.

  Args:
    content: of session.json; None where an older version wrote none.
    index: path of session.json, for messages.

  Raises:
    InputError: it is missing, or damaged.
  """
  if content is None:
    raise file_error(
      index,
      'an older version of the program made this session, and noted too little',
      'give the command of --mode=predict again, and then this one',
    )
  try:
    measured = content['measurement']
    limits = content['limits']
    return Asked(
      MeasurementSettings(
        str(measured['defect']),
        QuantificationSettings(**measured['quantification']),
        seed=int(measured['seed']),
        surface=bool(measured['surface']),
        properties=PropertySettings(**measured.get('properties', {})),
      ),
      None if limits is None else Hysteresis(*map(float, limits)),
      dict(content['request']),
      content['workdir'],
      with_tuples(content['config']),
      dict(content['scales']),
    )
  except (KeyError, TypeError, AttributeError, ValueError) as error:
    raise file_error(
      index,
      f'is damaged ({error})',
      'give the command of --mode=predict again',
    ) from error


def _absolute(path: str | None) -> str | None:
  """From the root, as the program may be started elsewhere next time."""
  if not path:
    return path
  return str(pathlib.Path(path).expanduser().absolute())
