"""The card of a network file: what the network is, and how it came about.

A network that is passed on is three files of one name. NAME.safetensors has its
weights, NAME.json this card, NAME.md the same for people. Those that come with
the program lie in defectseg_jax/networks. A card is read without JAX.
"""

import dataclasses
import json
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

import ml_collections

from defectseg_jax.disk import read_regular
from defectseg_jax.errors import InputError
from defectseg_jax.files import json_text, write_text, write_whole
from defectseg_jax.runs.settings import config_with_defaults
from defectseg_jax.runs.workdir import with_tuples

# Raised when a card changes so that older programs would read it wrongly.
FORMAT = 1
SUFFIX = '.safetensors'
FOLDER = pathlib.Path(__file__).parents[1] / 'networks'

# What of a config may differ from the network's: how masks are measured, the
# alloy, the seed of bootstraps, and which files are read. The rest is in its
# weights.
CHANGEABLE = ('quantification', 'properties', 'seed', 'data.rgb')


@dataclasses.dataclass(frozen=True, kw_only=True)
class Card:
  """What is known of a network; its fields are the keys of NAME.json.

  Attributes:
    format: of the card.
    defect: that the network finds.
    threshold: probability from which a pixel is taken for defect.
    parameters: how many numbers its weights are, running statistics included.
    precision: of the file: float32 or float16.
    sha256: of NAME.safetensors.
    holds_for: by `diameter_px` and `pixel_size_nm` the smallest and the largest
      that it was trained on; empty where that is not known.
    seen_sizes: the content of seen_sizes.json, which tells at which scales the
      network looks.
    scores: of each set that it was scored on: `set`, and what was measured.
    limits: where it does not work, in sentences; written by hand.
    machine: that it was trained on; written by hand, None where it is not.
    hours: that training took, likewise.
    began_from: commands that made the network it began from, first to last;
      written by hand.
    progress: of the run: fields of `Progress` but threshold and history.
    detection: the content of dev_detection.json.
    provenance: of the run, as `Provenance` has it.
    config: of the run.
  """

  format: int = FORMAT
  defect: str
  threshold: float
  parameters: int
  precision: str
  sha256: str = ''
  holds_for: Mapping[str, Sequence[float]]
  seen_sizes: Mapping[str, Any]
  scores: Sequence[Mapping[str, Any]]
  limits: Sequence[str] = ()
  machine: str | None = None
  hours: float | None = None
  began_from: Sequence[str] = ()
  progress: Mapping[str, Any]
  detection: Mapping[str, Any]
  provenance: Mapping[str, Any]
  config: Mapping[str, Any]

  def facts(self) -> dict[str, Any]:
    """What the file of weights says as well, to be compared with it."""
    facts = {
      'defect': self.defect,
      'model': self.config['model'],
      'preprocessing': self.config['preprocessing'],
      'threshold': self.threshold,
      'seen_sizes': self.seen_sizes,
    }
    return json.loads(json.dumps(facts))


def network_names() -> list[str]:
  """The networks that come with the program."""
  return sorted(path.stem for path in FOLDER.glob(f'*{SUFFIX}'))


def names_network(name: str) -> bool:
  """Whether `config.init_from` names a network, and not a run's folder."""
  if name.endswith(SUFFIX) or name in network_names():
    return True
  # A word that is no folder here is meant as a network's name.
  return bool(name) and '/' not in name and not pathlib.Path(name).exists()


def require_beginning(name: str, model: str) -> None:
  """Looks whether training can begin from a network, before data are read.

  Args:
    name: `config.init_from`.
    model: name of the architecture that is to be trained.

  Raises:
    InputError: there is no such network, or it is of another architecture.
  """
  if not names_network(name):
    return
  path = network_path(name)
  found = read_card(path).config['model']['name']
  if found != model:
    raise InputError(
      f'{path}: is a {found}, and the config is of {model}; set '
      f'--config.model.name={found}'
    )


