"""Learn from my corrections: a network is trained beside the person's work.

Another process learns (`lesson_program`); this one starts, stops and asks it.
What it proposes replaces nothing before the person accepts it.
"""

import contextlib
import hashlib
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from typing import Any

import numpy as np

import defectseg_jax
from defectseg_jax.errors import InputError, require_training
from defectseg_jax.files import json_text, write_text, write_whole
from defectseg_jax.review.change import OutdatedError
from defectseg_jax.review.handover import training_writers
from defectseg_jax.review.lesson import (
  FEWEST_TO_JUDGE,
  FOLDER,
  STEPS,
  Lesson,
  held_back,
  lesson_folders,
  read_json,
  read_lesson,
  write_lesson,
  write_splits,
)
from defectseg_jax.review.review import Review

# What can be learnt from has as many pixels a side.
_LEAST_SIDE_PX = 256
# A process saves a checkpoint within this time after it is told to stop.
_STOP_WITHIN_S = 60.0
_RUNNING = ('training', 'proposing')
_PROGRAM = 'defectseg_jax.review.lesson_program'


class Teaching:
  """The lessons of one review, one at a time."""

  def __init__(self, review: Review, *, steps: int = STEPS) -> None:
    """Looks at what earlier lessons left; starts nothing.

    Args:
      review: held by this process.
      steps: of training in a lesson.
    """
    self._review = review
    self._steps = steps
    self._process: subprocess.Popen[bytes] | None = None
    self._lock = threading.Lock()

  def start(self) -> None:
    """Learns from what is accepted now, or goes on with a lesson of just that.

    Raises:
      InputError: a package is missing, nothing accepted, or one under way.
    """
    require_training()
    with self._lock:
      if self._is_running():
        raise InputError('teaching: is under way already; wait, or stop it')
      folder = self._folder_to_learn()
      # What the last process told is not so any more.
      (folder / 'state.json').unlink(missing_ok=True)
      with (folder / 'log.txt').open('ab') as log:
        self._process = subprocess.Popen(
          [sys.executable, '-P', '-m', _PROGRAM, str(folder.resolve())],
          # It ends when this process does, however that ends.
          stdin=subprocess.PIPE,
          stdout=log,
          stderr=subprocess.STDOUT,
          env=os.environ | {'PYTHONPATH': _package_path()},
          start_new_session=True,
        )

  def stop(self) -> None:
    """Stops learning, and waits until what was learnt is saved."""
    with self._lock:
      process, self._process = self._process, None
    if process is not None:
      _end(process)

  def accept(self) -> int:
    """Takes the proposals: the network's objects become those of the new one.

    What a person drew or changed stays, and each image can be undone.

    Returns:
      In how many images.

    Raises:
      InputError: nothing is proposed.
    """
    folder = self._proposed()
    taken = 0
    done = {one.name for one in self._review.images if one.done}
    for name in self.state()['proposals']:
      # Accepted meanwhile: a person's word goes before a network's.
      if name not in done:
        self._apply(name, folder)
        taken += 1
    self._answer(folder, accepted=True)
    return taken

  def refuse(self) -> None:
    """Leaves everything as it is; the lesson's files stay.

    Raises:
      InputError: nothing is proposed.
    """
    self._answer(self._proposed(), accepted=False)

  def proposal(self, name: str) -> pathlib.Path | None:
    """The mask that is proposed for an image, 0 and 255; None without one."""
    folder = self._folder()
    if folder is None or (folder / 'answer.json').exists():
      return None
    path = folder / 'masks' / f'{name}.tif'
    return path if path.is_file() else None

  def state(self) -> dict[str, Any]:
    """How far it is, ready for JSON.

    Returns:
      `phase`: idle, training, proposing, ready or failed; `fraction` and
      `seconds_left` of the phase; `accepted`, how many images are; `note`, what
      to do before the next lesson, or that one was stopped; and when ready,
      `before` and `after`, the scores, `better`, `text`, and `proposals` by
      image, in words; then, and once they are taken, `next`, the images in the
      order in which to label them; `error` when failed; `lesson`, its number.
    """
    folder = self._folder()
    known = {'phase': 'idle', 'fraction': 0.0, 'seconds_left': None}
    accepted = sum(one.done for one in self._review.images)
    known |= {'accepted': accepted, 'note': _note(accepted), 'lesson': None}
    if folder is None:
      return known
    told = read_json(folder / 'state.json') or {}
    known |= {'lesson': int(folder.name)}
    found = told.get('proposals', {})
    order = sorted(found, key=lambda name: -found[name]['doubt'])
    answer = read_json(folder / 'answer.json')
    if answer is not None:
      return known | ({'next': order} if answer['accepted'] else {})
    if told.get('phase') == 'ready':
      # Its process may not have ended yet.
      told['next'] = order
      told['proposals'] = {name: _words(one) for name, one in found.items()}
      return known | told
    if self._is_running():
      return known | {'phase': 'training'} | told
    if told.get('phase') in _RUNNING or not told:
      if self._process is not None and self._process.returncode:
        error = _last_line(folder / 'log.txt')
        return known | told | {'phase': 'failed', 'error': error}
      note = 'learning was stopped; start it again, and it goes on'
      return known | {'note': note}
    return known | told

  def _is_running(self) -> bool:
    return self._process is not None and self._process.poll() is None

  def _folder(self) -> pathlib.Path | None:
    """Of the last lesson."""
    found = lesson_folders(self._review.path)
    return found[-1] if found else None

  def _proposed(self) -> pathlib.Path:
    folder = self._folder()
    if folder is None or self.state()['phase'] != 'ready':
      raise InputError('teaching: nothing is proposed; let the network learn')
    return folder

  def _apply(self, name: str, folder: pathlib.Path) -> None:
    operation = {'kind': 'proposal', 'value': int(folder.name)}
    while True:
      document = self._review.document(name)
      if document.lesson == int(folder.name):
        # Taken before, by a process that was killed then.
        return
      # The person may draw meanwhile.
      with contextlib.suppress(OutdatedError):
        document.apply(operation | {'version': document.version})
        return

  def _answer(self, folder: pathlib.Path, *, accepted: bool) -> None:
    with write_whole(folder / 'answer.json') as temporary:
      write_text(temporary, json_text({'accepted': accepted}))

  def _folder_to_learn(self) -> pathlib.Path:
    """That of the last lesson, if it goes on; else a new one, written whole."""
    images = self._review.images
    usable = [
      one.name
      for one in images
      if one.done and min(one.height_px, one.width_px) >= _LEAST_SIDE_PX
    ]
    if not usable:
      raise InputError(
        'teaching: no image is accepted yet; accept those whose objects are '
        f'right, of {_LEAST_SIDE_PX} pixels a side or more'
      )
    self._review.save()
    network = self._review.network or self._review.defect
    digest = hashlib.sha256(f'{network} {self._steps}'.encode())
    for name in usable:
      document = self._review.document(name)
      digest.update(name.encode())
      for layer in (document.ids > 0, document.ids, document.regions):
        digest.update(np.ascontiguousarray(layer))
    last = self._folder()
    if last is not None and _goes_on(last, digest.hexdigest()):
      return last
    judged = held_back(usable)
    lesson = Lesson(
      network=network,
      learnt=[name for name in usable if name not in judged],
      held_back=judged,
      asked=[one.name for one in images if not one.done],
      fingerprint=digest.hexdigest(),
      steps=self._steps,
    )
    number = int(last.name) + 1 if last else 1
    return self._write(self._review.path / FOLDER / str(number), lesson)

  def _write(self, folder: pathlib.Path, lesson: Lesson) -> pathlib.Path:
    """The images as they are now, then lesson.json."""
    shutil.rmtree(folder, ignore_errors=True)
    for name in (*lesson.learnt, *lesson.held_back):
      document = self._review.document(name)
      for file, write in training_writers(document).items():
        with write_whole(folder / 'data' / file) as temporary:
          write(temporary)
    write_splits(folder / 'data', lesson)
    write_lesson(folder, lesson)
    return folder


