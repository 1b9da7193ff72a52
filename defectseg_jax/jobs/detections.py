"""What a run's network misses and invents, from its dev set to a count."""

import json
import pathlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from defectseg_jax.errors import InputError
from defectseg_jax.jobs.measuring import LINES
from defectseg_jax.quantification import detection, line_detection, regions
from defectseg_jax.quantification.detection import Detection
from defectseg_jax.quantification.line_detection import LineDetection

# What changes which objects there are.
_OF_OBJECTS = {
  True: ('spur_px',),
  False: ('connectivity', 'minimum_area_px', 'fill_holes', 'separate'),
}


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
    settings: the `quantification` section of the config.

  Returns:
    `defect`, the `settings` that objects depend on, and `found`, `missed` and
    `invented`: numbers of particles, or pixels of length in parts of the
    regions.
  """
  pairs = list(zip(predictions, truths, strict=True))
  if defect == LINES:
    found = line_detection.pooled_lines(
      [
        line_detection.matched_lines(*pair, spur_px=settings.spur_px)
        for pair in pairs
      ]
    )
    counts = {k: v.tolist() for k, v in found._asdict().items()}
  else:
    each = [
      detection.matched(*(_labels(mask, settings) for mask in pair))
      for pair in pairs
    ]
    found = Detection(*map(sum, zip(*each)))
    counts = found._asdict()
  return {
    'defect': defect,
    'settings': _settings(defect, settings),
    **counts,
  }


def read_detection(
  path: str | pathlib.Path, config: Any
) -> Detection | LineDetection:
  """Reads dev_detection.json of the run whose network drew the masks.

  Args:
    path: of the file.
    config: of this session; the same objects must be meant.

  Returns:
    The counts.

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
  wanted = {
    'defect': config.defect,
    **_settings(config.defect, config.quantification),
  }
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
  return kind(**counts)


def _labels(mask, settings):
  labels, _ = regions.labelled_regions(
    mask,
    connectivity=settings.connectivity,
    minimum_area_px=settings.minimum_area_px,
    fill_holes=settings.fill_holes,
    separate=settings.separate,
  )
  return labels


def _settings(defect, settings):
  return {name: settings[name] for name in _OF_OBJECTS[defect == LINES]}
