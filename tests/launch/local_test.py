"""launch/local.sh, run on a copy with a stub package and nothing to install."""

import json
import os
import pathlib
import shutil
import subprocess
import sys

import pytest
from tiny import HANGS_S

# One worker, so that the environment is made once.
pytestmark = [pytest.mark.xdist_group('launch'), pytest.mark.slow]

_LAUNCH = pathlib.Path(__file__).resolve().parents[2] / 'launch'
_VERSION = '.'.join(map(str, sys.version_info[:3]))
_PYTHON = sys._base_executable  # Not the one of the environment we run in.

_STUB = """
import json, os, sys
print(json.dumps({
  'version': '.'.join(map(str, sys.version_info[:3])),
  'args': sys.argv[1:],
  'cwd': os.getcwd(),
}))
sys.exit(int(os.environ.get('STUB_EXIT_CODE', 0)))
"""


def _create_checkout(folder):
  """A checkout with the real scripts and a package that says what it got."""
  shutil.copytree(_LAUNCH, folder / 'launch')
  (folder / 'defectseg_jax').mkdir()
  (folder / 'defectseg_jax' / '__init__.py').touch()
  (folder / 'defectseg_jax' / 'main.py').write_text(_STUB)
  (folder / 'requirements.txt').touch()
  (folder / 'requirements-microscopy.txt').touch()
  return folder


def _start(checkout, *args, cwd=None, **environment):
  """Runs local.sh with `environment` on top of ours; None takes a name away."""
  variables = os.environ | {'PYTHON': _PYTHON} | environment
  return subprocess.run(
    [checkout / 'launch' / 'local.sh', *args],
    cwd=cwd or checkout,
    env={k: v for k, v in variables.items() if v is not None},
    capture_output=True,
    text=True,
    timeout=HANGS_S,
  )


def _write_program(path, text):
  path.write_text(f'#!/bin/sh\n{text}\n')
  path.chmod(0o755)


@pytest.fixture(scope='module')
def checkout(tmp_path_factory):
  """A checkout whose environment is made, in a folder with spaces."""
  folder = tmp_path_factory.mktemp('check out') / "a user's copy"
  folder.mkdir()
  run = _start(_create_checkout(folder))
  assert run.returncode == 0, run.stderr
  assert 'first run: making .venv' in run.stderr
  return folder


def _assert_refused(run, *texts):
  """One line that says why, exit code 1, and the program was not run."""
  assert run.returncode == 1
  assert run.stdout == ''
  assert run.stderr.count('\n') == 1, run.stderr
  for text in texts:
    assert text in run.stderr


def test_first_run_leaves_a_stamp_and_no_trace_of_the_work(checkout):
  minor = '.'.join(_VERSION.split('.')[:2])
  stamp = (checkout / '.venv' / 'requirements.txt.stamp').read_text()
  # POSIX cksum of nothing.
  assert stamp == f'{minor} 4294967295 0\n'
  assert not (checkout / '.venv.unfinished').exists()


def test_a_second_run_calls_no_pip_and_says_nothing(checkout):
  (pip,) = (checkout / '.venv' / 'lib').glob('python*/site-packages/pip')
  away = pip.rename(pip.with_name('pip_away'))
  try:
    run = _start(checkout, PYTHON=None)
  finally:
    away.rename(pip)
  assert run.returncode == 0
  assert run.stderr == ''
  assert json.loads(run.stdout)['version'] == _VERSION


def test_arguments_pass_through_unchanged(checkout):
  args = ['--a=b c', '', '*', '$HOME', '"\'', '\\', 'new\nline', '--', 'µm']
  assert json.loads(_start(checkout, *args).stdout)['args'] == args


def test_the_callers_folder_stays_and_hides_nothing(checkout, tmp_path):
  # Neither a json.py nor a package there may come before the real ones.
  (tmp_path / 'json.py').write_text('raise ImportError')
  (tmp_path / 'pip.py').write_text('raise ImportError')
  run = _start(checkout, cwd=tmp_path, PYTHONPATH=str(tmp_path))
  assert run.returncode == 0, run.stderr
  assert json.loads(run.stdout)['cwd'] == str(tmp_path)