def network_path(name: str | pathlib.Path) -> pathlib.Path:
  """The file of a network.

  Args:
    name: of a network that comes with the program, or the path of a file that
      ends in .safetensors.

  Raises:
    InputError: there is no such network.

  Examples:
    >>> network_path('nowhere.safetensors')
    Traceback (most recent call last):
    defectseg_jax.errors.InputError: nowhere.safetensors: there is no such ...
  """
  name, names = str(name), network_names()
  if name in names:
    return FOLDER / f'{name}{SUFFIX}'
  known = ', '.join(names) or 'none comes with this version'
  if not name.endswith(SUFFIX):
    raise InputError(
      f'{name or "(empty)"}: is not the name of a network ({known}); choose '
      f'one of these, or give the path of a file that ends in {SUFFIX}'
    )
  path = pathlib.Path(name).expanduser()
  if not path.is_file():
    raise InputError(
      f'{name}: there is no such file; give the path of a network, or the name '
      f'of one that comes with the program ({known})'
    )
  return path


def references_path(path: pathlib.Path) -> pathlib.Path:
  """NAME.references.csv: how the network does where the truth is known.

  Args:
    path: of NAME.safetensors.
  """
  return path.with_suffix('.references.csv')


def read_card(path: pathlib.Path) -> Card:
  """Reads the card that lies beside a network's file.

  Args:
    path: of NAME.safetensors.

  Raises:
    InputError: the card is missing, is none, contradicts itself, or is one of a
      newer program.
  """
  beside = path.with_suffix('.json')
  try:
    content = json.loads(read_regular(beside))
    if content['format'] != FORMAT:
      raise InputError(
        f'{beside}: has format {content["format"]}, and this program reads '
        f'{FORMAT}; install a newer defectseg_jax'
      )
    card = Card(**with_tuples(content))
    if card.config['defect'] != card.defect:
      raise ValueError(f'of {card.defect} and of {card.config["defect"]}')
    if not 0 <= card.threshold <= 1:
      raise ValueError(f'threshold {card.threshold}')
    card.facts()
  except InputError:
    raise
  except OSError as error:
    raise InputError(
      f'{beside}: cannot be opened ({error.strerror}); a network needs its '
      f'card: copy it from where {path.name} came from'
    ) from error
  except (ValueError, KeyError, TypeError, AttributeError) as error:
    reason = ' '.join(str(error).split())
    raise InputError(
      f'{beside}: is no card of a network ({reason}); copy it again from where '
      f'{path.name} came from'
    ) from error
  return card


def write_card(path: pathlib.Path, card: Card) -> None:
  """Writes the card beside a network's file, for the program.

  Args:
    path: of NAME.safetensors.
    card: of the network.
  """
  with write_whole(path.with_suffix('.json')) as temporary:
    write_text(temporary, json_text(dataclasses.asdict(card)))


def network_config(
  path: pathlib.Path, card: Card, given: ml_collections.ConfigDict | None
) -> ml_collections.ConfigDict:
  """The config of a network, with what somebody wants done with its masks.

  Args:
    path: of the network, for messages.
    card: of the network.
    given: of which the fields in `CHANGEABLE` are taken; None for the
      network's own.

  Returns:
    A whole config. Fields that came after the network have their defaults.

  Raises:
    InputError: `given` is of another defect.
  """
  fields = config_with_defaults(card.config)
  if given is not None:
    if given.defect != card.defect:
      raise InputError(
        f'{path}: finds {card.defect}, and the config is of {given.defect}; '
        f'give --config={card.defect}, or leave it out'
      )
    wanted = given.to_dict()
    fields['quantification'] = wanted['quantification']
    # Configs of 0.2.0 have none.
    fields['properties'] = config_with_defaults(wanted)['properties']
    fields['seed'] = wanted['seed']
    fields['data'] = {**fields['data'], 'rgb': wanted['data']['rgb']}
  return ml_collections.ConfigDict(fields)
