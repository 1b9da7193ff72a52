"""Of the four virtual devices, one."""

import jax
import pytest


def take_one_device(patch: pytest.MonkeyPatch) -> None:
  """A small micrograph is one tile, and the other devices would get zeros."""
  (first, *_) = jax.local_devices()
  patch.setattr(jax, 'local_devices', lambda: [first])
  patch.setattr(jax, 'local_device_count', lambda: 1)
