"""session.json: what a session notes of its images and its files."""

import dataclasses
import hashlib
import json
import pathlib
from collections.abc import Mapping, Sequence

from defectseg_jax.errors import InputError

# The folders whose files people correct by hand.
MASKS, ROIS = 'masks', 'rois'
# That says where images show specimen, of those that do so in part.
VALID = 'valid'


@dataclasses.dataclass(frozen=True)
class Done:
  """What is noted of an image that is done.

  Attributes:
    stem: of the file it was read from.
    key: checksum of the network and the pixels that its files were made from.
    mask_key: likewise of its mask; differs where a corrected mask was kept.
    pixel_size_nm: that stands in its files, or None.
    files: paths below the session's folder.
    zooms: scales that its probabilities are taken from.
    correction: the file that a person saved and that its mask was made from,
      and its checksum; empty where there is none.
    signs: of whether the network applies; None where it has no references.
  """

  stem: str
  key: str
  mask_key: str
  pixel_size_nm: float | None
  files: list[str]
  zooms: Sequence[float] = (1.0,)
  correction: Mapping[str, str] = dataclasses.field(default_factory=dict)
  signs: Mapping[str, float] | None = None


def read_index(
  index: pathlib.Path,
) -> tuple[dict[str, Done], list[str], dict[str, list[str]]]:
  """What session.json notes.

  Args:
    index: its path.

  Returns:
    Images that are done, by name; paths of results; and by path the checksums
    of all files that the program wrote.

  Raises:
    InputError: the file is damaged.
  """
  try:
    content = json.loads(index.read_text())
    done = {name: Done(**one) for name, one in content['images'].items()}
    return done, content['results'], content['written']
  except (ValueError, KeyError, TypeError, AttributeError) as error:
    raise InputError(
      f'{index}: is damaged, or of another version; give another '
      '--output, or remove it and give --overwrite'
    ) from error


def noted_corrections(session: pathlib.Path) -> dict[str, str]:
  """Corrections that are in the masks of a session, and their checksums.

  Args:
    session: its folder, or any other, which has none.

  Returns:
    Checksums by path below the folder.

  Raises:
    InputError: session.json is damaged.
  """
  index = session / 'session.json'
  if not index.exists():
    return {}
  done = read_index(index)[0].values()
  return {file: sha for one in done for file, sha in one.correction.items()}


def file_checksum(path: pathlib.Path) -> str:
  """SHA-256 of a file, in hexadecimal."""
  with path.open('rb') as stream:
    return hashlib.file_digest(stream, 'sha256').hexdigest()
