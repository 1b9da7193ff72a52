"""Contenders in processes of their own, which take turns.

Thread pools that share a process disturb one another, so each contender has a
process, keeps what it has compiled, and waits while another has its turn.
"""

import contextlib
import json
import os
import pathlib
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

REPOSITORY = pathlib.Path(__file__).resolve().parents[1]


class WorkerError(RuntimeError):
  """A worker could not answer a request; the message says why."""


class Worker:
  """A process that answers requests, one at a time."""

  def __init__(
    self,
    module: str,
    arguments: Sequence[str] = (),
    *,
    python: str = sys.executable,
    threads: int | None = None,
    environment: Mapping[str, str] | None = None,
  ) -> None:
    """Starts it.

    Args:
      module: run as `python -m module`; it calls `serve`.
      arguments: of the module.
      python: the interpreter.
      threads: cores that it may use; None for all.
      environment: variables besides those of this process; None for JAX on the
        CPU.
    """
    self._name = ' '.join([module, *arguments])
    environment = {**os.environ, **(environment or {'JAX_PLATFORMS': 'cpu'})}
    if threads:
      environment['DEFECTSEG_BENCHMARK_THREADS'] = str(threads)
    self._process = subprocess.Popen(
      [python, '-m', module, *arguments],
      cwd=REPOSITORY,
      env=environment,
      stdin=subprocess.PIPE,
      stdout=subprocess.PIPE,
      text=True,
    )
    assert self._process.stdin and self._process.stdout
    self._questions, self._answers = self._process.stdin, self._process.stdout

  def __enter__(self) -> Self:
    return self

  def __exit__(self, *error: object) -> None:
    with contextlib.suppress(BrokenPipeError):
      self._questions.close()
    try:
      self._process.wait(timeout=10)
    except subprocess.TimeoutExpired:
      self._process.kill()
      self._process.wait()
    self._answers.close()

  def ask(self, request: str, **arguments: Any) -> Any:
    """The answer to a request.

    Raises:
      WorkerError: the worker has answered with an error, or has ended.
    """
    question = json.dumps({'request': request, **arguments})
    try:
      self._questions.write(question + '\n')
      self._questions.flush()
      line = self._answers.readline()
    except BrokenPipeError:
      line = ''
    if not line:
      raise WorkerError(
        f'{self._name}: ended with exit code {self._process.wait()}'
      )
    answer = json.loads(line)
    if 'error' in answer:
      raise WorkerError(f'{self._name}: {answer["error"]}')
    return answer['answer']


def limit_threads() -> int | None:
  """Limits the cores that this process may use; to be called before imports.

  JAX sizes its thread pools by the cores that it may run on; PyTorch has to be
  told the number as well.

  Returns:
    The number of cores, or None where there is no limit.
  """
  threads = int(os.environ.get('DEFECTSEG_BENCHMARK_THREADS', 0))
  if threads and hasattr(os, 'sched_setaffinity'):
    cores = sorted(os.sched_getaffinity(0))[:threads]
    os.sched_setaffinity(0, cores)
  return threads or None


def serve(requests: Mapping[str, Callable[..., Any]]) -> None:
  """Answers requests until the process that started this one is done.

  Args:
    requests: functions by the name of the request; if one raises a ValueError,
      the answer is its message.
  """
  answers = os.fdopen(os.dup(1), 'w')
  # What libraries print must not be read as an answer.
  os.dup2(2, 1)
  for line in sys.stdin:
    arguments = json.loads(line)
    try:
      answer = {'answer': requests[arguments.pop('request')](**arguments)}
    except ValueError as error:
      answer = {'error': str(error)}
    answers.write(json.dumps(answer) + '\n')
    answers.flush()
