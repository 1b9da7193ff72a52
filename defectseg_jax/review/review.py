"""A session that a person looks through and corrects."""

import dataclasses
import pathlib
from collections.abc import Sequence

from defectseg_jax.review.document import Document


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


class Review:
  """A folder that one process looks through and corrects.

  Attributes:
    path: of the folder.
    defect: what its masks show.
    has_network: whether a network made its masks.
  """

  path: pathlib.Path
  defect: str
  has_network: bool

  @classmethod
  def open(
    cls,
    folder: str | pathlib.Path,
    *,
    images: Sequence[str] = (),
    defect: str | None = None,
    pixel_size_nm: float | None = None,
    thickness_nm: float | None = None,
  ) -> 'Review':
    """Opens a session, and keeps other processes out until `close`.

    Args:
      folder: of a session that `predict` made; of a review that began from bare
        micrographs; or a new folder, where `images` are to be labelled from
        nothing.
      images: bare micrographs: files, folders and patterns. They stay as they
        are. Empty where the folder is a session already.
      defect: what is to be labelled in bare micrographs.
      pixel_size_nm, thickness_nm: of bare micrographs, whose files may say the
        former.

    Raises:
      InputError: the folder is no session, another process works in it, or a
        file of it cannot be read.
    """
    raise NotImplementedError

  @property
  def images(self) -> Sequence[ReviewImage]:
    """The images in the order of their names."""
    raise NotImplementedError

  def document(self, name: str) -> Document:
    """An image to edit. A few stay open; others are saved and closed.

    Raises:
      InputError: there is no such image, or it cannot be read.
    """
    raise NotImplementedError

  def save(self) -> None:
    """Writes what changed and is not in masks/ yet; a thread does so, too."""
    raise NotImplementedError

  def write_results(self) -> None:
    """Makes report.html, summary.csv and the rest anew, as predict would.

    Raises:
      InputError: a micrograph or the network is not there any more.
    """
    raise NotImplementedError

  def close(self) -> None:
    """Saves everything, and lets the folder go."""
    raise NotImplementedError
