"""Patches to logits: the architectures, and the one door to them.

`create_model` builds every network. Flax and JAX are imported when it, or
another name that needs them, is first used: a config is checked without them.
"""

from typing import TYPE_CHECKING

from defectseg_jax.lazy import make_getattr
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


__getattr__ = make_getattr(__name__, _HOMES)
