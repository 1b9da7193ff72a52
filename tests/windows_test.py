"""The program does without what Windows has not.

No Windows is at hand: `like_windows` takes from Python what that has not.
"""

import ast
import os
import subprocess
import sys

import numpy as np
import pytest
import tifffile
from programs import PROGRAM
from sessions import by_image
from tiny import HANGS_S, ROOT, run

from defectseg_jax.errors import TRAINING

STAND_IN = ROOT / 'tests' / 'like_windows'

# Nor JAX, as where a microscopist installs what finds and measures alone.
_WITHOUT_JAX = f"""
import sys
class Blocked:
  def find_spec(self, name, path=None, target=None):
    if name.split('.')[0] in {TRAINING!r}:
      raise ModuleNotFoundError(name + ' is blocked', name=name)
sys.meta_path.insert(0, Blocked())
"""
_RUN = f'{_WITHOUT_JAX}\nfrom defectseg_jax.main import run\nrun()'
# What a person does in a browser, by the same calls.
_CORRECT = f"""{_WITHOUT_JAX}
import pathlib
from defectseg_jax.review.review import Review
with Review.open(pathlib.Path(sys.argv[1])) as review:
  document = review.document('x ü')
  row, column = (document.ids > 0).nonzero()
  document.apply(dict(kind='toggle', row=int(row[0]), column=int(column[0]),
                      version=document.version))
  assert document.corrected()[0] == 1
  review.save()
"""
# What the stand-in refuses, and that the program's own files live with it.
_FILES = """
import os, pathlib, signal, subprocess, sys
from defectseg_jax import disk, files, locks
folder = pathlib.Path(sys.argv[1])

def refused(error, call, *words):
  try:
    call(*words)
  except error:
    return
  raise AssertionError(call)

refused(ImportError, __import__, 'fcntl')
refused(ImportError, __import__, 'resource')
assert not hasattr(os, 'fork') and not hasattr(signal, 'SIGUSR1')
with (folder / 'open').open('w') as stream:
  refused(PermissionError, (folder / 'open').unlink)
  refused(PermissionError, (folder / 'open').replace, folder / 'other')
  refused(OSError, os.fsync, os.open(folder / 'open', os.O_RDONLY))
refused(PermissionError, os.open, folder, os.O_RDONLY)

with files.write_whole(folder / 'a.txt') as path:
  files.write_text(path, 'Größe\\n')
assert (folder / 'a.txt').read_bytes() == 'Größe\\n'.encode()
assert disk.read_regular(folder / 'a.txt') == 'Größe\\n'.encode()
(folder / 'empty').mkdir()
with files.new_folder(folder / 'empty') as made:
  files.write_text(made / 'b.txt', 'b')
assert (folder / 'empty' / 'b.txt').read_text('utf-8') == 'b'
asks = 'import pathlib, sys; from defectseg_jax import locks\\nwith ' \\
  'locks.lock(pathlib.Path(sys.argv[1])): pass'
def other():
  command = [sys.executable, '-c', asks, str(folder / '.lock')]
  return subprocess.run(command, capture_output=True, encoding='utf-8')
with files.claim(folder, flag='--output'):
  held = other()
  assert held.returncode and f'process {os.getpid()} on' in held.stderr
  refused(files.InputError, files.claim(folder, flag='-').__enter__)
assert not (folder / '.lock').exists()
assert other().returncode == 0
(folder / 'link').symlink_to(folder / 'a.txt')
refused(OSError, disk.open_own, folder / 'link', os.O_RDWR)
"""
_READING = """
import pathlib, sys
from defectseg_jax.errors import InputError
from defectseg_jax.micrographs.reader import pool, process
path = pathlib.Path(sys.argv[1])
[frame] = pool.stream_frames(path)
assert frame.values.tolist() == [[1, 2], [3, 4]]
known = process.limits_of
process.limits_of = lambda path: known(path)._replace(seconds=1e-6)
try:
  list(pool.stream_frames(path))
except InputError as error:
  print(error)
process.limits_of = known
[frame] = pool.stream_frames(path)
"""


