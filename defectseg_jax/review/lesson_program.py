"""The process that learns a lesson, beside the one that a person works with.

  python -m defectseg_jax.review.lesson_program teaching/N

It ends within seconds when it is told to, or when whoever started it is gone;
the same command goes on from there. Its priority is low.
"""

import dataclasses
import logging
import os
import pathlib
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import ml_collections
from absl import logging as absl_logging
from rich.console import Console

from defectseg_jax.errors import InputError, system_error_text
from defectseg_jax.files import json_text, write_text, write_whole
from defectseg_jax.micrographs.reading import read_frames
from defectseg_jax.review.lesson import (
  Lesson,
  lesson_config,
  read_lesson,
)
from defectseg_jax.review.lesson_proposals import look, propose, read_truth
from defectseg_jax.review.lesson_scores import in_words, score
from defectseg_jax.runs.config_checks import require_valid
from defectseg_jax.runs.fit import fit, trained_steps
from defectseg_jax.runs.loading import load_run
from defectseg_jax.runs.network_card import names_network
from defectseg_jax.runs.network_file import load_network
from defectseg_jax.runs.run import Run
from defectseg_jax.runs.settings import run_settings
from defectseg_jax.runs.test_set import evaluate
from defectseg_jax.runs.workdir import Workdir
from defectseg_jax.runtime.interruption import Interruption, Stopped

# By eye: a page asks once a second.
_TELL_EVERY_S = 0.5
# After all that a person waits for.
_NICENESS = 10


class _State:
  """state.json: how far the lesson is, for whoever looks at it."""

  def __init__(self, folder: pathlib.Path) -> None:
    self._path = folder / 'state.json'
    self._told = 0.0
    self._began: tuple[float, float] | None = None

  def tell(self, phase: str, fraction: float, **more: Any) -> None:
    """Writes it, whole, unless that was just done; the ends always."""
    now = time.monotonic()
    if fraction == 0.0:
      self._began = None
    elif self._began is None:
      # The first step compiles, and what an earlier process has done says
      # nothing of this one's speed.
      self._began = (now, fraction)
    if fraction not in (0.0, 1.0) and now - self._told < _TELL_EVERY_S:
      return
    self._told = now
    left = None
    if self._began and fraction > self._began[1]:
      began, first = self._began
      left = (now - began) * (1 - fraction) / (fraction - first)
    content = {'phase': phase, 'fraction': fraction, 'seconds_left': left}
    with write_whole(self._path) as temporary:
      write_text(temporary, json_text(content | more))


def main() -> None:
  """Learns the lesson of the folder that the command line names."""
  folder = pathlib.Path(sys.argv[1])
  # A program that was begun with a low priority has no lower one here.
  os.nice(max(0, _NICENESS - os.nice(0)))
  absl_logging.set_verbosity(absl_logging.ERROR)
  logging.getLogger('orbax').setLevel(logging.ERROR)
  interruption = Interruption()
  _end_with_parent()
  state = _State(folder)
  try:
    learn(folder, state.tell, interruption)
  except Stopped as stopped:
    sys.exit(stopped.exit_code)
  # Whatever it was: the page would wait for a lesson that nobody learns. What
  # is no fault of the input or the machine is raised again.
  except Exception as error:
    text = system_error_text(error)
    if isinstance(error, InputError):
      text = ' '.join(str(error).splitlines())
    state.tell('failed', 1.0, error=text or f'{type(error).__name__}: {error}')
    if text is None:
      raise
    sys.exit(f'error: {text}')


