"""A folder that is made anew stands aside until the new one is on the disk."""

import pathlib
import shutil

from defectseg_jax.disk import sync

_ASIDE = '.before-'


def put_aside(folder: pathlib.Path) -> None:
  """Makes room for a new one."""
  folder.rename(folder.with_name(f'{_ASIDE}{folder.name}'))
  sync(folder.parent)


def take_back(place: pathlib.Path) -> None:
  """Puts those that no new one came for back.

  Args:
    place: the folder that they are in.
  """
  for aside in place.glob(f'{_ASIDE}*'):
    folder = aside.with_name(aside.name.removeprefix(_ASIDE))
    if not folder.exists():
      aside.rename(folder)
      sync(place)


def remove_aside(place: pathlib.Path) -> None:
  """Removes those that stand aside: the new ones are on the disk."""
  for aside in place.glob(f'{_ASIDE}*'):
    shutil.rmtree(aside)
