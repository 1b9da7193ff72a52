"""What a network that learnt from the person finds, in the old one's place."""

import dataclasses
import json
import pathlib
from collections.abc import Callable

import numpy as np

from defectseg_jax.disk import read_regular
from defectseg_jax.errors import InputError, file_error
from defectseg_jax.micrographs.masks import read_mask
from defectseg_jax.micrographs.reading import read_frames
from defectseg_jax.prediction.sure_regions import Hysteresis, sure_regions
from defectseg_jax.review.image_source import ImageSource
from defectseg_jax.review.layers import ids_in
from defectseg_jax.review.operations import Operation
from defectseg_jax.review.rethreshold import rethreshold
from defectseg_jax.review.scene import Edit, Scene, label, plural
from defectseg_jax.sessions.index import path_inside


@dataclasses.dataclass(frozen=True)
class Proposal:
  """What lesson N proposes for an image: files of teaching/N.

  Attributes:
    folder: of the session.
    lesson: its number.
    name: of the image.
  """

  folder: pathlib.Path
  lesson: int
  name: str

  def limits(self) -> Hysteresis:
    """What made its mask of its probabilities.

    Raises:
      InputError: there is no such lesson, or its file is damaged.
    """
    path = self._path('limits.json')
    try:
      return Hysteresis(**json.loads(read_regular(path)))
    except (OSError, ValueError, TypeError) as error:
      raise file_error(
        path,
        f'there is no such lesson, or it is damaged ({error})',
        'learn again',
      ) from error

  def probabilities(self) -> np.ndarray:
    """float32 [H, W], of the network that learnt."""
    path = self._path(f'probabilities/{self.name}.tif')
    return read_frames(path)[0].values

  def objects(self, probabilities: np.ndarray, threshold: float) -> np.ndarray:
    """Ids of what it finds at a threshold of its map, int32 [H, W]."""
    limits = self.limits()
    if threshold == limits.threshold:
      # Without specks, which its network is not trusted with.
      mask = read_mask(self._path(f'masks/{self.name}.tif'))
      return label(mask)[0].astype(np.int32)
    return sure_regions(probabilities, limits._replace(threshold=threshold))

  def _path(self, file: str) -> pathlib.Path:
    return path_inside(self.folder, f'teaching/{self.lesson}/{file}')


class Networks:
  """What the networks that looked at an image say: the session's, and pupils.

  A lesson of 0 means the session's own.
  """

  def __init__(
    self,
    source: ImageSource,
    own_objects: Callable[[np.ndarray, float], np.ndarray],
  ) -> None:
    """Takes what is known of the image.

    Args:
      source: of the image.
      own_objects: ids of what the session's network finds, of its map at a
        threshold.
    """
    self._source, self._own_objects = source, own_objects
    self._map: tuple[int, np.ndarray | None] = 0, source.probabilities()

  def proposal(self, lesson: int) -> Proposal:
    """Files of a lesson."""
    return Proposal(self._source.folder, lesson, self._source.name)

  def probabilities(self, lesson: int) -> np.ndarray | None:
    """float32 [H, W]; None without a network."""
    if self._map[0] != lesson:
      self._map = (
        lesson,
        (
          self.proposal(lesson).probabilities()
          if lesson
          else self._source.probabilities()
        ),
      )
    return self._map[1]

  def objects_of(
    self, lesson: int
  ) -> Callable[[np.ndarray, float], np.ndarray]:
    """From a network's map and a threshold to the ids of what it finds."""
    return self.proposal(lesson).objects if lesson else self._own_objects

  def least_peak(self, lesson: int) -> float | None:
    """That regions reach somewhere; None without a network."""
    if lesson:
      return self.proposal(lesson).limits().least_peak
    return self._source.limits.least_peak if self._source.limits else None


def propose(scene: Scene, asked: Operation, found: Proposal) -> Edit:
  """Takes a proposal; what a person drew, changed or took out stays.

  Args:
    scene: of the document.
    asked: its value is the number of the lesson.
    found: the lesson's proposal for the image.
  """
  threshold = found.limits().threshold
  probabilities = found.probabilities()
  if probabilities.shape != scene.shape:
    raise InputError(
      f'proposal {asked.value}: is of {probabilities.shape} pixels, and the '
      f'image has {scene.shape}; learn again'
    )
  scene = dataclasses.replace(
    scene, probabilities=probabilities, network_objects=found.objects
  )
  edit = rethreshold(
    scene, dataclasses.replace(asked, kind='threshold', value=threshold)
  )
  count = len(ids_in(edit.new['ids']))
  return dataclasses.replace(
    edit,
    text=f'proposal {asked.value}: {plural(count)}',
    values={**edit.values, 'lesson': asked.value},
  )
