"""The program from outside: what it prints, leaves, and does when killed."""

import csv
import io
import json
import random
import shutil
import signal
import sys
import time

import jax
import numpy as np
import psutil
import pytest
import tiny
from PIL import Image
from programs import Program
from rich.console import Console
from sessions import After, Never
from tensorflow.compat.v1.train import summary_iterator
from tiny import HANGS_S, ROOT, environment, run, write_foil

from defectseg_jax.errors import InputError
from defectseg_jax.jobs.train import train
from defectseg_jax.models import ModelSettings, create_model
from defectseg_jax.quantification.particles import components
from defectseg_jax.runs.workdir import Workdir
from defectseg_jax.runtime.interruption import Stopped
from defectseg_jax.training import checkpoints, state

pytestmark = pytest.mark.slow
# Those that begin from one run share a worker.
shares_a_run = pytest.mark.xdist_group('train')


@pytest.fixture
def workdir(tmp_path):
  return tmp_path / 'run'


class Whole:
  """A run of three epochs by the program, and what it said.

  Attributes:
    folder: its data.
    fields: of its config.
    workdir: its own.
    done: the process.
  """

  def __init__(self, path):
    self.folder = tiny.write_folder(path / 'foils')
    self.fields = {
      **tiny.TINY,
      'data.dir': str(self.folder),
      'data.cache_dir': str(path / 'cache'),
    }
    self.workdir = path / 'run'
    self.done = run(self.command(self.workdir))
    assert self.done.returncode == 0, self.done.stderr

  def command(self, workdir):
    return tiny.command_line(workdir, fields=self.fields)

  def config(self):
    return Workdir(self.workdir).read_config()

  def copy(self, path):
    return shutil.copytree(self.workdir, path)


@pytest.fixture(scope='module')
def whole(tmp_path_factory):
  return Whole(tmp_path_factory.mktemp('whole'))


def train_here(config, workdir, interruption=None):
  """Trains in this process, which has four devices; what it said."""
  console = Console(file=io.StringIO(), width=200)
  train(config, Workdir(workdir), console, interruption or Never())
  return console.file.getvalue()


def start(command) -> Program:
  return Program(command, cwd=ROOT, env=environment(), together=True)


def wait_for(condition, process):
  """Waits until the condition holds; fails if the program ends before."""
  while not condition():
    assert process.poll() is None, process.communicate()[0]
    time.sleep(0.001)


def stop_where(condition, process):
  """Halts the program where the condition holds, until it is sent SIGCONT."""
  while True:
    wait_for(condition, process)
    process.send_signal(signal.SIGSTOP)
    while psutil.Process(process.pid).status() != psutil.STATUS_STOPPED:
      time.sleep(0.001)
    if condition():
      return
    # It had gone on meanwhile.
    process.send_signal(signal.SIGCONT)


def rows_of(workdir):
  try:
    with workdir.joinpath('history.csv').open(newline='') as stream:
      return list(csv.DictReader(stream))
  except FileNotFoundError:
    return []


def bits_of(workdir):
  """All that must not depend on whether, and when, a run was killed."""
  config = json.loads(workdir.joinpath('config.json').read_text())
  shapes = state.variable_shapes(create_model(ModelSettings(**config['model'])))
  # A kill between a save and the removal of an older one leaves that one.
  best, latest = (
    str(checkpoints.read_progress(workdir).best_step),
    steps_of(workdir)[-1],
  )
  arrays = [
    checkpoints.restore_model(workdir / 'checkpoints' / step, **shapes)
    for step in (best, latest)
  ]
  leaves = [np.asarray(leaf).tobytes() for leaf in jax.tree.leaves(arrays)]
  return {
    'history': workdir.joinpath('history.csv').read_bytes(),
    'metrics': workdir.joinpath('test_metrics.json').read_bytes(),
    'steps': (best, latest),
    'arrays': leaves,
  }


def steps_of(workdir):
  """The checkpoints that are whole."""
  names = [p.name for p in workdir.joinpath('checkpoints').iterdir()]
  return sorted(filter(str.isdigit, names), key=int)


