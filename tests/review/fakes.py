"""Documents and reviews without files, for what reads them alone."""

import dataclasses
import pathlib
import threading
import types
from typing import Any, cast

import numpy as np

from defectseg_jax.micrographs.writing import write_mask, write_tiff
from defectseg_jax.review.document import Document
from defectseg_jax.review.review import Review, ReviewImage


def document(ids: Any, **fields: Any) -> Document:
  """A document of voids with these ids; other fields can be given."""
  made: Any = types.SimpleNamespace()
  ids = np.asarray(ids, np.int32)
  known: dict[str, Any] = {
    'name': 'foil',
    'defect': 'voids',
    'shape': ids.shape,
    'pixel_size_nm': 0.5,
    'pixels': np.arange(ids.size, dtype=np.uint16).reshape(ids.shape),
    'probabilities': None,
    'version': 1,
    'ids': ids,
    'removed': np.zeros_like(ids),
    'regions': np.zeros(ids.shape, np.uint8),
    'done': True,
    'lesson': 0,
    'lock': threading.RLock(),
  }
  for name, value in (known | fields).items():
    setattr(made, name, value)
  return cast(Document, made)


@dataclasses.dataclass
class FakeReview:
  """What hands documents over."""

  documents: dict[str, Document]
  path: pathlib.Path = pathlib.Path()
  defect: str = 'voids'
  has_network: bool = True
  save_error: str = ''
  network: str | None = 'voids'

  @property
  def images(self) -> list[ReviewImage]:
    """A row for each."""
    return [
      ReviewImage(name, *one.shape, one.done, 0, None, None, 0)
      for name, one in self.documents.items()
    ]

  def document(self, name: str) -> Document:
    """As `Review.document`."""
    return self.documents[name]

  def save(self) -> None:
    """Writes what `predict` would: images and masks."""
    for name, one in self.documents.items():
      for kind, write, pixels in (
        ('images', write_tiff, one.pixels),
        ('masks', write_mask, one.ids > 0),
      ):
        (self.path / kind).mkdir(parents=True, exist_ok=True)
        write(self.path / kind / f'{name}.tif', pixels, pixel_size_nm=0.5)


def review(*documents: Document, **fields: Any) -> Review:
  """A review of documents."""
  return cast(Review, FakeReview({d.name: d for d in documents}, **fields))
