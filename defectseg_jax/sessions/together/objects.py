"""The objects of one defect in one image, as its session's files show them."""

import dataclasses

import numpy as np

from defectseg_jax.micrographs.masks import read_object_mask
from defectseg_jax.quantification.particles.components import label_regions
from defectseg_jax.quantification.particles.properties import (
  measure_particles,
)
from defectseg_jax.sessions.hand_regions import read_regions
from defectseg_jax.sessions.mask_settings import mask_settings
from defectseg_jax.sessions.predict_session import Part
from defectseg_jax.sessions.session_image import SessionImage

_NO_POINTS = np.empty((0, 2))


@dataclasses.dataclass(frozen=True, eq=False)
class Objects:
  """The objects of one defect in one image.

  Attributes:
    defect: its name.
    is_lines: whether they are lines, and no particles.
    labels: int32 [H, W], an object's id at each pixel; for particles that of
      objects.csv.
    valid: bool [H, W], True where the image counts; None for everywhere.
    centres_px: [n, 2], of particles that no edge cuts.
    radii_px: [n], of circles of their areas.
  """

  defect: str
  is_lines: bool
  labels: np.ndarray
  valid: np.ndarray | None
  centres_px: np.ndarray
  radii_px: np.ndarray

  @property
  def mask(self) -> np.ndarray:
    """bool [H, W]."""
    return self.labels > 0


def read_objects(part: Part, image: SessionImage) -> Objects:
  """Reads the mask, and finds the objects that the session counts."""
  path = part.folder.path
  given = read_object_mask(path / image.files()['masks'])
  valid, labelled = read_regions(path, image)
  if labelled is not None:
    given = given.only_where(labelled)
    valid = labelled if valid is None else valid & labelled
  own = mask_settings(
    part.settings, zooms=image.zooms, by_hand=image.corrected
  ).settings
  defect, how = own.defect, own.quantification
  if own.kind.has_test_lines:
    mask = given.mask if valid is None else given.mask & valid
    labels, _ = label_regions(mask)
    return Objects(defect, True, labels, valid, _NO_POINTS, np.empty(0))
  found = measure_particles(
    given.mask,
    pixel_size_nm=image.scale.pixel_size_nm,
    ids=given.ids,
    connectivity=how.connectivity,
    minimum_area_px=how.minimum_area_px,
    fill_holes=how.fill_holes,
    separate=how.separate,
    valid=valid,
  )
  return Objects(
    defect,
    False,
    found.labels,
    valid,
    np.stack([found.row_px, found.column_px], axis=-1)[found.whole],
    found.diameter_px[found.whole] / 2,
  )
