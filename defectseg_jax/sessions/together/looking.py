"""The masks of all networks, looked at together before anything is measured."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from defectseg_jax.micrographs.reading import read_frames
from defectseg_jax.quantification.association import association_text
from defectseg_jax.reporting.page.together import TogetherImage, create_image
from defectseg_jax.sessions.predict_session import Part
from defectseg_jax.sessions.session_image import SessionImage
from defectseg_jax.sessions.together.claims import claim_rows, claim_sentences
from defectseg_jax.sessions.together.folder import TogetherFolder
from defectseg_jax.sessions.together.neighbours import (
  Neighbours,
  near_text,
  neighbours,
)
from defectseg_jax.sessions.together.objects import Objects, read_objects
from defectseg_jax.sessions.together.settling import read_claims
from defectseg_jax.sessions.together.telling import told_to
from defectseg_jax.sessions.told import Told


class Looked(NamedTuple):
  """What was found in all images.

  Attributes:
    found: what lies at what, by image.
    claims: rows of claims.csv.
    shown: images of the page.
    told: to each network's session.
  """

  found: Sequence[Neighbours]
  claims: Sequence[Mapping[str, Any]]
  shown: Sequence[TogetherImage]
  told: Sequence[Told]

  @property
  def doubts(self) -> list[str]:
    """Sentences on lines that may be none, with their images."""
    return [
      f'{one.image}: {doubt}'
      for one in self.found
      for doubt in one.doubts.values()
    ]


def look_at_images(
  parts: Sequence[Part],
  folder: TogetherFolder,
  images: Sequence[Sequence[SessionImage]],
  check_interruption: Callable[[], None],
) -> Looked:
  """Looks at the masks of all networks, image by image.

  Args:
    parts: the networks.
    folder: of all, with what was settled.
    images: of each network.
    check_interruption: called before each image; may raise Stopped.
  """
  found, claims, shown = [], [], []
  for one_image in zip(*images, strict=True):
    check_interruption()
    one, rows, view = _of_image(parts, folder, one_image)
    found.append(one)
    claims += rows
    shown.append(view)
  defects = [one.settings.defect for one in parts]
  told = [told_to(one, defects, found, claims) for one in defects]
  return Looked(found, claims, shown, told)


def _of_image(
  parts: Sequence[Part],
  folder: TogetherFolder,
  images: Sequence[SessionImage],
) -> tuple[Neighbours, list[dict[str, Any]], TogetherImage]:
  """What of one image goes into tables and page."""
  objects = [read_objects(*pair) for pair in zip(parts, images, strict=True)]
  image = images[0]
  size_nm = image.scale.pixel_size_nm
  seed = parts[0].settings.seed
  found = neighbours(image.name, objects, size_nm, seed=seed)
  settled = read_claims(folder.path, image.name)
  rows = claim_rows(image.name, settled, found)
  verdicts = [
    f'{part.settings.defect}: {one.verdict.applies}, {one.verdict.reason}'
    for part, one in zip(parts, images, strict=True)
    if one.verdict is not None
  ]
  facts = [
    *verdicts,
    *found.doubts.values(),
    *(
      association_text(one, pair, near_text(size_nm))
      for pair, one in found.by_pair.items()
    ),
    *claim_sentences(rows),
  ]
  view = _view(parts[0], image, objects, facts)
  return found, rows, view


def _view(
  part: Part,
  image: SessionImage,
  objects: Sequence[Objects],
  facts: Sequence[str],
) -> TogetherImage:
  path = part.folder.path / image.files()['images']
  return create_image(
    image.name,
    np.asarray(read_frames(path)[0].values),
    {one.defect: one.labels for one in objects},
    valid=objects[0].valid,
    facts=facts,
    images=len(part.folder.names),
  )
