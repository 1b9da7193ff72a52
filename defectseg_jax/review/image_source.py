"""One image of a session's folder: what a document begins from, and saves.

Three files are a person's: masks/NAME.tif, and where regions are drawn
ignore/NAME.tif (what is not zero is not labelled) and valid/NAME.tif (what is
zero is no specimen).
"""

import dataclasses
import pathlib
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from defectseg_jax.disk import file_checksum
from defectseg_jax.files import write_whole
from defectseg_jax.micrographs.masks import read_mask, read_object_mask
from defectseg_jax.micrographs.object_ids import ObjectMask, objects_of_ids
from defectseg_jax.micrographs.reading import read_frames
from defectseg_jax.micrographs.writing import write_mask, write_object_mask
from defectseg_jax.prediction.sure_regions import Hysteresis
from defectseg_jax.quantification import MeasurementSettings
from defectseg_jax.quantification.particles.components import label_regions
from defectseg_jax.review.layers import (
  NO_SPECIMEN,
  NOT_LABELLED,
  Layers,
  require_shape,
)
from defectseg_jax.sessions.index import IGNORE, MASKS, VALID, path_inside


@dataclasses.dataclass(frozen=True)
class ImageSource:
  """What is known of an image before it is opened.

  Attributes:
    folder: of the session.
    name: of the image.
    settings: how a mask of a person is measured, with the image's own
      uncertainties.
    pixel_size_nm, thickness_nm: None where nobody states them.
    limits: what made the network's mask; None without a network.
    minimum_area_px: of the smallest object that the network is trusted with.
    by_hand: whether the mask is a person's from the beginning.
    row: of summary.csv, as it was written last; empty where it was not.
    warnings: name and message, likewise.
  """

  folder: pathlib.Path
  name: str
  settings: MeasurementSettings
  pixel_size_nm: float | None
  thickness_nm: float | None
  limits: Hysteresis | None = None
  minimum_area_px: int = 0
  by_hand: bool = False
  row: Mapping[str, Any] = dataclasses.field(default_factory=dict)
  warnings: tuple[tuple[str, str], ...] = ()

  def file(self, kind: str) -> str:
    """Path of a file below the session's folder."""
    return f'{kind}/{self.name}.tif'

  def path(self, kind: str) -> pathlib.Path:
    """Where a file is; InputError if a link leads out of the folder."""
    return path_inside(self.folder, self.file(kind))

  def checksums(self) -> dict[str, str | None]:
    """Of the files that a person may change; None of one that is not there."""
    found: dict[str, str | None] = {}
    for kind in (MASKS, VALID, IGNORE):
      path = self.path(kind)
      found[self.file(kind)] = file_checksum(path) if path.is_file() else None
    return found

  def pixels(self) -> np.ndarray:
    """The micrograph as it is stored."""
    return read_frames(self.path('images'))[0].values

  def probabilities(self) -> np.ndarray | None:
    """Of the network; None without one."""
    if self.limits is None or not self.path('probabilities').is_file():
      return None
    return read_frames(self.path('probabilities'))[0].values

  def layers(self, shape: tuple[int, ...]) -> Layers:
    """The layers as the files have them.

    Raises:
      InputError: a file cannot be read, or is of another size.
    """
    objects = read_object_mask(self.path(MASKS))
    regions = np.zeros(objects.mask.shape, np.uint8)
    for kind, value in ((IGNORE, NOT_LABELLED), (VALID, NO_SPECIMEN)):
      path = self.path(kind)
      if path.is_file():
        marked = read_mask(path)
        require_shape(
          Layers(marked, marked, marked), objects.mask.shape, str(path)
        )
        regions[~marked if kind == VALID else marked] = value
    ids = self._ids(objects)
    # Unlike zeros_like, this takes no memory until something is taken out.
    found = Layers(ids, np.zeros(ids.shape, ids.dtype), regions)
    require_shape(found, shape, str(self.path(MASKS)))
    return found

  def _ids(self, objects: ObjectMask) -> np.ndarray:
    """Each object as it is measured; corners always connect."""
    if objects.ids is not None:
      return objects.ids
    how = self.settings.quantification
    separate = how.separate and not self.settings.kind.has_test_lines
    return label_regions(objects.mask, separate=separate)[0]

  def network_layers(self, shape: tuple[int, ...]) -> np.ndarray:
    """The ids that the mask had at the beginning."""
    return self.layers(shape).ids

  def writers(
    self, layers: Layers, *, ids_stand: bool, regions_stand: Mapping[str, bool]
  ) -> dict[str, Callable[[pathlib.Path], object] | None]:
    """What writes the files of a person.

    Args:
      layers: of the document; not changed meanwhile.
      ids_stand: whether ids must be in the file, since objects touch.
      regions_stand: by kind, whether there is a file.

    Returns:
      By kind; None where there is to be no file.
    """
    scale: Any = {'pixel_size_nm': self.pixel_size_nm}
    mask = layers.ids > 0
    objects = objects_of_ids(layers.ids) if ids_stand else ObjectMask(mask)
    regions = layers.regions
    made: dict[str, Callable[[pathlib.Path], object]] = {
      MASKS: lambda to: write_object_mask(to, objects, **scale),
      IGNORE: lambda to: write_mask(to, regions == NOT_LABELLED, **scale),
      VALID: lambda to: write_mask(to, regions != NO_SPECIMEN, **scale),
    }
    return {
      kind: write if regions_stand.get(kind, True) else None
      for kind, write in made.items()
    }

  def save(
    self,
    writers: Mapping[str, Callable[[pathlib.Path], object] | None],
    note: Callable[[Mapping[str, str | None]], None],
  ) -> None:
    """Writes the files of a person: each whole, then renamed.

    Args:
      writers: by kind, from `writers`.
      note: called with the checksum of each file before it is in its place.
    """
    for kind, write in writers.items():
      path = self.path(kind)
      if write is None:
        note({self.file(kind): None})
        path.unlink(missing_ok=True)
        continue
      with write_whole(path) as temporary:
        write(temporary)
        checksum = file_checksum(temporary)
        note({self.file(kind): checksum})
