"""The house keeps its order: who imports whom, what loads what, how large.

CONTRIBUTING.md tells the same in words.
"""

import ast
import inspect
import itertools
import pathlib
import re
import subprocess
import sys
import tomllib

import pytest

from configs import alloys, common, domain, foil, search
from defectseg_jax.errors import TRAINING

ROOT = pathlib.Path(__file__).parents[1]
PACKAGE = ROOT / 'defectseg_jax'

MAY_IMPORT = {
  'micrographs': set(),
  'models': set(),
  'evaluation': set(),
  'quantification': set(),
  'runtime': set(),
  'simulation': {'micrographs'},
  'datasets': {'micrographs', 'simulation'},
  'training': {'models', 'evaluation'},
  'prediction': {'models', 'micrographs'},
  'reporting': {'micrographs', 'quantification'},
  'applicability': {'quantification'},
  'runs': {
    *(
      'applicability',
      'models',
      'training',
      'evaluation',
      'prediction',
      'datasets',
    ),
    *('quantification', 'reporting', 'micrographs', 'simulation', 'runtime'),
  },
  'sessions': {
    *(
      'applicability',
      'runs',
      'prediction',
      'quantification',
      'micrographs',
      'evaluation',
    ),
    *('reporting', 'runtime'),
  },
  'search': {'runs', 'training', 'reporting', 'runtime'},
  'review': {
    *('sessions', 'runs', 'prediction', 'quantification', 'micrographs'),
    *('reporting', 'applicability', 'runtime'),
  },
  # Composes all rooms but itself.
  'jobs': {
    *('models', 'training', 'evaluation', 'prediction', 'datasets', 'search'),
    *('quantification', 'reporting', 'micrographs', 'simulation', 'runtime'),
    *('applicability', 'runs', 'sessions', 'review'),
  },
}
# Files beside the rooms, and the rooms that they may import.
FILES = {
  '__init__': {'runs', 'micrographs', 'quantification'},
  'bounds': set(),
  'command_help': set(),
  'command_line': set(),
  'config_files': set(),
  'disk': set(),
  'errors': set(),
  'files': set(),
  'given_config': {'runs', 'search'},
  'given_requests': {'sessions'},
  'lazy': set(),
  'locks': set(),
  'modes': set(),
  # What flags alone show to be wrong is said before a job is loaded, and who
  # reads micrographs loads beside it.
  'main': {'jobs', 'runs', 'sessions', 'runtime', 'micrographs'},
}
# The rooms, and what of the package itself, may be imported by anybody.
ANYBODY = {'bounds', 'disk', 'errors', 'files', 'lazy', 'locks', '__version__'}
# A room's own front, its heavy neighbours left alone.
LIGHT = ('micrographs', 'quantification', 'simulation')
MOST_LINES = 300
MOST_LINES_OF_A_FUNCTION = 60
MOST_PARAMETERS = 6
SAY_NOTHING = {
  *('utils', 'util', 'helpers', 'helper', 'misc', 'common', 'tools', 'base'),
  *('core', 'lib', 'stuff', 'manager', 'handler'),
}


def modules():
  return sorted(PACKAGE.rglob('*.py'))


def imported_modules(path):
  for node in ast.walk(ast.parse(path.read_text())):
    if isinstance(node, ast.Import):
      yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
      assert node.level == 0, f'{path}: relative import'
      yield from (f'{node.module}.{alias.name}' for alias in node.names)


def imported_rooms(path):
  """Rooms and files of the package that a module names, wherever it does."""
  for module in imported_modules(path):
    parts = module.split('.')
    if parts[0] == 'defectseg_jax':
      yield (parts[1] if len(parts) > 1 else '__version__'), module


def test_every_room_and_every_file_has_its_row():
  rooms = {path.parent.name for path in PACKAGE.glob('*/__init__.py')}
  assert rooms == MAY_IMPORT.keys()
  files = {path.stem for path in PACKAGE.glob('*.py')}
  assert files == FILES.keys()
  for allowed in (*MAY_IMPORT.values(), *FILES.values()):
    assert allowed <= rooms


@pytest.mark.parametrize('room', MAY_IMPORT)
def test_a_room_imports_only_its_neighbours(room):
  allowed = MAY_IMPORT[room] | {room} | ANYBODY
  for path in (PACKAGE / room).rglob('*.py'):
    for other, module in imported_rooms(path):
      assert other in allowed, f'{path.relative_to(ROOT)} imports {module}'


@pytest.mark.parametrize('name', FILES)
def test_a_file_beside_the_rooms_imports_only_what_it_may(name):
  allowed = FILES[name] | FILES.keys() | ANYBODY
  for other, module in imported_rooms(PACKAGE / f'{name}.py'):
    assert other in allowed, f'{name}.py imports {module}'


