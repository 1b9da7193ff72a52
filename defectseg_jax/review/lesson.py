"""A lesson: what a network learns from a person's corrections, on disk.

teaching/N/ in the session's folder holds one:

| | |
|---|---|
| `lesson.json` | what is learnt from what; written last, so that it is whole |
| `data/` | the accepted images as they were then, a folder to train on |
| `run/` | the network, as --mode=train leaves it |
| `state.json` | how far it is |
| `masks/`, `probabilities/` | what it proposes for the other images |
| `limits.json` | threshold and least peak that make the masks |
| `scores.json` | of the old and the new network on what was held back |
| `answer.json` | whether the person took it |

Nothing of it is changed once it is written, but `run/` and `state.json`.
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
from defectseg_jax.runs.network_card import (
  names_network,
  network_config,
  network_path,
  read_card,
)
from defectseg_jax.runs.workdir import Workdir

FOLDER = 'teaching'
# From so many on, some are held back, to tell whether it got better.
FEWEST_TO_JUDGE = 3
# Steps of training: 1 to 3 minutes on 2 cores (docs/review.md).
STEPS = 64
_BATCH = 4
_PATCH_PX = 256
# An epoch has at least so many steps where there are enough orientations: after
# each the development set is looked at.
_STEPS_AN_EPOCH = 8


@dataclasses.dataclass(frozen=True)
class Lesson:
  """What is learnt from what.

  Attributes:
    network: to begin from: a name, a file, or the folder of a run.
    learnt: names of the images to learn from.
    held_back: of those that it is judged by.
    asked: of those to propose objects for.
    fingerprint: of what was accepted; the same lesson goes on.
    steps: to train.
  """

  network: str
  learnt: Sequence[str]
  held_back: Sequence[str]
  asked: Sequence[str]
  fingerprint: str
  steps: int = STEPS


def held_back(names: Sequence[str]) -> list[str]:
  """Every third image; none where there are too few.

  Args:
    names: of the accepted images.

  Examples:
    >>> held_back(['a', 'b']), held_back(['a', 'b', 'c', 'd', 'e'])
    ([], ['b', 'e'])
  """
  return sorted(names)[1::3] if len(names) >= FEWEST_TO_JUDGE else []


def lesson_folders(session: pathlib.Path) -> list[pathlib.Path]:
  """The lessons of a session, oldest first."""
  found = [p for p in (session / FOLDER).glob('*') if p.name.isdecimal()]
  return sorted(found, key=lambda path: int(path.name))


def write_lesson(folder: pathlib.Path, lesson: Lesson) -> None:
  """Writes lesson.json whole."""
  with write_whole(folder / 'lesson.json') as temporary:
    write_text(temporary, json_text(dataclasses.asdict(lesson)))


def read_lesson(folder: pathlib.Path) -> Lesson:
  """Reads lesson.json.

  Raises:
    InputError: it is missing or damaged.
  """
  content = read_json(folder / 'lesson.json')
  try:
    return Lesson(**(content or {}))
  except TypeError as error:
    raise InputError(
      f'{folder / "lesson.json"}: is damaged; remove {folder}, and learn again'
    ) from error


def read_json(path: pathlib.Path) -> dict[str, Any] | None:
  """A JSON object; None where the file is missing or holds none."""
  try:
    content = json.loads(read_regular(path))
  except (OSError, ValueError):
    return None
  return content if isinstance(content, dict) else None


def write_splits(folder: pathlib.Path, lesson: Lesson) -> None:
  """splits.csv of data/: what is learnt from is divided, for the best epoch.

  Three quarters of it are trained on, an eighth chooses threshold and epoch.
  """
  rows = ['file,split', *(f'{name}.tif,' for name in lesson.learnt)]
  rows += [f'{name}.tif,test' for name in lesson.held_back]
  with write_whole(folder / 'splits.csv') as temporary:
    write_text(temporary, '\n'.join(rows) + '\n')


def lesson_config(
  folder: pathlib.Path, lesson: Lesson, areas_px: Sequence[int]
) -> ml_collections.ConfigDict:
  """The config of the run: the network's own, with what a lesson needs.

  Args:
    folder: of the lesson.
    lesson: what is learnt.
    areas_px: of the images that are learnt from.
  """
  config = network_config_of(lesson.network)
  tiles = sum(areas_px) * 3 // 4 // _PATCH_PX**2
  few = tiles < _BATCH * _STEPS_AN_EPOCH
  changes: Mapping[str, Any] = {
    'init_from': lesson.network,
    'data.source': 'folder',
    'data.dir': str(folder / 'data'),
    'data.cache_dir': str(folder / 'cache'),
    'data.patch_px': _PATCH_PX,
    # Each tile in each orientation, or an epoch would be a step or two.
    'data.patches': 'tiled' if few else 'random',
    'data.mask_class': '',
    'data.mask_ignore': '',
    'training.batch_size': _BATCH,
    'training.learning_rate': 5e-4,
    # It ends by its steps.
    'training.epochs': 10_000,
    'training.plateau_patience_epochs': 10_000,
    'training.positive_weight': 1.0,
    # Over about 20 steps: of so few, a longer average is the old network.
    'training.average_decay': 0.95,
  }
  config.unlock()
  config.update_from_flattened_dict(changes)
  return config


def network_config_of(network: str) -> ml_collections.ConfigDict:
  """The config of a network, by its name, its file or its folder.

  Raises:
    InputError: there is no such network.
  """
  if names_network(network):
    path = network_path(network)
    return network_config(path, read_card(path), None)
  return Workdir(network).read_config()
