"""A mask that is to be measured: its files, its names, its scale."""

import dataclasses
import pathlib
from collections.abc import Collection

from defectseg_jax.micrographs.image_names import (
  place_of,
  row_of,
  without_place,
)
from defectseg_jax.micrographs.mask_files import MaskFile, candidates
from defectseg_jax.sessions.calibration import Scale


@dataclasses.dataclass(frozen=True)
class MaskImage:
  """Files of one image, and its scale.

  Attributes:
    name: of the micrograph, or else of the mask, without a suffix; of a stack
      with the place of the image, as z[1].
    mask: where it is.
    micrograph: its file; None without a micrograph.
    scale: of both.
    place: of the image in its stack; None where there is only one. Its mask
      may be in a stack, too, or alone.
    ignore: mask of what is not labelled; None where there is none.
    also: other names that its micrograph may have: without one, a labelling
      program may have added to the name of the mask.
  """

  name: str
  mask: MaskFile
  micrograph: pathlib.Path | None
  scale: Scale
  place: int | None = None
  ignore: MaskFile | None = None
  also: tuple[str, ...] = ()

  @property
  def mask_is_of_one(self) -> bool:
    """Whether its mask has a file of its own, as z[1].png beside z.tif."""
    names = candidates(self.mask.name)
    return any(place_of(one) is not None for one in names)

  def names(self) -> list[str]:
    """All names of the image, its own first."""
    place = '' if self.place is None else f'[{self.place}]'
    return [self.name, *(one + place for one in self.also)]

  def known_as(self) -> list[tuple[pathlib.Path, str]]:
    """Files and names by which a person may call it, its own first."""
    if self.micrograph is not None:
      return [(self.micrograph, self.name)]
    path = self.mask.path
    return [
      (path.with_name(without_place(one) + path.suffix), one)
      for one in self.names()
    ]

  def is_named(self, names: Collection[str]) -> str | None:
    """The one of some names that is of it, as `row_of` finds it."""
    rows = (row_of(names, *one) for one in self.known_as())
    return next((row for row in rows if row is not None), None)

  def in_stack(self, count: int) -> 'list[MaskImage]':
    """Each image of the stack that this is of."""
    return [
      dataclasses.replace(self, name=f'{self.name}[{place}]', place=place)
      for place in range(count)
    ]