def learn(
  folder: pathlib.Path,
  tell: Callable[..., None],
  interruption: Interruption,
) -> None:
  """Trains, scores and proposes, or goes on with it.

  Args:
    folder: of the lesson, below a session's folder.
    tell: called with the phase, how far it is from 0 to 1, and more for JSON.
    interruption: asked after each step and each image whether to stop.

  Raises:
    InputError: nothing can be learnt from the images, and why.
    Stopped: it was told to stop; what is done is kept.
  """
  lesson = read_lesson(folder)
  config = lesson_config(folder, lesson, _areas_px(folder, lesson))
  train(folder, config, lesson.steps, tell, interruption)
  tell('proposing', 0.0)
  old = read_network(lesson.network)
  run = read_pupil(folder, old)
  scores = _judge(folder, lesson, old, run)
  with write_whole(folder / 'limits.json') as temporary:
    write_text(temporary, json_text(run.limits._asdict()))
  with write_whole(folder / 'scores.json') as temporary:
    write_text(temporary, json_text(scores))
  proposals = {}
  for number, name in enumerate(lesson.asked):
    interruption.check()
    proposals[name] = propose(folder, name, run)
    tell('proposing', (number + 1) / (len(lesson.asked) + 1))
  tell('ready', 1.0, proposals=proposals, **scores)


def train(
  folder: pathlib.Path,
  config: ml_collections.ConfigDict,
  steps: int,
  tell: Callable[..., None],
  interruption: Interruption,
) -> None:
  """Trains the network of a lesson, or goes on; nothing if that is done.

  Args:
    folder: of the lesson.
    config: from `lesson_config`.
    steps: to train; the last epoch is trained to its end.
    tell: as `learn` takes it.
    interruption: likewise.

  Raises:
    InputError, Stopped: as `learn`.
  """
  workdir = Workdir(folder / 'run')
  if workdir.dev_detection.exists():
    return
  tell('training', 0.0)
  require_valid(run_settings(config))

  if trained_steps(workdir) < steps:
    interruption.defer_exit()
    fit(
      *(config, workdir, Console(), interruption),
      splits=('train', 'dev', 'test'),
      give_up=lambda progress: progress.history[-1]['step'] >= steps,
      on_step=lambda step: tell('training', min(step / steps, 0.99)),
    )
    interruption.check()
  evaluate(config, workdir, Console())
  shutil.rmtree(folder / 'cache', ignore_errors=True)


def _areas_px(folder: pathlib.Path, lesson: Lesson) -> list[int]:
  return [
    read_frames(folder / 'data/images' / f'{name}.tif')[0].values.size
    for name in lesson.learnt
  ]


def read_network(network: str) -> Run:
  """A network by its name, its file or its run's folder."""
  if names_network(network):
    return load_network(network)
  return load_run(network)


def read_pupil(folder: pathlib.Path, old: Run) -> Run:
  """The network of a lesson that was learnt.

  An eighth of a few images says little of specks: how sure it must be somewhere
  in a region is taken over from the network that it began from.

  Args:
    folder: of the lesson.
    old: the network that it began from.
  """
  run = load_run(folder / 'run')
  return dataclasses.replace(run, least_peak=old.least_peak)


def _judge(
  folder: pathlib.Path, lesson: Lesson, old: Run, run: Run
) -> dict[str, Any]:
  """Scores of the old and the new network; or why there are none."""
  if not lesson.held_back:
    return {
      'before': None,
      'after': None,
      'better': None,
      'text': 'nobody can tell whether it is better: accept 3 images or more, '
      'and some are held back to judge it by',
    }
  defect = run.settings.defect
  data = folder / 'data'
  truths = [read_truth(data, name) for name in lesson.held_back]
  before, after = (
    score([look(one, data, n)[0] for n in lesson.held_back], truths, defect)
    for one in (old, run)
  )
  return {
    'before': dataclasses.asdict(before),
    'after': dataclasses.asdict(after),
    'better': after.f1 > before.f1,
    'text': in_words(
      before, after, images=len(lesson.held_back), defect=defect
    ),
  }


def _end_with_parent() -> None:
  """Ends this process when the one that holds its standard input is gone."""

  def wait() -> None:
    while os.read(0, 1):
      pass
    os.kill(os.getpid(), signal.SIGTERM)

  threading.Thread(target=wait, daemon=True).start()


if __name__ == '__main__':
  main()