@shares_a_run
def test_a_run_leaves_what_a_person_looks_for(whole):
  done, folder, workdir = whole.done, whole.folder, whole.workdir
  assert done.stderr == ''
  assert 'test set at the development threshold' in done.stdout

  config = json.loads(workdir.joinpath('config.json').read_text())
  assert config['defect'] == 'voids'
  assert config['training']['epochs'] == 3

  rows = rows_of(workdir)
  assert [row['epoch'] for row in rows] == ['1', '2', '3']
  # One region of 256 x 256 has 16 places for patches of 64: 4 steps of 4.
  assert [row['step'] for row in rows] == ['4', '8', '12']
  assert [float(row['positive_weight']) for row in rows] == [8, 4.5, 2.75]
  assert float(rows[-1]['loss']) < float(rows[0]['loss'])

  metrics = json.loads(workdir.joinpath('test_metrics.json').read_text())
  ratios = {'pixel_accuracy', 'precision', 'recall', 'iu'}
  assert metrics['defect'] == 'voids'
  assert [row['name'] for row in metrics['per_image']] == ['c']
  assert metrics['per_image'][0].keys() == ratios | {'name'}
  for part in ('mean', 'std', 'pooled'):
    assert metrics[part].keys() == ratios
  assert metrics['oracle'].keys() == ratios | {'threshold'}
  assert metrics['oracle']['iu'] >= metrics['mean']['iu']
  best = max(rows, key=lambda row: float(row['dev_iu']))
  assert metrics['dev']['iu'] == float(best['dev_iu'])
  # Discs brighter than their noise are found after three epochs.
  assert metrics['mean']['iu'] > 0.5
  assert f'{100 * metrics["mean"]["iu"]:.2f}' in done.stdout

  page = workdir.joinpath('report.html').read_text()
  assert f'{100 * metrics["mean"]["iu"]:.2f}' in page
  assert 'They are not known of c.' in page

  detected = json.loads(workdir.joinpath('dev_detection.json').read_text())
  with Image.open(folder / 'masks' / 'b.png') as mask:
    particles = components.label_regions(np.asarray(mask))[1]
  assert detected['found'] + detected['missed'] == particles
  assert detected['found'] > particles / 2

  assert steps_of(workdir) == sorted({best['step'], '12'}, key=int)
  for name in ('iu_curves.png', 'test_c.png'):
    with Image.open(workdir / 'figures' / name) as figure:
      assert min(figure.size) > 200
      assert len(np.unique(np.asarray(figure.convert('L')))) > 50
  (events,) = workdir.joinpath('events').iterdir()
  logged = [
    value.simple_value
    for event in summary_iterator(str(events))
    for value in event.summary.value
    if value.tag == 'iu/dev'
  ]
  np.testing.assert_allclose(
    logged, [float(row['dev_iu']) for row in rows], rtol=1e-6
  )
  assert not list(workdir.rglob('*tmp*'))


@shares_a_run
def test_the_losses_are_the_same_on_1_and_4_devices(whole, workdir):
  """processes_test.py has two devices in each of two processes."""
  assert 'on 1 cpu' in whole.done.stdout
  assert 'on 4 cpu' in train_here(whole.config(), workdir)
  on_one, on_four = rows_of(whole.workdir), rows_of(workdir)
  for row, expected in zip(on_four, on_one, strict=True):
    for column in ('loss', 'train_iu', 'dev_iu'):
      # Float32 rounding, grown through twelve steps of Adam.
      np.testing.assert_allclose(
        float(row[column]), float(expected[column]), rtol=2e-3
      )
  # Before the weights have moved apart it is rounding alone.
  assert float(on_four[0]['loss']) == pytest.approx(
    float(on_one[0]['loss']), rel=1e-5
  )


@shares_a_run
def test_killed_anywhere_a_run_ends_in_the_same_bits(whole, tmp_path):
  """SIGKILL at five moments of one run, against a run left alone."""
  killed = tmp_path / 'killed'
  saved = killed / 'checkpoints'

  def being_written():
    return saved.is_dir() and any(
      'orbax-checkpoint-tmp' in path.name for path in saved.iterdir()
    )

  moments = {
    'while the first step compiles': lambda: (killed / 'events').is_dir(),
    'while a checkpoint is written': being_written,
    'while another checkpoint is written': being_written,
    'in the middle of an epoch': lambda: len(rows_of(killed)) >= 1,
    'while the test set is scored': lambda: (
      len(rows_of(killed)) == 3 and '12' in steps_of(killed)
    ),
  }
  for moment, reached in moments.items():
    process = start(whole.command(killed))
    stop_where(reached, process)
    if 'middle' in moment:
      process.send_signal(signal.SIGCONT)
      time.sleep(random.uniform(0, 0.3))
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL, moment
  done = run(whole.command(killed))
  assert done.returncode == 0, done.stderr
  assert bits_of(killed) == bits_of(whole.workdir)


