"""The images of a session as the frames of one experiment.

While each image is measured, its objects are followed; what is written of the
series is made of what was collected then, after the last image.
"""

import pathlib
import re
from collections.abc import Iterable

import numpy as np

from defectseg_jax.micrographs.image_names import place_of, without_place
from defectseg_jax.quantification import Measurement, MeasurementSettings
from defectseg_jax.quantification.series.following import SeriesFollower
from defectseg_jax.quantification.series.tracks import FrameObjects
from defectseg_jax.reporting.page.series import FramePicture, frame_picture
from defectseg_jax.sessions.calibration import Scale
from defectseg_jax.sessions.image_numbers import ImageNumbers
from defectseg_jax.sessions.series_numbers import SeriesFrame, SeriesNumbers

# Frames that the page shows; by eye, so that it opens at once.
MOST_PICTURES = 40


def natural_order(name: str) -> tuple[tuple[int, int | str], ...]:
  """A key that puts frame_2 before frame_10, and z[2] before z[10].

  Examples:
    >>> sorted(['a10', 'a2', 'b1'], key=natural_order)
    ['a2', 'a10', 'b1']
  """
  return tuple(
    (0, int(part)) if part.isdigit() else (1, part)
    for part in re.split(r'([0-9]+)', name)
    if part
  )


def sort_frames(paths: Iterable[pathlib.Path]) -> list[pathlib.Path]:
  """Files in the order of their names, numbers by their value."""
  return sorted(paths, key=lambda path: natural_order(path.stem))


class SeriesCollector:
  """Follows the images of a session; arrays of all do not stay in memory."""

  def __init__(
    self, settings: MeasurementSettings, names: Iterable[str]
  ) -> None:
    """Has seen nothing yet.

    Args:
      settings: how the images are measured.
      names: of all of them, also of those that failed, which have their
        numbers, too.
    """
    self._links = not settings.kind.has_test_lines
    self._follower = SeriesFollower(links=self._links)
    self._settings = settings
    self._numbers = _frame_numbers(names)
    count = len(self._numbers)
    chosen = np.linspace(1, max(count, 1), min(count, MOST_PICTURES))
    self._pictured = {round(one) for one in chosen}
    self._frames: list[SeriesFrame] = []
    self._pictures: list[FramePicture] = []

  def add(
    self,
    numbers: ImageNumbers,
    found: Measurement,
    pixels: np.ndarray | None,
    scale: Scale,
  ) -> None:
    """Follows the next image.

    Args:
      numbers, found: what was measured in it.
      pixels: of its micrograph; None where there is a mask alone, by which
        drift is found then.
      scale: of it.
    """
    name = numbers.name
    frame = self._numbers[name]
    by_mask = pixels is None
    touches = found.objects['touches_border'].tolist() if self._links else []
    pixels = found.labels > 0 if pixels is None else pixels
    followed = self._follower.add(frame, pixels, self._objects(found))
    self._frames.append(
      SeriesFrame(followed, numbers.row, touches, scale.time_s, by_mask)
    )
    if frame in self._pictured:
      tracks = followed.tracks if self._links else None
      self._pictures.append(
        frame_picture(name, frame, pixels, found.labels, found.valid, tracks)
      )

  def finish(self) -> SeriesNumbers | None:
    """What came of all images; None where none was measured."""
    if not self._frames:
      return None
    return SeriesNumbers(
      self._settings,
      self._frames,
      self._follower.finish(),
      self._pictures,
    )

  def _objects(self, found: Measurement) -> FrameObjects:
    none = np.zeros(0)
    rows, columns, diameters = (
      found.objects[name] if self._links else none
      for name in ('row_px', 'column_px', 'diameter_px')
    )
    return FrameObjects(rows, columns, diameters, found.labels, found.valid)


def _frame_numbers(names: Iterable[str]) -> dict[str, int]:
  """By name the place in the series, from 1.

  A stack whose file is damaged has frames, and its own name as one that failed.
  """
  names = list(dict.fromkeys(names))
  stacks = {without_place(one) for one in names if place_of(one) is not None}
  frames = [one for one in names if one not in stacks]
  ordered = sorted(frames, key=natural_order)
  return {name: number for number, name in enumerate(ordered, start=1)}
