"""A pipe in the place of any file that is read is refused, not waited for."""

import os
import pathlib
import shutil
import signal

import pytest
import tiny
from random_networks import write_random_network

from configs import voids
from defectseg_jax import disk
from defectseg_jax.applicability.references import read_references
from defectseg_jax.errors import InputError, system_error_text
from defectseg_jax.micrographs.calibration_table import read_calibration_table
from defectseg_jax.review.lesson import read_lesson
from defectseg_jax.runs import detection_file, seen_sizes
from defectseg_jax.runs.network_file import load_network
from defectseg_jax.runs.settings import run_settings
from defectseg_jax.runs.workdir import Workdir
from defectseg_jax.search.journal import open_journal
from defectseg_jax.sessions.index import read_index
from defectseg_jax.training import checkpoints


@pytest.fixture(autouse=True)
def ends():
  """Ends a test that waits."""

  def hangs(*_):
    raise AssertionError('it waits')

  before = signal.signal(signal.SIGALRM, hangs)
  signal.alarm(tiny.HANGS_S)
  yield
  signal.alarm(0)
  signal.signal(signal.SIGALRM, before)


SETTINGS = run_settings(voids.get_config())
READERS = {
  'run/config.json': lambda path: Workdir(path.parent).read_config(),
  'dev_detection.json': lambda path: detection_file.read_detection(
    path, SETTINGS.defect, SETTINGS.quantification
  ),
  'seen_sizes.json': lambda path: seen_sizes.read_seen_sizes(path, SETTINGS),
  'references.csv': lambda path: read_references(path, network=''),
  'scales.csv': read_calibration_table,
  'session.json': read_index,
  'journal.log': open_journal,
  'lesson.json': lambda path: read_lesson(path.parent),
}


@pytest.mark.parametrize('name', READERS)
@pytest.mark.parametrize('is_link', [False, True])
def test_a_pipe_is_refused_in_one_line(tmp_path, name, is_link):
  path = tmp_path / name
  path.parent.mkdir(exist_ok=True)
  place = tmp_path / 'elsewhere' if is_link else path
  os.mkfifo(place)
  if is_link:
    path.symlink_to(place)
  with pytest.raises((InputError, OSError)) as caught:
    READERS[name](path)
  said = str(caught.value)
  if not isinstance(caught.value, InputError):
    said = system_error_text(caught.value)
  assert str(path) in said and len(said.splitlines()) == 1


@pytest.mark.parametrize('suffix', ['.json', '.safetensors', '.references.csv'])
def test_a_pipe_beside_a_network(tmp_path, suffix):
  path = write_random_network(tmp_path / 'net.safetensors')
  place = path.with_suffix(suffix)
  place.unlink(missing_ok=True)
  os.mkfifo(place)
  with pytest.raises(InputError, match=f'net{suffix}: '):
    load_network(path)


@pytest.mark.parametrize(
  'make', [os.mkfifo, lambda p: p.symlink_to('/dev/zero')]
)
@pytest.mark.parametrize('item', ['model', 'progress', 'checksums'])
def test_a_pipe_in_a_checkpoint(tmp_path, make, item):
  checkpoint = tmp_path / 'checkpoints' / '3'
  place = checkpoint / item / 'metadata'
  place.parent.mkdir(parents=True)
  (checkpoint / 'model').mkdir(exist_ok=True)
  make(place)
  with pytest.raises(
    InputError, match=f'is damaged .its {item}/metadata is no'
  ):
    checkpoints.restore_model(checkpoint, params={}, batch_stats={})


def test_what_is_read_of_a_file(tmp_path):
  path = tmp_path / 'a'
  path.write_bytes(b'content')
  assert disk.read_regular(path) == b'content'
  assert disk.read_regular(path, 3) == b'con'
  for wrong in (tmp_path, pathlib.Path('/dev/zero')):
    with pytest.raises(OSError, match='it is no regular file'):
      disk.read_regular(wrong)
  assert disk.irregular_in(tmp_path) == ''
  (tmp_path / 'b').symlink_to(path)
  assert disk.irregular_in(tmp_path) == 'its b is no file, but a link'
  shutil.rmtree(tmp_path)