@pytest.mark.parametrize('moment', ['while compiling', 'while training'])
def test_sigterm_saves_and_leaves_with_143(command, workdir, moment):
  # More epochs than the test waits for.
  process = start(command(workdir, training__epochs=500))
  reached = {
    'while compiling': lambda: (workdir / 'events').is_dir(),
    'while training': lambda: len(rows_of(workdir)) >= 2,
  }
  wait_for(reached[moment], process)
  process.send_signal(signal.SIGTERM)
  output, _ = process.communicate(timeout=HANGS_S)
  assert process.returncode == 143, output
  assert 'The same command goes on from here' in output
  if moment == 'while training':
    # What was trained is saved: the next start needs no step of it again.
    rows = rows_of(workdir)
    assert int(steps_of(workdir)[-1]) >= int(rows[-1]['step'])


def test_stopped_in_the_middle_a_run_ends_in_the_same_bits(config, tmp_path):
  """What the first SIGTERM asks for, at a step that is known."""
  alone, stopped = tmp_path / 'alone', tmp_path / 'stopped'
  # 128 patches an epoch: 32 steps.
  config.data.patches = 'tiled'
  config.training.epochs = 2
  train_here(config, alone)
  with pytest.raises(Stopped):
    train_here(config, stopped, After(45))
  assert 32 < int(steps_of(stopped)[-1]) < 64
  train_here(config, stopped)
  assert bits_of(stopped) == bits_of(alone)


@shares_a_run
def test_a_run_warm_starts_from_another(whole, workdir):
  config = whole.config()
  config.init_from = str(whole.workdir)
  # A rate so small that the second run stays where it began.
  config.training.learning_rate = 1e-12
  config.training.epochs = 1
  config.model.batch_norm_momentum = 0.999
  train_here(config, workdir)
  best = max(float(row['dev_iu']) for row in rows_of(whole.workdir))
  (row,) = rows_of(workdir)
  assert float(row['dev_iu']) == pytest.approx(best, abs=0.02)


def test_a_loss_that_is_not_finite_stops_the_run(config, workdir):
  config.model.name = 'exploding'
  with pytest.raises(InputError) as caught:
    train_here(config, workdir)
  (line,) = str(caught.value).splitlines()
  # The first step's loss is sound; the weights that it leaves are not.
  assert line.startswith('step 2 (epoch 1): the loss is ')
  assert 'lower config.training.learning_rate=0.01' in line
  assert steps_of(workdir) == []


@shares_a_run
def test_evaluate_scores_again_without_a_config(whole, workdir):
  whole.copy(workdir)
  before = workdir.joinpath('test_metrics.json').read_bytes()
  workdir.joinpath('test_metrics.json').unlink()
  done = run(
    [
      *(sys.executable, '-m', 'defectseg_jax.main'),
      *('--mode=evaluate', f'--workdir={workdir}'),
    ]
  )
  assert done.returncode == 0, done.stderr
  assert workdir.joinpath('test_metrics.json').read_bytes() == before


@shares_a_run
def test_changed_data_are_not_mixed_into_a_run(whole, workdir):
  whole.copy(workdir)
  write_foil(whole.folder, 'a', seed=9)
  try:
    with pytest.raises(InputError, match='began with other files') as caught:
      train_here(whole.config(), workdir)
  finally:
    write_foil(whole.folder, 'a', seed=0)
  assert len(str(caught.value).splitlines()) == 1


def test_a_micrograph_without_splits_is_divided(config, folder, workdir):
  folder.joinpath('splits.csv').unlink()
  config.training.epochs = 1
  train_here(config, workdir)
  metrics = json.loads(workdir.joinpath('test_metrics.json').read_text())
  # The fourth quarter's right half: 128 x 64 pixels from row 128, column 192.
  names = [row['name'] for row in metrics['per_image']]
  assert names == ['a@128,192', 'b@128,192', 'c@128,192']
