"""launch/slurm.sh and slurm_search.sh on a Slurm that runs for the tests."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import sysconfig

import pytest
import slurm
from programs import PROGRAM
from sessions import contents
from tiny import (
  HANGS_S,
  ROOT,
  TINY,
  environment,
  run,
  start_processes,
  write_foil,
)

# One worker, so that Slurm is started once.
pytestmark = [pytest.mark.xdist_group('slurm'), pytest.mark.slow]

# Epochs of 16 small steps, so that a signal comes in the middle of one.
OPTIONS = {
  **TINY,
  'data.patches': 'tiled',
  'data.orientations': 1,
  'data.patch_px': 32,
}

# What Slurm starts knows of the tests' network by its config.
_CONFIG = f"""import sys

sys.path.append({str(ROOT / 'tests')!r})
import tiny_network  # noqa: F401
from configs.voids import get_config
"""

# Stands in for local.sh: a worker that says when it starts and when it is asked
# to stop, and goes on until there is a file `finish`. With a file `almost` it
# finishes when it is asked to stop.
_WORKER = """#!/usr/bin/env bash
echo "start $SLURM_ARRAY_TASK_ID" >>"$STUB_FOLDER/said"
stop() {
  echo "stop $SLURM_ARRAY_TASK_ID" >>"$STUB_FOLDER/said"
  [ -e "$STUB_FOLDER/almost" ] && exit 0
  exit "$1"
}
trap 'stop 138' USR1
trap 'stop 143' TERM
until [ -e "$STUB_FOLDER/finish" ]; do sleep 0.1; done
echo "end $SLURM_ARRAY_TASK_ID $*" >>"$STUB_FOLDER/said"
"""


@pytest.fixture(scope='module')
def cluster(tmp_path_factory):
  try:
    with slurm.running_cluster(tmp_path_factory.mktemp('slurm')) as started:
      yield started
  except slurm.CannotStart as error:
    pytest.skip(str(error))


@pytest.fixture(scope='module')
def checkout(tmp_path_factory):
  """The real scripts and program; .venv sees the packages of this Python."""
  folder = tmp_path_factory.mktemp('checkout') / 'a copy'
  folder.mkdir()
  shutil.copytree(ROOT / 'launch', folder / 'launch')
  for name in ('defectseg_jax', 'configs'):
    (folder / name).symlink_to(ROOT / name)
  for name in ('requirements.txt', 'requirements-microscopy.txt'):
    (folder / name).touch()
  made = subprocess.run(
    [folder / 'launch' / 'local.sh', '--help'],
    env=os.environ | {'PYTHON': sys._base_executable},
    capture_output=True,
    text=True,
    check=False,
  )
  (packages,) = folder.glob('.venv/lib/python3*/site-packages')
  assert 'making .venv' in made.stderr
  packages.joinpath('ours.pth').write_text(sysconfig.get_path('purelib'))
  return folder


@pytest.fixture(scope='module')
def fields(tmp_path_factory):
  """The flags of a tiny run on three micrographs."""
  folder = tmp_path_factory.mktemp('data')
  config = folder / 'voids_tiny.py'
  config.write_text(_CONFIG)
  for seed, name in enumerate('abc'):
    write_foil(folder / 'foils', name, seed)
  folder.joinpath('foils', 'splits.csv').write_text(
    'file,split\na.png,train\nb.png,dev\nc.png,test\n'
  )
  given = OPTIONS | {
    'data.dir': folder / 'foils',
    'data.cache_dir': folder / 'cache',
  }
  return [
    f'--config={config}',
    *(f'--config.{name}={value}' for name, value in given.items()),
  ]


@pytest.fixture(scope='module')
def submit(cluster, checkout, fields, tmp_path_factory):
  """Submits a run of two tasks of two devices; its number, workdir and log."""
  folder = tmp_path_factory.mktemp('runs')

  def make(name):
    workdir, log = folder / name, folder / f'{name}.log'
    job = cluster.submit(
      checkout / 'launch' / 'slurm.sh',
      *('--ntasks=2', f'--output={log}', '--'),
      *(f'--workdir={workdir}', *fields),
      environment={**environment(2), 'PWD': str(ROOT)},
    )
    return job, workdir, log

  return make


@pytest.fixture(scope='module')
def unbroken(fields, tmp_path_factory):
  """The workdir of such a run without Slurm, that nobody disturbs."""
  workdir = tmp_path_factory.mktemp('alone') / 'unbroken'
  command = [*PROGRAM, f'--workdir={workdir}', '--distributed', *fields]
  processes = start_processes([command] * 2)
  said = [process.communicate(timeout=HANGS_S) for process in processes]
  assert [process.returncode for process in processes] == [0, 0], said
  return workdir


def saved(workdir: pathlib.Path, step: int):
  """Whether the epoch that ends at the step is saved."""
  return lambda: (workdir / 'checkpoints' / str(step)).is_dir()


def test_a_run_that_comes_again_loses_nothing(cluster, submit, unbroken):
  """Its time is up; a job that is requeued is one of the search, below."""
  job, workdir, log = submit('broken')
  cluster.wait_for(saved(workdir, 16), 'the first epoch')
  # What Slurm does itself two minutes before the end.
  done = cluster.run('scancel', '--batch', '--signal=USR1', job)
  assert done.returncode == 0, done.stderr
  assert cluster.wait_until_over(job) == 'COMPLETED', log.read_text()
  said = log.read_text()
  assert cluster.field(job, 'Restarts') == '1', said
  assert said.count('The same command goes on from here') == 1, said
  assert said.count('the time is up') == 1, said
  assert said.count('on 4 cpu device(s) of 2 processes') == 2, said
  names = {path.name for path in workdir.iterdir()}
  assert names >= {path.name for path in unbroken.iterdir()}
  assert {'config.json', 'report.html', 'checkpoints', 'figures'} <= names
  for name in ('history.csv', 'test_metrics.json'):
    assert workdir.joinpath(name).read_bytes() == (
      unbroken.joinpath(name).read_bytes()
    )


def test_a_search_by_an_array_whose_jobs_come_again(
  cluster, checkout, fields, tmp_path
):
  """One's time is up in the middle of a trial, the other is requeued in one."""
  study = tmp_path / 'study'
  job = cluster.submit(
    checkout / 'launch' / 'slurm_search.sh',
    *('--array=1-2', f'--output={tmp_path}/%a.log', '--'),
    *(f'--workdir={study}', *fields),
    *('--config.search.trials=2', '--config.search.top=1'),
    *('--config.search.warm_trials=1', '--config.search.max_rounds=2'),
    # Each rate would be compiled for.
    '--config.search.space.model.dropout_rate=()',
    environment={**environment(), 'PWD': str(ROOT)},
  )
  for number, command in (
    (1, ('scancel', '--batch', '--signal=USR1', f'{job}_1')),
    (2, ('scontrol', 'requeue', f'{job}_2')),
  ):
    log = tmp_path / f'{number}.log'
    cluster.wait_for(
      lambda log=log: log.exists() and 'epoch 1/3' in log.read_text(),
      f'the first epoch of worker {number}',
    )
    done = cluster.run(*command)
    assert done.returncode == 0, done.stderr
  for number in (1, 2):
    task = f'{job}_{number}'
    said = tmp_path / f'{number}.log'
    assert cluster.wait_until_over(task) == 'COMPLETED', said.read_text()
    assert cluster.field(task, 'Restarts') == '1', said.read_text()
  logs = [(tmp_path / f'{number}.log').read_text() for number in (1, 2)]
  assert sum(log.count('The same command goes on') for log in logs) == 2
  # Two trials and a warm start, each trained to its end once.
  assert sum(log.count('Trained 3 epochs') for log in logs) == 3
  rows = study.joinpath('trials.csv').read_text().splitlines()[1:]
  assert [row.split(',')[:2] for row in rows] == [
    ['0', '1'],
    ['1', '1'],
    ['2', '2'],
  ]
  assert all(',complete,' in row for row in rows)
  metrics = study.joinpath('best', 'test_metrics.json')
  assert json.loads(metrics.read_text())['mean']['iu'] > 0


