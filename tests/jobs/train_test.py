"""The program from outside: what it prints, leaves, and does when killed."""

import csv
import json
import random
import signal
import subprocess
import time

import jax
import numpy as np
import pytest
from PIL import Image
from tensorflow.compat.v1.train import summary_iterator
from tiny import ROOT, environment, run, write_foil

from defectseg_jax.models import ModelSettings, create_model
from defectseg_jax.quantification.particles import components
from defectseg_jax.training import checkpoints, state

pytestmark = pytest.mark.slow

EPOCHS = 5


@pytest.fixture
def workdir(tmp_path):
  return tmp_path / 'run'


def start(command) -> subprocess.Popen:
  return subprocess.Popen(
    command,
    cwd=ROOT,
    env=environment(),
    stdout=subprocess.PIPE,
    stderr=subprocess.STDOUT,
    text=True,
  )


def wait_for(condition, process):
  """Waits until the condition holds; fails if the program ends before."""
  while not condition():
    assert process.poll() is None, process.communicate()[0]
    time.sleep(0.001)


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


def test_a_run_leaves_what_a_person_looks_for(command, folder, workdir):
  done = run(command(workdir))
  assert done.returncode == 0, done.stderr
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
  assert 'of c they are not' in page

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


def test_the_losses_are_the_same_on_1_and_4_devices(command, tmp_path):
  """processes_test.py has two devices in each of two processes."""
  histories = []
  for devices in (1, 4):
    workdir = tmp_path / str(devices)
    done = run(command(workdir), devices=devices)
    assert f'on {devices} cpu' in done.stdout, done.stderr
    histories.append(rows_of(workdir))
  for history in histories[1:]:
    for row, expected in zip(history, histories[0], strict=True):
      for column in ('loss', 'train_iu', 'dev_iu'):
        # Float32 rounding, grown through twelve steps of Adam.
        np.testing.assert_allclose(
          float(row[column]), float(expected[column]), rtol=2e-3
        )
    # Before the weights have moved apart it is rounding alone.
    assert float(history[0]['loss']) == pytest.approx(
      float(histories[0][0]['loss']), rel=1e-5
    )


def test_killed_anywhere_a_run_ends_in_the_same_bits(command, tmp_path):
  """SIGKILL at five moments of one run, against a run left alone."""
  alone, killed = tmp_path / 'alone', tmp_path / 'killed'
  done = run(command(alone, training__epochs=EPOCHS))
  assert done.returncode == 0, done.stderr

  saved = killed / 'checkpoints'

  def being_written():
    return saved.is_dir() and any(
      'orbax-checkpoint-tmp' in path.name for path in saved.iterdir()
    )

  moments = {
    'while the first step compiles': lambda: (killed / 'events').is_dir(),
    'while a checkpoint is written': being_written,
    'while another checkpoint is written': being_written,
    'in the middle of an epoch': lambda: len(rows_of(killed)) >= 3,
    'while the test set is scored': lambda: (
      len(rows_of(killed)) == EPOCHS and str(4 * EPOCHS) in steps_of(killed)
    ),
  }
  for moment, reached in moments.items():
    process = start(command(killed, training__epochs=EPOCHS))
    wait_for(reached, process)
    if 'middle' in moment:
      time.sleep(random.uniform(0, 0.5))
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL, moment
    if 'written' in moment:
      assert being_written(), 'the kill came too late to test anything'
  done = run(command(killed, training__epochs=EPOCHS))
  assert done.returncode == 0, done.stderr
  assert bits_of(killed) == bits_of(alone)


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
  output, _ = process.communicate(timeout=30)
  assert process.returncode == 143, output
  assert 'The same command goes on from here' in output
  if moment == 'while training':
    # What was trained is saved: the next start needs no step of it again.
    rows = rows_of(workdir)
    assert int(steps_of(workdir)[-1]) >= int(rows[-1]['step'])


def test_sigterm_in_the_middle_changes_no_bit(command, tmp_path):
  alone, stopped = tmp_path / 'alone', tmp_path / 'stopped'
  # Long epochs, so that the signal comes in the middle of one.
  options = {'data__patches': 'tiled', 'training__epochs': 2}
  assert run(command(alone, **options)).returncode == 0
  process = start(command(stopped, **options))
  wait_for(
    lambda: (stopped / 'checkpoints').is_dir() and '32' in steps_of(stopped),
    process,
  )
  time.sleep(0.4)
  process.send_signal(signal.SIGTERM)
  output, _ = process.communicate(timeout=30)
  assert process.returncode == 143, output
  # 128 patches an epoch: 32 steps.
  assert 32 < int(steps_of(stopped)[-1]) < 64
  assert run(command(stopped, **options)).returncode == 0
  assert bits_of(stopped) == bits_of(alone)


def test_a_run_warm_starts_from_another(command, tmp_path):
  first, second = tmp_path / 'first', tmp_path / 'second'
  assert run(command(first)).returncode == 0
  done = run(
    command(
      second,
      init_from=first,
      # A rate so small that the second run stays where it began.
      training__learning_rate=1e-12,
      training__epochs=1,
      model__batch_norm_momentum=0.999,
    )
  )
  assert done.returncode == 0, done.stderr
  best = max(float(row['dev_iu']) for row in rows_of(first))
  (row,) = rows_of(second)
  assert float(row['dev_iu']) == pytest.approx(best, abs=0.02)


def test_a_loss_that_is_not_finite_stops_the_run(command, workdir):
  done = run(command(workdir, training__learning_rate=1e30))
  assert done.returncode == 1
  (line,) = done.stderr.splitlines()
  # The first step's loss is sound; the weights that it leaves are not.
  assert line.startswith('error: step 2 (epoch 1): the loss is ')
  assert 'lower config.training.learning_rate=1e+30' in line
  assert steps_of(workdir) == []


def test_evaluate_scores_again_without_a_config(command, workdir):
  assert run(command(workdir)).returncode == 0
  before = workdir.joinpath('test_metrics.json').read_bytes()
  workdir.joinpath('test_metrics.json').unlink()
  config_less = [*command(workdir)[:3], '--mode=evaluate']
  done = run([*config_less, f'--workdir={workdir}'])
  assert done.returncode == 0, done.stderr
  assert workdir.joinpath('test_metrics.json').read_bytes() == before


def test_changed_data_are_not_mixed_into_a_run(command, folder, workdir):
  assert run(command(workdir)).returncode == 0
  write_foil(folder, 'a', seed=9)
  done = run(command(workdir))
  assert done.returncode == 1
  assert 'began with other files' in done.stderr
  assert len(done.stderr.splitlines()) == 1


def test_a_micrograph_without_splits_is_divided(command, folder, workdir):
  folder.joinpath('splits.csv').unlink()
  done = run(command(workdir, training__epochs=1))
  assert done.returncode == 0, done.stderr
  metrics = json.loads(workdir.joinpath('test_metrics.json').read_text())
  # The fourth quarter's right half: 128 x 64 pixels from row 128, column 192.
  names = [row['name'] for row in metrics['per_image']]
  assert names == ['a@128,192', 'b@128,192', 'c@128,192']
