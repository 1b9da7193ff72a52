"""What the page is told about one image."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from defectseg_jax.reporting.figures.missed import Missed


@dataclasses.dataclass(frozen=True, eq=False)
class PageImage:
  """One image of a page; all fields except the name may be missing.

  Attributes:
    name: as it is to be read; any characters.
    summary: its row of summary.csv: numbers by name, units in the names, ends
      of intervals under `NAME_low` and `NAME_high`.
    objects: rows of objects.csv, each with `id`, `row_px` and `column_px`;
      those with `counted` False are outlined in another colour.
    labels: int [H, W], the object's id at each pixel, 0 in the background; or
      None, and nothing is outlined.
    layers: uint8 [h, w] or [h, w, 3] by name, in the order of the switch; of
      any size, each is stretched to the same frame. The first is seen first.
    sizes_nm: what the histogram shows; None for no histogram, or for that of
      sizes_px.
    sizes_px: likewise, where the scale is not known.
    missed: what a network misses of these sizes; None where that is not known.
    warnings: names and messages.
    check: ids of objects and why, those that move the answer most first.
    failure: why the image could not be done; all else is then left out.

  Raises:
    ValueError: an object of `check` is not among `objects`, or there are
      objects to outline and no layer to outline them on.
  """

  name: str
  summary: Mapping[str, Any] = dataclasses.field(default_factory=dict)
  objects: Sequence[Mapping[str, Any]] = ()
  labels: np.ndarray | None = None
  layers: Mapping[str, np.ndarray] = dataclasses.field(default_factory=dict)
  sizes_nm: np.ndarray | None = None
  sizes_px: np.ndarray | None = None
  missed: Missed | None = None
  warnings: Sequence[tuple[str, str]] = ()
  check: Sequence[tuple[int, str]] = ()
  failure: str | None = None

  @property
  def frame(self) -> tuple[int, int]:
    """Height and width, in which outlines are given."""
    if self.labels is not None:
      shape = self.labels.shape
    elif self.layers:
      shape = next(iter(self.layers.values())).shape
    else:
      shape = 1, 1
    return shape[0], shape[1]

  def __post_init__(self) -> None:
    known = {row['id'] for row in self.objects}
    for number, _ in self.check:
      if number not in known:
        raise ValueError(
          f'{self.name}: object {number} is to be checked, but is not among '
          f'the {len(known)} objects'
        )
    if self.labels is not None and not self.layers:
      raise ValueError(f'{self.name}: labels without a layer to show them on')