def test_micrographs_shared_by_an_array(
  cluster, checkout, fields, unbroken, tmp_path
):
  """One of the jobs is killed; the files are those of a process alone."""
  foils = fields[0].partition('=')[2].replace('voids_tiny.py', 'foils/images')
  given = [
    *(f'--workdir={unbroken}', *fields, f'--input={foils}'),
    *('--thickness_nm=100', '--pixel_size_nm=0.5'),
  ]
  alone, shared = tmp_path / 'alone', tmp_path / 'shared'
  done = run([*PROGRAM, 'predict', *given, f'--output={alone}'])
  assert done.returncode == 0, done.stderr
  job = cluster.submit(
    checkout / 'launch' / 'slurm_predict.sh',
    *('--array=1-2', f'--output={tmp_path}/%a.log', '--'),
    *(*given, f'--output={shared}'),
    environment={**environment(), 'PWD': str(ROOT)},
  )
  claims = tmp_path / '.shared.share' / 'claims'
  cluster.wait_for(lambda: list(claims.glob('*/.worker')), 'an image')
  kill = cluster.run('scancel', '--signal=KILL', '--full', f'{job}_1')
  assert kill.returncode == 0, kill.stderr
  log = tmp_path / '2.log'
  assert cluster.wait_until_over(f'{job}_2') == 'COMPLETED', log.read_text()
  assert cluster.wait_until_over(f'{job}_1') != 'COMPLETED'
  assert 'Page: ' in log.read_text()
  found, meant = contents(shared), contents(alone)
  # A copy knows no commit; and a date is in what the first is of.
  for name in ('summary.json', 'paper/methods.md', 'paper/methods.tex'):
    assert found.pop(name) and meant.pop(name)
  assert found == meant
  assert not claims.exists()


