"""What a run's network misses and invents, from its dev set to a count."""

import json
import pathlib
from collections.abc import Sequence
from typing import Any, NamedTuple

import ml_collections
import numpy as np

from defectseg_jax.errors import InputError
from defectseg_jax.quantification.dislocations import (
  detection as line_detection,
)
from defectseg_jax.quantification.dislocations.detection import LineDetection
from defectseg_jax.quantification.measure import LINES
from defectseg_jax.quantification.particles import components, detection
from defectseg_jax.quantification.particles.detection import Detection

# What changes which objects there are.
_OF_OBJECTS = {
  True: ('spur_px',),
  False: ('connectivity', 'minimum_area_px', 'fill_holes', 'separate'),
}
_MINIMUM_AREAS_PX = tuple(2**i for i in range(13))


class RunDetection(NamedTuple):
  """What is known of the network that drew a session's masks.

  Attributes:
    counts: found, missed and invented in the development set.
    settings: the `quantification` section, with what was left to that set.
  """

  counts: Detection | LineDetection
  settings: ml_collections.ConfigDict


def development_detection(
  defect: str,
  predictions: Sequence[np.ndarray],
  truths: Sequence[np.ndarray],
  settings: Any,
) -> dict[str, Any]:
  """The content of dev_detection.json.

  Args:
    defect: 'dislocations' are lines, anything else is particles.
    predictions: bool [H, W] of each development region.
    truths: bool [H, W], likewise.
    settings: the `quantification` section of the config. Where it leaves the
      smallest particle open, that of the best F1 is taken: a network draws
      specks that nobody would count, and a person does not.

  Returns:
    `defect`, the `settings` that objects depend on, and `found`, `missed` and
    `invented`: numbers of particles, or pixels of length in parts of the
    regions.
  """
  chosen = _settings(defect, settings)
  pairs = list(zip(predictions, truths, strict=True))
  if defect == LINES:
    found = line_detection.pool_lines(
      [
        line_detection.match_lines(*pair, spur_px=settings.spur_px)
        for pair in pairs
      ]
    )
    counts = {k: v.tolist() for k, v in found._asdict().items()}
  else:
    areas_px = _MINIMUM_AREAS_PX
    if settings.minimum_area_px:
      areas_px = (settings.minimum_area_px,)
    each = [_matched(pairs, settings, area_px) for area_px in areas_px]
    found, chosen['minimum_area_px'] = max(
      zip(each, areas_px, strict=True), key=lambda one: (_f1(one[0]), -one[1])
    )
    counts = found._asdict()
  return {'defect': defect, 'settings': chosen, **counts}


def read_detection(path: str | pathlib.Path, config: Any) -> RunDetection:
  """Reads dev_detection.json of the run whose network drew the masks.

  Args:
    path: of the file.
    config: of this session; the same objects must be meant.

  Returns:
    The counts, and the session's settings with the smallest particle that was
    best on the development set, if it is left open.

  Raises:
    InputError: the file cannot be read or is another one, or it is of another
      defect or of other settings.
  """
  path = pathlib.Path(path).expanduser()
  kind = LineDetection if config.defect == LINES else Detection
  try:
    content = json.loads(path.read_text())
    counts = {name: content[name] for name in kind._fields if name in content}
    given = {'defect': content['defect'], **content['settings']}
  except OSError as error:
    raise InputError(
      f'{path}: cannot be opened ({error.strerror}); give --detection the '
      'dev_detection.json of a run'
    ) from error
  except (ValueError, KeyError, TypeError) as error:
    raise InputError(
      f'{path}: is no dev_detection.json of a run; see that the path is right'
    ) from error
  settings = config.quantification.copy_and_resolve_references()
  if kind is Detection and not settings.minimum_area_px:
    settings.minimum_area_px = given.get('minimum_area_px', 0)
  wanted = {'defect': config.defect, **_settings(config.defect, settings)}
  for name, value in wanted.items():
    if given.get(name) != value:
      raise InputError(
        f'{path}: was made with {name}={given.get(name)}, and now it is '
        f'{value}; score the run again with the settings of now '
        '(--mode=evaluate), or use its own'
      )
  if len(counts) < len(kind._fields):
    raise InputError(
      f'{path}: has no {", ".join(kind._fields)}; score it again'
    )
  if kind is LineDetection:
    counts = {name: np.array(parts, float) for name, parts in counts.items()}
  return RunDetection(kind(**counts), settings)


def _matched(pairs, settings, minimum_area_px):
  """Over all regions; a small particle of the truth is one all the same."""
  each = [
    detection.match_particles(
      _labels(prediction, settings, minimum_area_px),
      _labels(truth, settings, settings.minimum_area_px),
    )
    for prediction, truth in pairs
  ]
  return Detection(*map(sum, zip(*each)))


def _f1(found):
  whole = 2 * found.found + found.missed + found.invented
  return 2 * found.found / whole if whole else 1.0


def _labels(mask, settings, minimum_area_px):
  labels, _ = components.label_regions(
    mask,
    connectivity=settings.connectivity,
    minimum_area_px=minimum_area_px,
    fill_holes=settings.fill_holes,
    separate=settings.separate,
  )
  return labels


def _settings(defect, settings):
  return {name: settings[name] for name in _OF_OBJECTS[defect == LINES]}
