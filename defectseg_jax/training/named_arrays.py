"""The arrays of a network by name, and whether they are those of a file."""

import pathlib
from typing import TYPE_CHECKING, Any

from defectseg_jax.errors import InputError

if TYPE_CHECKING:
  # It loads JAX.
  from jaxtyping import PyTree


def leaves_by_name(tree: 'PyTree') -> dict[str, Any]:
  """A network's arrays by their names.

  Args:
    tree: of arrays, or of what has shapes.

  Examples:
    >>> leaves_by_name({'params': {'conv_1': {'bias': 0.5}}})
    {'params/conv_1/bias': 0.5}
  """
  # Who only compares a checksum's name need not wait for it.
  import jax

  return {
    jax.tree_util.keystr(path, simple=True, separator='/'): leaf
    for path, leaf in jax.tree_util.tree_leaves_with_path(tree)
  }


def require_same_shapes(
  needed: 'PyTree', saved: 'PyTree', checkpoint: pathlib.Path
) -> None:
  """Compares a network's arrays with those that were saved.

  Args:
    needed: the network's, or what has their shapes.
    saved: as found in a file.
    checkpoint: where they were found.

  Raises:
    InputError: a name or a shape differs.
  """
  wanted, found = (
    {name: tuple(leaf.shape) for name, leaf in leaves_by_name(tree).items()}
    for tree in (needed, saved)
  )
  differing = sorted(
    name
    for name in wanted.keys() | found.keys()
    if wanted.get(name) != found.get(name)
  )
  if differing:
    name = differing[0]
    raise InputError(
      f'{checkpoint}: is of another architecture: {name} is '
      f'{found.get(name, "missing")}, but config.model needs '
      f'{wanted.get(name, "none")} ({len(differing)} arrays differ); choose '
      'a checkpoint of the same config.model'
    )