@pytest.mark.parametrize('code', [0, 3, 77])
def test_the_exit_code_is_the_programs(checkout, code):
  assert _start(checkout, STUB_EXIT_CODE=str(code)).returncode == code


def test_a_python_that_is_not_there_is_refused(checkout):
  run = _start(checkout, PYTHON='no-such-python')
  _assert_refused(run, 'PYTHON=no-such-python', 'no such program')


def test_a_program_that_is_no_python_is_refused(checkout, tmp_path):
  _write_program(tmp_path / 'python', 'echo command not found >&2; exit 127')
  run = _start(checkout, PYTHON=str(tmp_path / 'python'))
  _assert_refused(run, 'will not do: command not found')


def test_an_old_python_is_refused(checkout, tmp_path):
  said = 'it is Python 3.10.1; 3.11, 3.12 or 3.13 is needed'
  # Runs the script it is given as 3.10.1 would.
  program = 'import sys; sys.version_info = (3, 10, 1); exec(sys.argv[-1])'
  _write_program(tmp_path / 'python', f'"{_PYTHON}" -c "{program}" "$@"')
  run = _start(checkout, PYTHON=str(tmp_path / 'python'))
  _assert_refused(run, said)


def test_a_checkout_without_the_package_is_refused(checkout, tmp_path):
  shutil.copytree(_LAUNCH, tmp_path / 'launch')
  _assert_refused(_start(tmp_path), 'defectseg_jax/main.py', 'git clone')


def test_a_shim_that_finds_no_python_is_passed_over(tmp_path):
  checkout = _create_checkout(tmp_path)
  shims, real = tmp_path / 'shims', tmp_path / 'real'
  shims.mkdir()
  real.mkdir()
  for minor in (11, 12, 13):
    shim = shims / f'python3.{minor}'
    _write_program(shim, f'echo {shim.name}: command not found >&2; exit 127')
  name = f'python3.{sys.version_info.minor}'
  _write_program(real / name, f'exec "{_PYTHON}" "$@"')
  # The system's own tools, but none of its Pythons of another version.
  path = f'{shims}:{real}:/usr/bin:/bin'
  run = _start(
    checkout, PYTHON=None, PATH=path, PYENV_ROOT=str(tmp_path / 'no-pyenv')
  )
  assert run.returncode == 0, run.stderr
  assert json.loads(run.stdout)['version'] == _VERSION


def test_a_failed_installation_is_one_line_and_is_not_taken_for_done(checkout):
  before = (checkout / 'requirements.txt').read_text()
  (checkout / '.venv' / 'half-installed').touch()
  missing = 'defectseg-jax-no-such-package==1.0'
  (checkout / 'requirements.txt').write_text(missing)
  try:
    run = _start(checkout, PIP_NO_INDEX='1')
    assert run.returncode == 1
    assert run.stdout == ''
    said = run.stderr.splitlines()[-1]
    assert said.startswith('launch: pip could not install requirements.txt:')
    assert missing in said
    assert (checkout / '.venv.unfinished').exists()
  finally:
    (checkout / 'requirements.txt').write_text(before)
  run = _start(checkout)
  assert run.returncode == 0, run.stderr
  assert '.venv was not finished: making .venv' in run.stderr
  assert not (checkout / '.venv' / 'half-installed').exists()


@pytest.mark.parametrize('words', [['review'], ['--mode=review'], ['predict']])
def test_a_review_alone_needs_its_server(checkout, words):
  file = checkout / 'requirements-review.txt'
  file.touch()
  stamp = checkout / '.venv' / 'requirements-review.txt.stamp'
  stamp.unlink(missing_ok=True)
  run = _start(checkout, *words, '--output=results')
  assert run.returncode == 0, run.stderr
  assert json.loads(run.stdout)['args'] == [*words, '--output=results']
  assert stamp.exists() == ('predict' not in words)
