"""A checkpoint that cannot be read, in one line."""

import contextlib
import logging
import pathlib
import sys
from collections.abc import Iterator

from defectseg_jax.disk import irregular_in
from defectseg_jax.errors import InputError


@contextlib.contextmanager
def naming_damage(checkpoint: pathlib.Path) -> Iterator[None]:
  """Says of which checkpoint it is what cannot be read.

  Args:
    checkpoint: its folder.

  Raises:
    InputError: it has a link or a pipe in it, or whatever the block raises.
  """
  try:
    if wrong := irregular_in(checkpoint):
      raise ValueError(wrong)
    yield
  except (InputError, MemoryError):
    raise
  # orbax and tensorstore raise anything where files are missing or changed.
  except Exception as error:
    # Reads of other arrays end after this one, each with a word of its own.
    logging.getLogger('asyncio').setLevel(logging.CRITICAL)
    sys.unraisablehook = lambda unraisable: None
    reason = ' '.join(str(error).split())[:200]
    raise InputError(
      f'{checkpoint}: is damaged ({reason}); remove that folder to go on '
      'without it, or choose another'
    ) from error
