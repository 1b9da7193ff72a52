"""Names of a package that are loaded when they are first used.

A front door must be light: a person who measures masks need not wait for JAX.
"""

import importlib
import sys
from collections.abc import Callable, Mapping
from typing import Any


def make_getattr(
  package: str, modules: Mapping[str, str]
) -> Callable[[str], Any]:
  """Makes the `__getattr__` of a package (PEP 562).

  Args:
    package: `__name__` of the package.
    modules: by name, the module below the package that it stands in.

  Returns:
    A function that imports the module of a name, and keeps what it finds.

  Examples:
    >>> get = make_getattr('defectseg_jax', {'InputError': 'errors'})
    >>> get('InputError').__name__
    'InputError'
    >>> get('OutputError')
    Traceback (most recent call last):
    AttributeError: module 'defectseg_jax' has no attribute 'OutputError'
  """

  def get(name: str) -> Any:
    if name not in modules:
      raise AttributeError(f'module {package!r} has no attribute {name!r}')
    module = importlib.import_module(f'{package}.{modules[name]}')
    value = getattr(module, name)
    setattr(sys.modules[package], name, value)
    return value

  return get
