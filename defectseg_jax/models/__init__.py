"""Patches to logits: the architectures, and the one door to them.

`create_model` builds every network. Flax and JAX are imported when it, or
another name that needs them, is first used: a config is checked without them.
"""

import importlib
from typing import TYPE_CHECKING, Any

from defectseg_jax.models.settings import ModelSettings

if TYPE_CHECKING:
  from defectseg_jax.models.architecture import Architecture
  from defectseg_jax.models.catalogue import ARCHITECTURES, create_model

__all__ = ['ARCHITECTURES', 'Architecture', 'ModelSettings', 'create_model']

_HOMES = {
  'ARCHITECTURES': 'catalogue',
  'Architecture': 'architecture',
  'create_model': 'catalogue',
}


def __getattr__(name: str) -> Any:
  if name not in _HOMES:
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
  home = importlib.import_module(f'{__name__}.{_HOMES[name]}')
  return getattr(home, name)
