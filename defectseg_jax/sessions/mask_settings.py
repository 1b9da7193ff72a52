"""How a mask is measured: one of a network, and one of a person.

Page and tables of a session, and whoever measures its masks again, ask here:
one mask has one number.
"""

import dataclasses
import math
import pathlib
from collections.abc import Iterable, Mapping, Sequence

from defectseg_jax.disk import file_checksum
from defectseg_jax.quantification import MeasurementSettings
from defectseg_jax.sessions.calibration import Scale
from defectseg_jax.sessions.index import MASKS, read_index


@dataclasses.dataclass(frozen=True)
class MaskSettings:
  """How one mask is measured.

  Attributes:
    settings: its own.
    by_hand: whether a person drew or corrected it.
  """

  settings: MeasurementSettings
  by_hand: bool

  def of_scale(self, scale: Scale) -> 'MaskSettings':
    """With how well the scale of one image is known.

    Raises:
      InputError: its uncertainties cannot be added to those of all images.
    """
    own = scale.settings(self.settings)
    return dataclasses.replace(self, settings=own)

  def summary(self, found: Mapping[str, float]) -> dict[str, float]:
    """The numbers; the errors of a network are not those of a person."""
    return {
      name: math.nan if self.by_hand and '_detected' in name else value
      for name, value in found.items()
    }


def mask_settings(
  settings: MeasurementSettings, *, zooms: Sequence[float], by_hand: bool
) -> MaskSettings:
  """How a mask of a session is measured.

  Args:
    settings: of the network.
    zooms: scales that it was taken from.
    by_hand: whether a person corrected it.
  """
  if not by_hand:
    return MaskSettings(settings.at_zooms(zooms), by_hand)
  # With the columns of the others; what they hold is left open.
  of_person = dataclasses.replace(
    settings.by_hand(), detection=settings.detection
  )
  return MaskSettings(of_person, by_hand)


def settings_of_masks(
  masks: Iterable[pathlib.Path], settings: MeasurementSettings
) -> dict[pathlib.Path, MaskSettings]:
  """How masks are measured, some of which may be those of a session.

  Args:
    masks: files.
    settings: that are asked for. A mask that is of no session is measured so,
      and so are all where the settings are of no network.

  Returns:
    By file.

  Raises:
    InputError: a session.json is damaged.
  """
  found, sessions = {}, {}
  for path in masks:
    session, file = path.parent.parent, f'{MASKS}/{path.name}'
    if session not in sessions:
      index = session / 'session.json'
      found_there = read_index(index) if index.exists() else None
      sessions[session] = (
        ({}, {})
        if found_there is None
        else (found_there.done, found_there.written)
      )
    done, written = sessions[session]
    of_session = path.parent.name == MASKS and path.stem in done
    if settings.detection is None or not of_session:
      found[path] = MaskSettings(settings, by_hand=False)
      continue
    one = done[path.stem]
    changed = file_checksum(path) not in written.get(file, ())
    found[path] = mask_settings(
      settings, zooms=one.zooms, by_hand=changed or bool(one.correction)
    )
  return found
