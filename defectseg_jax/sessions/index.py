"""session.json: what a session notes of its images and its files."""

import dataclasses
import json
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from defectseg_jax.disk import is_left_over, read_regular
from defectseg_jax.errors import InputError, open_error
from defectseg_jax.files import json_text
from defectseg_jax.sessions.index_log import log_of, read_log

# The folders whose files people correct by hand.
MASKS, ROIS = 'masks', 'rois'
# That says where images show specimen, of those that do so in part.
VALID = 'valid'
# Where a person says what of an image is not labelled.
IGNORE = 'ignore'


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
    edits: what a person did in a review: `mask`, checksum of the file that
      shows it; `corrected`, how many objects were taken out, drawn or changed;
      `objects`, of how many. Empty where nobody did.
    engine: what computed the network, with its version; '' where none did, or
      an older version noted none.
  """

  stem: str
  key: str
  mask_key: str
  pixel_size_nm: float | None
  files: list[str]
  zooms: Sequence[float] = (1.0,)
  correction: Mapping[str, str] = dataclasses.field(default_factory=dict)
  signs: Mapping[str, float] | None = None
  edits: Mapping[str, Any] = dataclasses.field(default_factory=dict)
  engine: str = ''


class Index(NamedTuple):
  """What session.json notes.

  Attributes:
    done: images that are done, by name.
    results: paths of results.
    written: by path, checksums of all files that the program wrote.
    provenance, asked: how it was made, and what for, as JSON; None where an
      older version noted none.
  """

  done: dict[str, Done]
  results: list[str]
  written: dict[str, list[str]]
  provenance: dict[str, Any] | None
  asked: Any


def require_new(folder: pathlib.Path) -> None:
  """Raises InputError if files of somebody else are in a folder."""
  if folder.exists() and not all(map(is_left_over, folder.iterdir())):
    raise InputError(
      f'{folder}: holds files that are not of a session; give another '
      '--output, or give --overwrite to write there all the same'
    )


def index_text(index: Index) -> str:
  """The content of session.json, from which `read_index` reads it."""
  return json_text(
    {
      'provenance': index.provenance,
      'asked': index.asked,
      'images': images_to_json(index.done),
      'results': index.results,
      'written': index.written,
    }
  )


def images_to_json(done: Mapping[str, Done]) -> dict[str, Any]:
  """Images that are done, as session.json and its log have them."""
  return {name: dataclasses.asdict(one) for name, one in done.items()}


def read_index(index: pathlib.Path) -> Index:
  """What session.json notes, and what was noted since it was written.

  Args:
    index: its path.

  Raises:
    InputError: the file is damaged, or names files outside of its folder.
  """
  for file in (index, log_of(index)):
    path_inside(index.parent, file.name)
  try:
    if not index.is_file():
      raise ValueError('it is no file')
    text = read_regular(index)
    content = json.loads(text)
    for note in read_log(index, text):
      content['images'] |= note['images']
      content['written'] |= note['written']
    done = {name: _done(one) for name, one in content['images'].items()}
    results = _texts(content['results'])
    written = {file: _texts(of) for file, of in content['written'].items()}
  except OSError as error:
    raise open_error(index, error) from error
  except (
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    RecursionError,
  ) as error:
    raise InputError(
      f'{index}: is damaged, or of another version; give another '
      '--output, or remove it and give --overwrite'
    ) from error
  for file in (
    *results,
    *written,
    *(f for d in done.values() for f in d.files),
  ):
    path_inside(index.parent, file)
  asked = content.get('asked')
  return Index(done, results, written, content.get('provenance'), asked)


def path_inside(folder: pathlib.Path, file: str) -> pathlib.Path:
  """The path of a session's file.

  Args:
    folder: of the session.
    file: path below it.

  Raises:
    InputError: the path, or a link in it, leads out of the folder.
  """
  path = folder / file
  try:
    inside = folder.resolve() in path.resolve().parents
  except (OSError, ValueError):
    inside = False
  if not inside:
    raise InputError(
      f'{folder}: its file {file!r} would be outside of the folder, by a link '
      'or by what session.json says; give another --output'
    )
  return path


def _done(one: Mapping[str, Any]) -> Done:
  """Raises TypeError where a field is not of its type."""
  done = Done(**one)
  _texts([done.stem, done.key, done.mask_key])
  _texts(done.files)
  _texts([*done.correction, *done.correction.values()])
  if done.edits:
    _texts([done.edits['mask']])
  numbers = [done.pixel_size_nm, *done.zooms, *(done.signs or {}).values()]
  numbers += [done.edits[one] for one in ('corrected', 'objects') if done.edits]
  if not all(one is None or isinstance(one, int | float) for one in numbers):
    raise TypeError(f'{numbers}: not all are numbers')
  return done


def _texts(value: Any) -> list[str]:
  if not isinstance(value, list) or not all(
    isinstance(one, str) for one in value
  ):
    raise TypeError(f'{value}: is no list of texts')
  return value


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
  done = read_index(index).done.values()
  return {file: sha for one in done for file, sha in one.correction.items()}