def _goes_on(folder: pathlib.Path, fingerprint: str) -> bool:
  """Whether an unanswered lesson is of just what is accepted now."""
  written = (folder / 'lesson.json').exists()
  # A kill while the images were copied left it unwritten.
  if not written or (folder / 'answer.json').exists():
    return False
  return read_lesson(folder).fingerprint == fingerprint


def _package_path() -> str:
  """Where the other process finds this very package."""
  own = str(pathlib.Path(defectseg_jax.__file__).parents[1])
  return os.pathsep.join(filter(None, [own, os.environ.get('PYTHONPATH')]))


def _end(process: subprocess.Popen[bytes]) -> None:
  if process.poll() is None:
    process.send_signal(signal.SIGTERM)
    try:
      process.wait(_STOP_WITHIN_S)
    except subprocess.TimeoutExpired:
      process.kill()
      process.wait()
  if process.stdin:
    process.stdin.close()


def _note(accepted: int) -> str:
  if accepted == 0:
    return 'accept images whose objects are right: the network learns from them'
  if accepted < FEWEST_TO_JUDGE:
    return (
      f'{accepted} of {FEWEST_TO_JUDGE} images accepted that are needed to '
      'tell whether it gets better'
    )
  return ''


def _words(proposed: Mapping[str, Any]) -> str:
  """In words, for an image.

  Examples:
    >>> _words({'objects': 9, 'new': 3, 'gone': 1, 'doubt': 0.1})
    '9 objects: 3 new, 1 gone'
  """
  return '{objects} objects: {new} new, {gone} gone'.format(**proposed)


def _last_line(path: pathlib.Path) -> str:
  lines = path.read_text(errors='replace').strip().splitlines()
  return lines[-1].removeprefix('error: ') if lines else 'it ended at once'
