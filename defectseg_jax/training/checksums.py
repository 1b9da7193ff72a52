"""The SHA-256 of what a checkpoint holds, kept beside it.

The files of a checkpoint say nothing where a bit of an array has changed: on a
disk, in memory, or by a program that copied it. So what is restored is compared
with what was saved.
"""

import dataclasses
import hashlib
import json
import pathlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from defectseg_jax.disk import read_regular
from defectseg_jax.training.named_arrays import leaves_by_name
from defectseg_jax.training.progress import Progress

if TYPE_CHECKING:
  # It loads JAX.
  from jaxtyping import PyTree

# The item with the SHA-256 of the others, a folder with a file of JSON.
_RECORD = 'checksums'


def arrays_sha256(tree: 'PyTree') -> str:
  """The SHA-256 of arrays: of the name, type, shape and bytes of each.

  Args:
    tree: of arrays, on the host.

  Examples:
    >>> arrays_sha256({'bias': np.zeros(2, np.float32)})[:8]
    '9ca02b2a'
  """
  digest = hashlib.sha256()
  for name, leaf in sorted(leaves_by_name(tree).items()):
    array = np.ascontiguousarray(leaf)
    digest.update(f'{name} {array.dtype.str} {array.shape}\n'.encode())
    digest.update(array.tobytes())
  return digest.hexdigest()


def progress_sha256(progress: Progress | Mapping[str, Any]) -> str:
  """The SHA-256 of a progress, or of its fields as JSON gives them back."""
  fields = progress
  if isinstance(progress, Progress):
    fields = dataclasses.asdict(progress)
  return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()


def checksums(items: Mapping[str, Any]) -> dict[str, str]:
  """The SHA-256 of each item of a checkpoint.

  Args:
    items: `model` and `trainer`, of arrays, and `progress`; any of them.
  """
  return {
    name: progress_sha256(item) if name == 'progress' else arrays_sha256(item)
    for name, item in items.items()
  }


def unverified_text(path: str | pathlib.Path) -> str:
  """One line about a checkpoint whose weights nobody can verify.

  Args:
    path: a workdir, or one checkpoint of it.

  Returns:
    The line; '' where all checkpoints have checksums, or there is none.
  """
  path = pathlib.Path(path).expanduser()
  for one in (path, *sorted((path / 'checkpoints').glob('*'))):
    if (one / 'model').is_dir() and not (one / _RECORD).exists():
      return (
        f'{one}: an older version wrote it, without checksums: whether its '
        'weights are still those that were trained cannot be told.'
      )
  return ''


def require_same(checkpoint: pathlib.Path, found: Mapping[str, Any]) -> None:
  """Compares what was restored with the record.

  Args:
    checkpoint: its folder; those of older versions have no record.
    found: items as they were restored.

  Raises:
    ValueError: an item is not what was saved.
  """
  if not (checkpoint / _RECORD).exists():
    return
  saved = json.loads(read_regular(checkpoint / _RECORD / 'metadata'))
  for name, sha256 in checksums(found).items():
    if saved.get(name) != sha256:
      raise ValueError(f'its {name} is not what was saved: the SHA-256 differs')
