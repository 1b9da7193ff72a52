"""The house keeps its order: who imports whom, and who needs TensorFlow."""

import ast
import inspect
import itertools
import pathlib
import subprocess
import sys

import pytest

from configs import common, foil, search

ROOT = pathlib.Path(__file__).parents[1]
PACKAGE = ROOT / 'defectseg_jax'

MAY_IMPORT = {
  'datasets': {'micrographs'},
  'training': {'models', 'evaluation'},
  'prediction': {'models', 'micrographs'},
  'reporting': {'micrographs'},
  'models': set(),
  'evaluation': set(),
  'quantification': set(),
  'micrographs': set(),
}
ROOMS = sorted(path.parent.name for path in PACKAGE.glob('*/__init__.py'))


def imported_modules(path):
  for node in ast.walk(ast.parse(path.read_text())):
    if isinstance(node, ast.Import):
      yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
      assert node.level == 0, f'{path}: relative import'
      yield from (f'{node.module}.{alias.name}' for alias in node.names)


@pytest.mark.parametrize('room', [r for r in ROOMS if r != 'jobs'])
def test_a_room_imports_only_its_neighbours(room):
  allowed = MAY_IMPORT[room] | {room, 'errors'}
  for path in (PACKAGE / room).rglob('*.py'):
    for module in imported_modules(path):
      parts = module.split('.')
      if parts[0] == 'defectseg_jax':
        assert parts[1] in allowed, f'{path.name} imports {module}'


def test_main_imports_jobs_only():
  for module in imported_modules(PACKAGE / 'main.py'):
    parts = module.split('.')
    if parts[0] == 'defectseg_jax':
      assert parts[1] in ('jobs', 'errors'), module


def test_only_datasets_names_tensorflow():
  for path in PACKAGE.rglob('*.py'):
    if path.parent.name != 'datasets':
      for module in imported_modules(path):
        name = module.split('.')[0]
        assert name not in ('tensorflow', 'tensorflow_datasets'), path


def test_everything_but_datasets_imports_without_tensorflow():
  modules = [
    '.'.join(path.relative_to(ROOT).with_suffix('').parts)
    for path in sorted(PACKAGE.rglob('*.py'))
    if path.parent.name != 'datasets' and path.name != '__init__.py'
  ]
  assert 'defectseg_jax.jobs.train' in modules
  program = f"""
import importlib, sys
class Blocked:
  def find_spec(self, name, path=None, target=None):
    if name.split('.')[0] in ('tensorflow', 'tensorflow_datasets'):
      raise ImportError(name + ' is blocked')
sys.meta_path.insert(0, Blocked())
try:
  import tensorflow
except ImportError:
  pass
else:
  sys.exit('the block does not work')
for module in {modules!r}:
  importlib.import_module(module)
"""
  done = subprocess.run(
    [sys.executable, '-c', program],
    cwd=ROOT,
    capture_output=True,
    text=True,
    check=False,
  )
  assert done.returncode == 0, done.stderr


def leaves(config, prefix=()):
  for name, value in config.items():
    if hasattr(value, 'items'):
      yield from leaves(value, (*prefix, name))
    else:
      yield (*prefix, name)


def test_every_config_field_is_read_somewhere():
  """As an attribute, or for a room whole: as an argument of that name."""
  read = set()
  for path in PACKAGE.rglob('*.py'):
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
      if isinstance(node, ast.Attribute):
        read.add(node.attr)
      elif isinstance(node, ast.arg):
        read.add(node.arg)
      elif isinstance(node, ast.AnnAssign):
        read.add(ast.unparse(node.target))
  fields = list(leaves(common.get_config()))
  assert len(fields) > 20
  unread = [
    '.'.join(field)
    for field in fields
    if field[-1] not in read and field != ('model', 'name')
  ]
  assert not unread


def test_every_config_field_has_a_comment():
  lines = [
    line
    for module in (common, foil, search)
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
