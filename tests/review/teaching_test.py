"""A network learns from what is accepted, beside the person's work."""

import json
import os
import signal
import time
from typing import Any

import numpy as np
import pytest
import tifffile

from defectseg_jax import errors
from defectseg_jax.errors import InputError
from defectseg_jax.review.lesson import lesson_folders
from defectseg_jax.review.teaching import Teaching
from tests.review import fakes

_STEPS = 3
_TINY_LESSON = 'tests.review.tiny_lesson'


def _voids(name: str, seed: int, **more: Any):
  """A micrograph of bright discs that say where they are."""
  rng = np.random.default_rng(seed)
  ids = np.zeros((256, 256), np.int32)
  rows, columns = np.mgrid[:256, :256]
  for number, (row, column) in enumerate(rng.uniform(20, 236, (12, 2)), 1):
    ids[(rows - row) ** 2 + (columns - column) ** 2 < 64] = number
  pixels = rng.normal(100, 8, ids.shape) + 40 * (ids > 0)
  pixels = pixels.clip(0, 255).astype(np.uint8)
  return fakes.document(ids, name=name, pixels=pixels, **more)


def _review(folder, **more):
  documents = [_voids(name, seed) for seed, name in enumerate('abc')]
  asked = _voids('open', 9, done=False)
  asked.ids[:, :128] = 0
  return fakes.review(*documents, asked, path=folder, **more)


@pytest.fixture
def teach():
  """Makes what teaches a review, and stops it at the end."""
  made = []

  def make(review, **more: Any) -> Teaching:
    made.append(Teaching(review, **({'steps': _STEPS} | more)))
    return made[-1]

  yield make
  for one in made:
    one.stop()


def _wait(teaching: Teaching, *phases: str) -> dict[str, Any]:
  until = time.monotonic() + 900
  while time.monotonic() < until:
    state = teaching.state()
    if state['phase'] in phases:
      return state
    time.sleep(0.2)
  raise TimeoutError(teaching.state())


def test_nothing_is_learnt_from_nothing(tmp_path, teach):
  review = fakes.review(_voids('a', 0, done=False), path=tmp_path)
  teaching = teach(review)
  state = teaching.state()
  assert state['phase'] == 'idle' and 'accept images' in state['note']
  with pytest.raises(InputError, match='no image is accepted yet'):
    teaching.start()
  with pytest.raises(InputError, match='nothing is proposed'):
    teaching.accept()
  assert not (tmp_path / 'teaching').exists()


def test_without_what_trains_it_says_what_to_install(
  tmp_path, teach, monkeypatch
):
  monkeypatch.setattr(errors, 'TRAINING', ('numpy', 'jax_of_nobody'))
  teaching = teach(fakes.review(_voids('a', 0), path=tmp_path))
  with pytest.raises(InputError) as raised:
    teaching.start()
  assert str(raised.value) == (
    'jax_of_nobody is not installed: training and its runs need it; install it '
    'in the clone of this program: pip install ".[train]"'
  )
  assert not (tmp_path / 'teaching').exists()


def test_two_images_are_too_few_to_tell_and_it_says_so(tmp_path):
  review = fakes.review(_voids('a', 0), _voids('b', 1), path=tmp_path)
  assert '2 of 3 images accepted' in Teaching(review).state()['note']


def test_a_process_that_fails_says_why_in_one_line(tmp_path, teach):
  review = fakes.review(
    _voids('a', 0), path=tmp_path, network='nowhere.safetensors'
  )
  teaching = teach(review)
  teaching.start()
  state = _wait(teaching, 'failed')
  assert 'nowhere.safetensors: there is no such file' in state['error']
  assert '\n' not in state['error']


def test_a_proposal_is_told_while_its_process_still_ends(tmp_path, teach):
  review = fakes.review(_voids('a', 0, done=False), path=tmp_path)
  (tmp_path / 'teaching/1').mkdir(parents=True)
  found = {'objects': 3, 'new': 1, 'gone': 0}
  proposals = {'a': {**found, 'doubt': 0.1}, 'b': {**found, 'doubt': 0.9}}
  (tmp_path / 'teaching/1/state.json').write_text(
    json.dumps({'phase': 'ready', 'fraction': 1.0, 'proposals': proposals})
  )
  for running in (True, False):
    teaching = teach(review)
    teaching._is_running = lambda running=running: running
    state = teaching.state()
    assert state['next'] == ['b', 'a']
    assert state['proposals']['a'] == '3 objects: 1 new, 0 gone'
  teaching.refuse()
  assert teaching.state()['phase'] == 'idle'


@pytest.mark.slow
@pytest.mark.xdist_group('predict')
def test_a_lesson_proposes_and_asks_before_it_replaces(
  trained_run, tmp_path, teach, monkeypatch
):
  monkeypatch.setattr('defectseg_jax.review.teaching._PROGRAM', _TINY_LESSON)
  # To compile for four devices takes longer than to learn on one.
  monkeypatch.delenv('XLA_FLAGS', raising=False)
  review = _review(tmp_path, network=str(trained_run))
  applied = []
  review.document('open').apply = applied.append  # pyright: ignore
  teaching = teach(review)
  teaching.start()
  with pytest.raises(InputError, match='is under way already'):
    teaching.start()
  # Killed in the middle, it goes on where another program starts it again.
  while teaching.state()['fraction'] == 0:
    time.sleep(0.05)
  os.kill(teaching._process.pid, signal.SIGKILL)  # pyright: ignore
  _wait(teaching, 'failed')
  teaching = teach(review)
  assert 'was stopped' in teaching.state()['note']
  teaching.start()
  state = _wait(teaching, 'ready', 'failed')
  assert state['phase'] == 'ready', state
  # The numbers are those of the masks that were accepted.
  after = state['after']
  assert after['found'] + after['missed'] == pytest.approx(12, abs=3)
  assert 'on 1 image held back' in state['text']
  assert state['next'] == ['open'] and not applied
  mask = tifffile.imread(teaching.proposal('open'))
  assert mask.shape == (256, 256) and set(np.unique(mask)) <= {0, 255}
  assert teaching.proposal('a') is None
  assert teaching.accept() == 1
  (operation,) = applied
  assert operation['kind'] == 'proposal' and operation['value'] == 1
  assert operation['version'] == 1
  assert teaching.state()['phase'] == 'idle'
  # What is accepted is learnt from anew only if it changed, as lesson 2.
  assert [path.name for path in lesson_folders(tmp_path)] == ['1']
