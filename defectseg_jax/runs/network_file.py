"""NAME.safetensors: the weights of a network that is passed on.

The only place that knows safetensors. The file holds arrays and a line of JSON,
and nothing that could be run. What its card says of it is checked.
"""

import dataclasses
import hashlib
import json
import pathlib
from typing import TYPE_CHECKING, Any

import ml_collections
import numpy as np
import safetensors
import safetensors.numpy

from defectseg_jax.disk import read_regular
from defectseg_jax.errors import InputError
from defectseg_jax.files import write_whole
from defectseg_jax.models import ModelSettings
from defectseg_jax.prediction.scales import SeenSizes
from defectseg_jax.reporting.provenance import Provenance
from defectseg_jax.runs import detection_file
from defectseg_jax.runs.loading import create_run
from defectseg_jax.runs.network_card import (
  FOLDER,
  Card,
  network_config,
  network_path,
  read_card,
  references_path,
  write_card,
)
from defectseg_jax.runs.run import Run
from defectseg_jax.runs.settings import run_settings
from defectseg_jax.training.named_arrays import leaves_by_name
from defectseg_jax.training.progress import Progress

if TYPE_CHECKING:
  # It loads JAX.
  from jaxtyping import PyTree

# The one entry of the file's metadata: with several, their order, and so the
# checksum, would be another each time.
_FACTS = 'defectseg_jax'


def load_network(
  name: str | pathlib.Path,
  *,
  orientations: int = 1,
  engine: str = 'auto',
  config: ml_collections.ConfigDict | None = None,
) -> Run:
  """Reads a network that needs no training.

  Args:
    name: of a network that comes with the program, or the path of a file that
      ends in .safetensors.
    orientations: 8 averages probabilities over rotations and flips (test-time
      augmentation), at eight times the cost; 1 does not.
    engine: what computes it, as `choose_engine` takes it.
    config: of the same defect, where how to measure is to be changed; None for
      the network's own.

  Returns:
    The network, as `load_run` gives one of a run.

  Raises:
    InputError: there is no such network; its file, its card and its
      architecture do not belong together; or `config` is of another defect.

  Examples:
    >>> load_network('unknown')
    Traceback (most recent call last):
    defectseg_jax.errors.InputError: unknown: is not the name of a network ...
  """
  path = network_path(name)
  card = read_card(path)
  settings = run_settings(network_config(path, card, config))
  return create_run(
    path,
    origin=_origin(path, card),
    settings=settings,
    progress=card_progress(card),
    detection=detection_file.run_detection(
      card.detection, path, settings.defect, settings.quantification
    ),
    provenance=Provenance.from_json(card.provenance),
    orientations=orientations,
    engine=engine,
    seen=_seen_sizes(path, card),
    references=references_path(path),
    arrays=read_arrays(path, card),
  )


def _seen_sizes(path: pathlib.Path, card: Card) -> SeenSizes:
  try:
    return SeenSizes(**card.seen_sizes)
  except (TypeError, ValueError) as error:
    raise InputError(
      f'{path.with_suffix(".json")}: its seen_sizes are wrong ({error}); copy '
      f'it again from where {path.name} came from'
    ) from error


def card_progress(card: Card) -> Progress:
  """What a card keeps of the progress of its run.

  Raises:
    InputError: it is no progress.
  """
  try:
    return Progress(**card.progress, threshold=card.threshold)
  except (TypeError, ValueError) as error:
    raise InputError(
      f'the card of the network: its progress is wrong ({error}); copy it again'
      ' from where the network came from'
    ) from error


def read_variables(
  path: pathlib.Path, card: Card, model: ModelSettings
) -> 'tuple[PyTree, PyTree]':
  """Reads a network's arrays, for JAX.

  Args:
    path: of NAME.safetensors.
    card: that lies beside it.
    model: the network to put them into.

  Returns:
    Parameters and running statistics, float32, on the host.

  Raises:
    InputError: the file is not the one that the card describes, or not of this
      network.
  """
  # The network itself needs JAX, and what is in its file does not.
  from defectseg_jax.runs.network import variables_of

  return variables_of(model, read_arrays(path, card), path)


def write_network(
  path: pathlib.Path, variables: 'tuple[PyTree, PyTree]', card: Card
) -> Card:
  """Writes a network's file, and its card for the program.

  Args:
    path: of NAME.safetensors.
    variables: parameters and running statistics.
    card: of the network; says the precision. Its checksum is set here.

  Returns:
    The card with the checksum.
  """
  params, batch_stats = variables
  tree = {'params': params, 'batch_stats': batch_stats}
  data = safetensors.numpy.save(
    {
      name: np.array(leaf, dtype=card.precision, order='C')
      for name, leaf in leaves_by_name(tree).items()
    },
    metadata={_FACTS: json.dumps(card.facts(), sort_keys=True)},
  )
  card = dataclasses.replace(card, sha256=hashlib.sha256(data).hexdigest())
  with write_whole(path) as temporary:
    temporary.write_bytes(data)
  write_card(path, card)
  return card


def read_arrays(path: pathlib.Path, card: Card) -> dict[str, np.ndarray]:
  """Reads a network's arrays by their names, float32.

  Args:
    path: of NAME.safetensors.
    card: that lies beside it.

  Raises:
    InputError: the file is not the one that the card describes.
  """
  again = f'copy {path.name} and {path.stem}.json again, both from one place'
  try:
    data = read_regular(path)
  except OSError as error:
    raise InputError(
      f'{path}: cannot be opened ({error.strerror}); {again}'
    ) from error
  if hashlib.sha256(data).hexdigest() != card.sha256:
    raise InputError(
      f'{path}: is not the file that its card describes: the checksums differ; '
      f'{again}'
    )
  try:
    arrays = safetensors.numpy.load(data)
    facts = json.loads(_metadata(path)[_FACTS])
  except (safetensors.SafetensorError, ValueError, KeyError) as error:
    reason = ' '.join(str(error).split())
    raise InputError(
      f'{path}: is no network of this program ({reason}); {again}'
    ) from error
  for name, value in card.facts().items():
    if facts.get(name) != value:
      raise InputError(
        f'{path}: its card says {name}={value}, and the file '
        f'{facts.get(name)}; {again}'
      )
  for name, array in arrays.items():
    if array.dtype != card.precision or not np.isfinite(array).all():
      raise InputError(
        f'{path}: {name} is not of finite numbers in {card.precision}; {again}'
      )
  return {name: array.astype(np.float32) for name, array in arrays.items()}


def _metadata(path: pathlib.Path) -> dict[str, str]:
  opened: Any = safetensors.safe_open(path, framework='np')
  with opened as file:
    return file.metadata() or {}


def _origin(path: pathlib.Path, card: Card) -> str:
  if path.parent == FOLDER:
    where = f'{path.stem}, a network that comes with the program'
  else:
    where = f'{path}, a network'
  return f'{where} (SHA-256 {card.sha256[:16]}...)'
