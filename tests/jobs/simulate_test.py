"""--mode=simulate, as a user starts it."""

import os
import signal
import sys
import time

import pytest
import tiny
from programs import Program
from rich.console import Console
from sessions import Never

from defectseg_jax.datasets import folder
from defectseg_jax.jobs.train import train
from defectseg_jax.runs.workdir import Workdir

PROGRAM = [sys.executable, '-m', 'defectseg_jax.main', '--mode=simulate']
SMALL = ['--config=configs/voids.py', '--config.foil.side_px=256']


@pytest.mark.slow
def test_the_folder_it_makes_trains(config, tmp_path):
  made = tmp_path / 'simulated'
  done = tiny.run([*PROGRAM, *SMALL, f'--output={made}'])
  assert done.returncode == 0, done.stderr
  assert str(made) in done.stdout
  assert sorted(path.name for path in made.iterdir()) == [
    'images',
    'masks',
    'splits.csv',
    'truth',
  ]
  config.data.dir = str(made)
  config.training.epochs = 1
  train(config, Workdir(tmp_path / 'run'), Console(quiet=True), Never())
  assert (tmp_path / 'run' / 'test_metrics.json').exists()


def test_a_domain_is_written_as_a_labelled_folder(tmp_path):
  made = tmp_path / 'domain'
  done = tiny.run(
    [
      *PROGRAM,
      '--config=configs/voids.py:scale=general',
      '--config.domain.micrographs=1',
      '--config.domain.side_px=64',
      f'--output={made}',
    ]
  )
  assert done.returncode == 0, done.stderr
  assert 'Simulated 3 micrographs' in done.stdout
  names = [path.name for path in sorted((made / 'images').iterdir())]
  assert names == ['dev_000.tif', 'test_000.tif', 'train_000.tif']
  files = folder.labelled_files(made)
  assert [file.split for file in files] == ['dev', 'test', 'train']
  assert all(file.pixel_size_nm for file in files)


def refused(tmp_path, *flags):
  before = sorted(tmp_path.rglob('*'))
  done = tiny.run([*PROGRAM, *SMALL, *flags])
  assert done.returncode == 1
  assert sorted(tmp_path.rglob('*')) == before
  assert len(done.stderr.strip().splitlines()) == 1
  return done.stderr


def test_what_cannot_be_made_is_said_in_one_line(tmp_path):
  new = tmp_path / 'new'
  assert '--output: is missing' in refused(tmp_path)
  said = refused(tmp_path, f'--output={new}', '--config.foil.pixel_size_nm=0')
  assert 'config.foil.pixel_size_nm=0.0: must be from' in said
  said = refused(
    tmp_path, f'--output={new}', '--config.simulation.micrographs=0'
  )
  assert 'config.simulation.micrographs=0' in said


def test_what_is_there_already_is_kept(tmp_path):
  tmp_path.joinpath('mine.txt').write_text('precious')
  assert 'is there already' in refused(tmp_path, f'--output={tmp_path}')
  assert tmp_path.joinpath('mine.txt').read_text() == 'precious'


@pytest.mark.slow
def test_a_stopped_simulation_leaves_nothing(tmp_path):
  program = Program(
    [
      *PROGRAM,
      *SMALL,
      f'--output={tmp_path / "foils"}',
      '--config.simulation.micrographs=10000',
    ],
    cwd=tiny.ROOT,
    env=tiny.environment(),
  )
  while not list(tmp_path.glob('.foils.*/images/foil_0001.tif')):
    assert program.poll() is None
    time.sleep(0.05)
  os.kill(program.pid, signal.SIGTERM)
  printed, _ = program.communicate(timeout=tiny.HANGS_S)
  assert program.returncode == 128 + signal.SIGTERM
  assert 'Stopped' in printed
  assert not list(tmp_path.iterdir())
