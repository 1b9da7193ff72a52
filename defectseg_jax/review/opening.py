"""A session's folder as a review finds it: its images, and what is known."""

import dataclasses
import json
import math
from collections.abc import Mapping
from typing import Any

from defectseg_jax.applicability.verdict import Applies
from defectseg_jax.disk import read_regular
from defectseg_jax.errors import InputError, file_error
from defectseg_jax.quantification import MeasurementSettings
from defectseg_jax.review.history import FOLDER
from defectseg_jax.review.image_source import ImageSource
from defectseg_jax.review.journal import Journal
from defectseg_jax.sessions.asked import Asked, read_asked
from defectseg_jax.sessions.folder import SessionFolder
from defectseg_jax.sessions.index import MASKS

# Warnings that say why an image is to be looked at.
_VERDICTS = ('network_does_not_apply', 'network_check')


@dataclasses.dataclass(frozen=True)
class ReviewImage:
  """One image of a review, as lists show it.

  Attributes:
    name: of the image.
    height_px, width_px: its size.
    done: whether a person accepted it.
    corrected_objects: how many objects a person took out, drew or changed.
    applies: 'applies', 'check' or 'does not apply'; None where nobody can tell.
    reason: why; None likewise.
    order: place in the order in which to look, from 0: what needs it most.
  """

  name: str
  height_px: int
  width_px: int
  done: bool
  corrected_objects: int
  applies: str | None
  reason: str | None
  order: int


class Opened:
  """What a review knows of its session.

  Attributes:
    asked: what the session was asked for.
    sources: by name, what a document is opened from.
    images: for lists.
  """

  def __init__(self, asked: Asked, sources: Mapping[str, ImageSource]) -> None:
    """Looks into the journals, without doing what they hold again."""
    self.asked, self.sources = asked, dict(sources)
    self.images: list[ReviewImage] = []
    order = sorted(self.sources, key=lambda name: self._urgency(name))
    for name in sorted(self.sources):
      source = self.sources[name]
      journal = Journal(source.folder / FOLDER / f'{name}.jsonl')
      shape = source.row['height_px'], source.row['width_px']
      verdict = [m for n, m in source.warnings if n in _VERDICTS]
      self.images.append(
        ReviewImage(
          name,
          *shape,
          done=bool(journal.values.get('done')),
          corrected_objects=journal.corrected[0],
          applies=source.row.get('applies') or None,
          reason=verdict[0] if verdict else None,
          order=order.index(name),
        )
      )

  def note(self, name: str, *, done: bool, corrected: int) -> None:
    """Takes note of what a person did to an image."""
    place = [one.name for one in self.images].index(name)
    self.images[place] = dataclasses.replace(
      self.images[place], done=done, corrected_objects=corrected
    )

  def _urgency(self, name: str) -> tuple[float, float, str]:
    """Where the network does worst first; smallest first."""
    row = self.sources[name].row
    words = [str(Applies.NO), str(Applies.CHECK)]
    applies = row.get('applies')
    worst = words.index(applies) if applies in words else len(words)
    f1 = row.get('expected_f1')
    return worst, math.inf if f1 is None else f1, name


def open_session(folder: SessionFolder) -> Opened:
  """What is known of a session that predict made, or a review.

  Args:
    folder: of the session, which this process holds.

  Raises:
    InputError: session.json or summary.json is missing, damaged, or of an older
      version.
  """
  asked = read_asked(folder.asked, folder.path / 'session.json')
  summary = _read_summary(folder)
  warnings: dict[str, list[tuple[str, str]]] = {}
  for one in summary['warnings']:
    found = warnings.setdefault(one['image'], [])
    found.append((one['name'], one['message']))
  sources = {}
  for row in summary['images']:
    name = row['image']
    done = folder.record_of(name)
    if done is None:
      continue
    corrected = folder.is_corrected(f'{MASKS}/{name}.tif')
    sources[name] = ImageSource(
      folder.path,
      name,
      _settings_of(asked.settings, row),
      row['pixel_size_nm'],
      row['thickness_nm'],
      asked.limits,
      minimum_area_px=row.get('minimum_area_px') or 0,
      by_hand=corrected or bool(done.correction) or asked.limits is None,
      row=_columns(row),
      warnings=tuple(warnings.get(name, ())),
    )
  if not sources:
    raise InputError(f'{folder.path}: the session has no image to look at')
  return Opened(asked, sources)


def _settings_of(
  shared: MeasurementSettings, row: Mapping[str, Any]
) -> MeasurementSettings:
  """How a person's mask is measured, with the image's own uncertainties."""
  settings = shared.by_hand()
  return dataclasses.replace(
    settings,
    quantification=dataclasses.replace(
      settings.quantification,
      thickness_uncertainty=row['thickness_uncertainty'],
      pixel_size_uncertainty=row['pixel_size_uncertainty'],
    ),
  )


def _columns(row: Mapping[str, Any]) -> dict[str, Any]:
  """The cells of summary.csv, without where they come from."""
  names = list(row)
  return {name: row[name] for name in names[: names.index('warnings') + 1]}


def _read_summary(folder: SessionFolder) -> Mapping[str, Any]:
  path = folder.path / 'summary.json'
  remedy = 'give the command of --mode=predict again'
  if not path.is_file():
    raise file_error(path, 'is missing: predict did not end', remedy)
  if folder.differs('summary.json'):
    raise file_error(path, 'is not what the program wrote', remedy)
  try:
    content = json.loads(read_regular(path))
    _ = [one['image'] for one in content['images']], content['warnings']
  except (OSError, ValueError, KeyError, TypeError) as error:
    raise file_error(path, f'is damaged ({error})', remedy) from error
  return content
