"""What the networks of other defects have to say to the session of one.

It is known once all of them have looked at an image. Who makes the results of
that one session anew, as a review does, reads it from the folder of all.
"""

import dataclasses
import json
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any, Self

from defectseg_jax.disk import read_regular
from defectseg_jax.errors import InputError
from defectseg_jax.quantification import QualityWarning
from defectseg_jax.sessions.session_image import SessionImage
from defectseg_jax.sessions.together.folder import TogetherFolder

FILE = 'told.json'


@dataclasses.dataclass(frozen=True)
class Told:
  """What is told to one session.

  Attributes:
    warnings: by image.
    how_made: label and text, for page and Methods.
  """

  warnings: Mapping[str, Sequence[QualityWarning]] = dataclasses.field(
    default_factory=dict
  )
  how_made: Mapping[str, str] = dataclasses.field(default_factory=dict)

  def add_to(self, image: SessionImage) -> SessionImage:
    """The image, with the warnings of it."""
    own = self.warnings.get(image.name, ())
    return dataclasses.replace(image, warnings=(*image.warnings, *own))

  def to_json(self) -> dict[str, Any]:
    """As `read_told` finds it."""
    return dataclasses.asdict(self)

  @classmethod
  def of(cls, found: Mapping[str, Any]) -> Self:
    """What `to_json` gave."""
    warnings = {
      str(name): [QualityWarning(*map(str, each)) for each in own]
      for name, own in found['warnings'].items()
    }
    how_made = {str(a): str(b) for a, b in found['how_made'].items()}
    return cls(warnings, how_made)


NOTHING_TOLD = Told()


def read_told(folder: pathlib.Path, defect: str) -> Told:
  """What was told to a session when all networks looked last.

  Args:
    folder: of the session.
    defect: what it looks for.

  Returns:
    Nothing, of a session that is not one of several defects.

  Raises:
    InputError: the note cannot be read.
  """
  path = folder.parent / FILE
  if not (folder.parent / TogetherFolder.INDEX).exists() or not path.exists():
    return NOTHING_TOLD
  try:
    return Told.of(json.loads(read_regular(path))[defect])
  except (
    *(OSError, ValueError, TypeError, KeyError, AttributeError),
    RecursionError,
  ) as error:
    raise InputError(
      f'{path}: cannot be read ({error}); give the predict command of all '
      'networks again'
    ) from error
