"""Where the settings of --config stand: in the program, or in a file.

A config file may import its neighbours, as in `from configs import common`.
That must work wherever the folder is: in a checkout, in an installed wheel,
or at a path that no Python knows of. So the package `configs` is made of the
folder that the file is in.
"""

import importlib.machinery
import pathlib
import sys
import types

from defectseg_jax.errors import InputError

_PACKAGE = pathlib.Path(__file__).parent
# A wheel has the folder inside the package; a checkout has it beside it.
_BUNDLED = (_PACKAGE / 'configs', _PACKAGE.parent / 'configs')
# The file that every folder of configs begins from.
_COMMON = 'common.py'


def resolve_config(value: str) -> str:
  """The path of the config file that --config names.

  Also makes the package `configs` of the folder that the file is in. Of a
  folder without common.py, the program's own configs are taken.

  Args:
    value: of --config: the name of a config that comes with the program, or
      the path of a file; either may end in `:key=value,...`.

  Returns:
    The same with an absolute path.

  Raises:
    InputError: there is no config of that name, or no such file.

  Examples:
    >>> path = resolve_config('voids:scale=quick')
    >>> path.rpartition('/')[2]
    'voids.py:scale=quick'
  """
  name, colon, arguments = value.partition(':')
  bundled = bundled_folder()
  if '/' not in name and not name.endswith('.py'):
    path = bundled / f'{name}.py'
    if name not in defect_names():
      raise InputError(
        f'--config={name}: no such config: choose one of '
        f'{", ".join(defect_names())}, or give the path of a file that ends '
        'in .py'
      )
  else:
    path = pathlib.Path(name).expanduser().absolute()
    if not path.is_file():
      raise InputError(
        f'--config={name}: there is no such file; choose one of '
        f'{", ".join(defect_names())}, or give the path of a config file'
      )
    if path.suffix != '.py':
      raise InputError(
        f'--config={name}: is no config file, whose name ends in .py; the '
        'config of a run is read from its folder: --workdir'
      )
  folder = path.parent
  _register(folder if (folder / _COMMON).exists() else bundled)
  return f'{path}{colon}{arguments}'


def bundled_folder() -> pathlib.Path:
  """The folder of the configs that come with the program.

  Raises:
    InputError: the installation lacks it.
  """
  for folder in _BUNDLED:
    if (folder / _COMMON).exists():
      return folder
  raise InputError(
    f'{_BUNDLED[0]}: is missing: install the program again, or give --config '
    'the path of a config file'
  )


def defect_names() -> list[str]:
  """The defects that a config comes with.

  Examples:
    >>> defect_names()
    ['dislocations', 'precipitates', 'voids']
  """
  shared = {
    _COMMON,
    'alloys.py',
    'domain.py',
    'foil.py',
    'search.py',
    '__init__.py',
  }
  return sorted(
    path.stem
    for path in bundled_folder().glob('*.py')
    if path.name not in shared
  )


def _register(folder: pathlib.Path) -> None:
  """Makes `import configs` find this folder."""
  known = sys.modules.get('configs')
  if known is not None and str(folder) in list(known.__path__):
    return
  for name in [n for n in sys.modules if n.partition('.')[0] == 'configs']:
    del sys.modules[name]
  package = types.ModuleType('configs')
  package.__path__ = [str(folder)]
  package.__spec__ = importlib.machinery.ModuleSpec(
    'configs', loader=None, is_package=True
  )
  package.__spec__.submodule_search_locations = [str(folder)]
  sys.modules['configs'] = package