@pytest.fixture
def workers(cluster, checkout, tmp_path):
  """The scripts alone, with a stand-in for the program: two of them.

  Returns the number of the array, and what the workers have said, sorted.
  """
  stub = tmp_path / 'stub'
  shutil.copytree(checkout, stub, symlinks=True)
  stub.joinpath('launch', 'local.sh').write_text(_WORKER)

  def said():
    path = tmp_path / 'said'
    return sorted(path.read_text().splitlines()) if path.exists() else []

  job = cluster.submit(
    stub / 'launch' / 'slurm_search.sh',
    *('--array=1-2', f'--output={tmp_path}/%a.log', '--'),
    *('--config=a.py', '--workdir=b'),
    environment={**os.environ, 'STUB_FOLDER': str(tmp_path)},
  )
  cluster.wait_for(lambda: said() == ['start 1', 'start 2'], 'two workers')
  return job, said


def test_of_an_array_the_one_whose_time_is_up_comes_again(
  cluster, workers, tmp_path
):
  job, said = workers
  cluster.run('scancel', '--batch', '--signal=USR1', f'{job}_2')
  cluster.wait_for(
    lambda: said() == ['start 1', 'start 2', 'start 2', 'stop 2'],
    'the second worker to come again',
  )
  tmp_path.joinpath('finish').touch()
  ends = [f'end {n} --mode=search --config=a.py --workdir=b' for n in (1, 2)]
  cluster.wait_for(lambda: set(ends) <= set(said()), 'both to end')
  assert 'stop 1' not in said()


def test_a_worker_that_had_just_finished_does_not_come_again(
  cluster, workers, tmp_path
):
  job, said = workers
  tmp_path.joinpath('almost').touch()
  cluster.run('scancel', '--batch', '--signal=USR1', f'{job}_2')
  assert cluster.wait_until_over(f'{job}_2') == 'COMPLETED'
  assert cluster.field(f'{job}_2', 'Restarts') == '0'
  assert said() == ['start 1', 'start 2', 'stop 2']


def test_a_job_that_is_cancelled_stops_and_does_not_come_again(
  cluster, workers
):
  job, said = workers
  cluster.run('scancel', job)
  cluster.wait_for(
    lambda: {'stop 1', 'stop 2'} <= set(said()), 'both to be told'
  )
  for number in (1, 2):
    assert cluster.wait_until_over(f'{job}_{number}') == 'CANCELLED'
    assert cluster.field(f'{job}_{number}', 'Restarts') == '0'
