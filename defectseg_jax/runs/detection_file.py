"""dev_detection.json: how well a run's network detects objects.

Its keys are `found`, `missed` and `invented`: true positives, false negatives
and false positives. `by_size` has the same for each size of particles; files of
older programs lack it.
"""

import dataclasses
import json
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from defectseg_jax.disk import read_regular
from defectseg_jax.errors import InputError
from defectseg_jax.quantification.dislocations.detection import LineDetection
from defectseg_jax.quantification.kinds import Kind, kind_of
from defectseg_jax.quantification.particles.detection import Detection
from defectseg_jax.quantification.particles.detection_by_size import (
  DetectionBySize,
)
from defectseg_jax.quantification.settings import QuantificationSettings
from defectseg_jax.training.progress import Progress

# Keys of the file by the fields of the counts.
_KEYS = {
  'true_positives': 'found',
  'false_negatives': 'missed',
  'false_positives': 'invented',
  'true_positives_px': 'found_px',
  'false_negatives_px': 'missed_px',
  'false_positives_px': 'invented_px',
}
_BY_SIZE = 'by_size'
# Of `by_size`: fields that are lists.
_OF_SIZES = 'edges_px', 'found', 'missed', 'real', 'invented'


class RunDetection(NamedTuple):
  """What is known of the network that drew a session's masks.

  Attributes:
    counts: true positives, false negatives and false positives on the
      development set.
    settings: how to measure, with the smallest particle that was chosen on
      that set, if it was left open.
    least_peak: probability that a region must reach somewhere, chosen likewise;
      0 where regions need not.
    threshold: chosen likewise; None where it is the best epoch's.
    iu: pooled IU of the development set with both; None likewise.
    by_size: the counts for each size; None where they are not known, and of
      lines.
  """

  counts: Detection | LineDetection
  settings: QuantificationSettings
  least_peak: float = 0.0
  threshold: float | None = None
  iu: float | None = None
  by_size: DetectionBySize | None = None

  def judge(self, progress: Progress) -> Progress:
    """The progress of the run, with the threshold that was chosen at its end.

    Args:
      progress: of the run whose development set this is.
    """
    if self.threshold is None:
      return progress
    return dataclasses.replace(
      progress, threshold=self.threshold, best_iu=self.iu
    )


def development_detection(
  defect: str,
  predictions: Sequence[np.ndarray],
  truths: Sequence[np.ndarray],
  settings: QuantificationSettings,
  *,
  least_peak: float = 0.0,
) -> dict[str, Any]:
  """The content of dev_detection.json.

  Args:
    defect: 'dislocations' are lines, anything else is particles.
    predictions: bool [H, W] of each development region.
    truths: bool [H, W], likewise.
    settings: where they leave the smallest particle open, that of the best F1
      is chosen.
    least_peak: probability that the predicted regions reach.

  Returns:
    `defect`, the `settings` that objects depend on, `least_peak`, and `found`,
    `missed` and `invented`: numbers of particles, or pixels of length in parts
    of the regions. `by_size` has them for each size, if there are particles.
  """
  kind = kind_of(defect)
  counts, chosen, by_size = kind.match_masks(predictions, truths, settings)
  return {
    'defect': defect,
    'settings': _object_settings(kind, chosen),
    'least_peak': least_peak,
    **{
      _KEYS[name]: np.asarray(value).tolist()
      for name, value in counts._asdict().items()
    },
    **({} if by_size is None else {_BY_SIZE: _sizes_content(by_size)}),
  }


def read_detection(
  path: str | pathlib.Path, defect: str, settings: QuantificationSettings
) -> RunDetection:
  """Reads dev_detection.json of the run whose network drew the masks.

  Args:
    path: of the file.
    defect: of this session.
    settings: of this session; they must describe the same objects.

  Returns:
    The counts, and the settings with the smallest particle that was best on the
    development set, if they leave it open.

  Raises:
    InputError: the file cannot be read or is another one, or it was made for
      another defect or with other settings.
  """
  path = pathlib.Path(path).expanduser()
  try:
    content = json.loads(read_regular(path))
  except OSError as error:
    raise InputError(
      f'{path}: cannot be opened ({error.strerror}); give --detection the '
      'dev_detection.json of a run'
    ) from error
  except ValueError as error:
    raise _another_file_error(path) from error
  return run_detection(content, path, defect, settings)


def run_detection(
  content: Any,
  path: pathlib.Path,
  defect: str,
  settings: QuantificationSettings,
) -> RunDetection:
  """Reads the content of dev_detection.json, wherever it stands.

  Args:
    content: of the file.
    path: where it stands, for messages.
    defect: of this session.
    settings: of this session; they must describe the same objects.

  Returns:
    As `read_detection`.

  Raises:
    InputError: as `read_detection`.
  """
  kind = kind_of(defect)
  fields = kind.detection_class._fields
  keys = [_KEYS[name] for name in fields]
  try:
    counts = [content[key] for key in keys if key in content]
    given = {'defect': content['defect'], **content['settings']}
    chosen: dict[str, Any] = {
      name: float(content[name])
      for name in ('least_peak', 'threshold', 'iu')
      if name in content
    }
    by_size = detection_by_size(content)
  except (ValueError, KeyError, TypeError, AttributeError) as error:
    raise _another_file_error(path) from error
  if 'minimum_area_px' in kind.object_settings and not settings.minimum_area_px:
    settings = dataclasses.replace(
      settings, minimum_area_px=given.get('minimum_area_px', 0)
    )
  wanted = {'defect': defect, **_object_settings(kind, settings)}
  for name, value in wanted.items():
    if given.get(name) != value:
      raise InputError(
        f'{path}: was made with {name}={given.get(name)}, and now it is '
        f'{value}; score the run again with the settings of now '
        '(--mode=evaluate), or use its own'
      )
  if len(counts) < len(fields):
    raise InputError(f'{path}: has no {", ".join(keys)}; score it again')
  if kind.detection_class is LineDetection:
    parts = [np.array(one, float) for one in counts]
    return RunDetection(LineDetection(*parts), settings, **chosen)
  return RunDetection(Detection(*counts), settings, **chosen, by_size=by_size)


def _sizes_content(by_size: DetectionBySize) -> dict[str, Any]:
  lists = {name: getattr(by_size, name).tolist() for name in _OF_SIZES}
  return {**lists, 'design_effect': by_size.design_effect}


def detection_by_size(content: Mapping[str, Any]) -> DetectionBySize | None:
  """What a network finds of each size.

  Args:
    content: of dev_detection.json.

  Returns:
    None where that is not known, and of lines.

  Raises:
    InputError: it contradicts itself.
  """
  if _BY_SIZE not in content:
    return None
  content = content[_BY_SIZE]
  lists = [np.array(content[name], float) for name in _OF_SIZES]
  return DetectionBySize(*lists, design_effect=float(content['design_effect']))


def _another_file_error(path: pathlib.Path) -> InputError:
  return InputError(
    f'{path}: is no dev_detection.json of a run; see that the path is right'
  )


def _object_settings(
  kind: Kind, settings: QuantificationSettings
) -> dict[str, Any]:
  """Those that change which objects there are."""
  return {name: getattr(settings, name) for name in kind.object_settings}