def like_windows(program, *words, code=0):
  """Runs it where Python has what it has on Windows; it ends with the code."""
  done = subprocess.run(
    [sys.executable, '-X', 'warn_default_encoding', '-c', program, *words],
    env={**os.environ, 'PYTHONPATH': f'{STAND_IN}{os.pathsep}{ROOT}'},
    cwd=ROOT,
    capture_output=True,
    encoding='utf-8',
    timeout=HANGS_S,
    check=False,
  )
  assert done.returncode == code, done.stdout + done.stderr
  said = [line for line in done.stderr.splitlines() if 'EncodingWarn' in line]
  # Of ours; what libraries do is theirs.
  assert not [line for line in said if '/defectseg_jax/' in line], said
  return done


def test_files_are_whole_and_locks_hold(tmp_path):
  like_windows(_FILES, str(tmp_path))


def test_a_file_that_takes_too_long_costs_itself_alone(tmp_path):
  tifffile.imwrite(tmp_path / 'x.tif', np.array([[1, 2], [3, 4]], np.uint8))
  done = like_windows(_READING, str(tmp_path / 'x.tif'))
  (line,) = done.stdout.splitlines()
  assert 'x.tif: it was not read after 0 s; copy it to a' in line


@pytest.mark.slow
def test_a_session_is_made_corrected_and_gone_on_with(tmp_path):
  images = tmp_path / 'images'
  images.mkdir()
  pixels = tifffile.imread(ROOT / 'examples' / 'foil_2.tif')[:256, :256]
  tifffile.imwrite(images / 'x ü.tif', pixels)
  damaged = (images / 'x ü.tif').read_bytes()[:3000]
  (images / 'y.tif').write_bytes(damaged)
  words = [
    *('predict', '--network=voids', '--pixel_size_nm=0.12', '--engine=onnx'),
    *('--thickness_nm=100', '--object_diameter_nm=4', f'--input={images}'),
  ]
  out, usual = tmp_path / 'out', tmp_path / 'usual'
  # One of the two cannot be done.
  done = like_windows(_RUN, *words, f'--output={out}', code=1)
  assert 'FAILED y' in done.stdout and 'Traceback' not in done.stderr
  assert run([*PROGRAM, *words, f'--output={usual}']).returncode == 1
  for name in ('masks/x ü.tif', 'probabilities/x ü.tif', 'objects.csv'):
    assert (out / name).read_bytes() == (usual / name).read_bytes(), name
  count = int(by_image(out)['x ü']['count'])
  assert count == int(by_image(usual)['x ü']['count']) > 1
  like_windows(_CORRECT, str(out))
  like_windows(_RUN, *words, f'--output={out}', code=1)
  assert int(by_image(out)['x ü']['count_all']) < int(
    by_image(usual)['x ü']['count_all']
  )
  assert not list(out.rglob('.*')), 'nothing is left half-written or locked'


# Each asks first whether it is there, or belongs to training.
USED = {
  'disk.py': {'O_NOFOLLOW'},
  'locks.py': {'fcntl'},
  'micrographs/reader/bell.py': {'eventfd', 'eventfd_read', 'eventfd_write'},
  'micrographs/reader/bounds.py': {
    *('ITIMER_PROF', 'ITIMER_REAL', 'SIGALRM', 'SIGPROF', 'resource'),
    *('pthread_sigmask', 'setitimer'),
  },
  'micrographs/reader/box.py': {'memfd_create', 'preadv', 'pwrite'},
  'micrographs/reader/pool.py': {'register_at_fork'},
  'micrographs/reader/signals.py': {'pthread_sigmask'},
  'review/lesson_program.py': {'nice'},
  'runtime/compilation_cache.py': {'getuid'},
  'simulation/domain/workers.py': {'SIGUSR1', 'sched_getaffinity'},
}


def test_what_windows_has_not_is_used_in_few_places(monkeypatch):
  monkeypatch.syspath_prepend(STAND_IN)
  import missing_on_windows as missing

  names = {*missing.OF_OS, *missing.OF_SIGNAL}
  package, found = ROOT / 'defectseg_jax', {}
  for path in sorted(package.rglob('*.py')):
    here = set()
    for node in ast.walk(ast.parse(path.read_text('utf-8'))):
      if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        if node.value.id in ('os', 'signal') and node.attr in names:
          here.add(node.attr)
      elif isinstance(node, ast.Import):
        here |= {one.name for one in node.names if one.name in missing.MODULES}
      elif isinstance(node, ast.ImportFrom) and node.module in missing.MODULES:
        here.add(node.module)
    if here:
      found[path.relative_to(package).as_posix()] = here
  assert found == USED
