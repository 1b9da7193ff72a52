"""The program, started in a process that has its libraries already.

Half of a short run is the import of TensorFlow and JAX. So a server imports
them once for each of pytest's workers, and forks into what is started. Nothing
has been computed with either by then. What is told of Slurm, launch/ and the
README's commands starts the program as people do.
"""

import atexit
import multiprocessing
import os
import pathlib
import runpy
import subprocess
import sys
import tempfile

PROGRAM = [sys.executable, '-m', 'defectseg_jax.main']

_SERVER = multiprocessing.get_context('forkserver')
_SERVER.set_forkserver_preload(
  [
    # First: what else imports TensorFlow has it load Keras, too.
    'defectseg_jax.datasets.host_tensorflow',
    'defectseg_jax.jobs.evaluate',
    'defectseg_jax.jobs.export',
    'defectseg_jax.jobs.predict',
    'defectseg_jax.jobs.quantify',
    'defectseg_jax.jobs.search',
    'defectseg_jax.jobs.simulate',
    'defectseg_jax.jobs.train',
    'rich.status',
    'scipy.signal',
    'skimage.measure',
    'skimage.morphology',
  ]
)


class Program:
  """A started program: as much of `subprocess.Popen` as tests need.

  Attributes:
    args: the command.
    pid: of its process, which is no child of this one.
  """

  def __init__(
    self,
    command,
    *,
    cwd: pathlib.Path,
    env: dict[str, str],
    log: pathlib.Path | None = None,
    together: bool = False,
  ):
    """Starts it.

    Args:
      command: the program and its flags.
      cwd: folder to start it in.
      env: its environment.
      log: to which output and errors are added; None keeps them for
        `communicate`.
      together: whether errors are kept among the output.
    """
    self.args = [str(word) for word in command]
    assert self.args[:3] == PROGRAM, self.args
    self._folder = tempfile.TemporaryDirectory()
    names = ('output', 'errors')
    self._paths = [pathlib.Path(self._folder.name, name) for name in names]
    paths = [log or self._paths[0]] * 2 if log or together else self._paths
    for path in {*self._paths, *paths}:
      path.touch()
    self._process = _SERVER.Process(
      target=_run, args=(self.args[3:], str(cwd), env, paths)
    )
    self._process.start()
    # Or the end of the tests would wait for what a failed one left.
    atexit.register(self.kill)
    self.pid = self._process.pid

  @property
  def returncode(self):
    """None while it runs; below 0, the signal that ended it."""
    return self._process.exitcode

  poll = returncode.fget

  def send_signal(self, number):
    if self.poll() is None:
      os.kill(self.pid, number)

  def terminate(self):
    self._process.terminate()

  def kill(self):
    self._process.kill()

  def wait(self, timeout=None):
    self._process.join(timeout)
    if self.poll() is None:
      raise subprocess.TimeoutExpired(self.args, timeout)
    return self.returncode

  def communicate(self, timeout=None):
    """Waits for its end; its output and its errors."""
    self.wait(timeout)
    return tuple(path.read_text('utf-8') for path in self._paths)


def _run(words, cwd, env, paths):
  """What a forked process does."""
  os.chdir(cwd)
  os.environ.clear()
  os.environ.update(env)
  for path, number in zip(paths, (1, 2), strict=True):
    opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
    os.dup2(opened, number)
    os.close(opened)
  sys.argv = ['main.py', *words]
  import tiny_network  # noqa: F401
  import unprinted  # noqa: F401

  try:
    runpy.run_module(PROGRAM[2], run_name='__main__', alter_sys=True)
  finally:
    # Processes of `multiprocessing` end without it.
    atexit._run_exitfuncs()