def test_data_walks_one_way():
  """No room imports one that imports it, at however many removes."""

  def above(room):
    found, new = set(), {room}
    while new:
      found |= new
      new = {other for one in new for other in MAY_IMPORT[one]} - found
    return found - {room}

  for room, others in MAY_IMPORT.items():
    for other in others:
      assert room not in above(other), f'{room} and {other} import each other'


def test_only_datasets_names_tensorflow():
  for path in modules():
    if path.parent.name != 'datasets':
      for module in imported_modules(path):
        name = module.split('.')[0]
        assert name not in ('tensorflow', 'tensorflow_datasets'), path


def import_without(blocked, names):
  """Imports modules in a process that cannot import the blocked ones."""
  program = f"""
import importlib, sys
class Blocked:
  def find_spec(self, name, path=None, target=None):
    if name.split('.')[0] in {blocked!r}:
      raise ImportError(name + ' is blocked')
sys.meta_path.insert(0, Blocked())
try:
  import {blocked[0]}
except ImportError:
  pass
else:
  sys.exit('the block does not work')
for module in {names!r}:
  importlib.import_module(module)
"""
  return subprocess.run(
    [sys.executable, '-c', program],
    cwd=ROOT,
    capture_output=True,
    text=True,
    check=False,
  )


def dotted(path):
  parts = path.relative_to(ROOT).with_suffix('').parts
  return '.'.join(part for part in parts if part != '__init__')


def test_everything_but_datasets_imports_without_tensorflow():
  names = [dotted(path) for path in modules() if path.parent.name != 'datasets']
  assert 'defectseg_jax.jobs.train' in names
  done = import_without(('tensorflow', 'tensorflow_datasets'), names)
  assert done.returncode == 0, done.stderr


def test_all_but_training_imports_without_what_training_needs():
  names = [
    dotted(path)
    for room in LIGHT
    for path in sorted((PACKAGE / room).rglob('*.py'))
  ]
  assert 'defectseg_jax.quantification.measure_mask' in names
  jobs = ('predict', 'predict_together', 'quantify', 'review', 'simulate')
  done = import_without(
    TRAINING,
    [
      *('defectseg_jax', 'defectseg_jax.main', *names),
      *(f'defectseg_jax.jobs.{job}' for job in jobs),
      *('defectseg_jax.runs.network_file', 'defectseg_jax.runs.loading'),
    ],
  )
  assert done.returncode == 0, done.stderr


def test_the_extra_of_training_is_what_errors_name():
  """By names of packages; three are imported by another name, one never."""
  project = tomllib.loads((ROOT / 'pyproject.toml').read_text())['project']
  wanted = {
    re.split('[<>=;]', one)[0].replace('-', '_')
    for one in project['optional-dependencies']['train']
  }
  imported = {'orbax_checkpoint': 'orbax', 'tensorflow_cpu': 'tensorflow'}
  # JAX alone loads it, and goes without where it is missing.
  needed = wanted - {'filelock'}
  assert {imported.get(one, one) for one in needed} == {*TRAINING}


@pytest.mark.parametrize('path', modules(), ids=dotted)
def test_a_file_is_one_idea(path):
  text = path.read_text()
  assert path.stem not in SAY_NOTHING
  assert len(text.splitlines()) <= MOST_LINES
  for node in ast.walk(ast.parse(text)):
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
      continue
    lines = node.end_lineno - node.lineno + 1
    assert lines <= MOST_LINES_OF_A_FUNCTION, f'{node.name}: {lines} lines'
    given = [*node.args.posonlyargs, *node.args.args]
    by_place = [arg for arg in given if arg.arg not in ('self', 'cls')]
    assert len(by_place) <= MOST_PARAMETERS, (
      f'{node.name}: {len(by_place)} positional parameters'
    )


def leaves(config, prefix=()):
  for name, value in config.items():
    if hasattr(value, 'items'):
      yield from leaves(value, (*prefix, name))
    else:
      yield (*prefix, name)


def test_every_config_field_has_a_comment():
  lines = [
    line
    for module in (alloys, common, domain, foil, search)
    for line in inspect.getsource(module.get_config).splitlines()
  ]
  fields = [
    (above.strip(), line.strip())
    for above, line in itertools.pairwise(lines)
    if line.strip().startswith(('config.', 'space.'))
    and not line.endswith(('ConfigDict()', 'get_config()', '= space'))
  ]
  assert len(fields) == len(list(leaves(common.get_config())))
  for above, line in fields:
    assert above.startswith('#'), line
