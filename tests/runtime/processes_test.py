"""One run in two processes: what it leaves, and how it is stopped."""

import csv
import json
import signal
import sys
import time

import jax
import numpy as np
import pytest
from programs import Program
from tiny import (
  HANGS_S,
  ROOT,
  environment,
  run,
  start_processes,
  write_foil,
)

from defectseg_jax.errors import InputError
from defectseg_jax.models import ModelSettings, create_model
from defectseg_jax.runtime import processes
from defectseg_jax.training import checkpoints, state


def finish(started):
  """Waits for both; exit codes, outputs and errors."""
  ended = [process.communicate(timeout=HANGS_S) for process in started]
  return (
    [process.returncode for process in started],
    [output for output, _ in ended],
    [errors for _, errors in ended],
  )


def says_nothing(output):
  """Of what the first process says.

  JAX's library for the network of CPUs says when it is connected, from several
  threads into one another.
  """
  ours = ('Regions', 'epoch', 'Trained', 'Stopped', 'Scores', 'error')
  return not any(word in output for word in ours)


def rows_of(workdir):
  try:
    with workdir.joinpath('history.csv').open(newline='') as stream:
      return [
        {name: float(value) for name, value in row.items()}
        for row in csv.DictReader(stream)
      ]
  except FileNotFoundError:
    return []


def saved_steps(workdir):
  saved = workdir / 'checkpoints'
  names = [p.name for p in saved.iterdir()] if saved.is_dir() else []
  return sorted(int(name) for name in names if name.isdigit())


def wait_for(condition, started):
  while not condition():
    for process in started:
      assert process.poll() is None, process.communicate()
    time.sleep(0.01)


def kernels_of(workdir):
  """Of the best checkpoint.

  Not its biases: those before a normalisation have no gradient but rounding,
  which Adam makes steps of.
  """
  config = json.loads(workdir.joinpath('config.json').read_text())
  shapes = state.variable_shapes(create_model(ModelSettings(**config['model'])))
  params, _ = checkpoints.restore_model(workdir, **shapes)
  leaves = {
    jax.tree_util.keystr(path): leaf
    for path, leaf in jax.tree_util.tree_leaves_with_path(params)
  }
  return {name: leaf for name, leaf in leaves.items() if 'kernel' in name}


def assert_rows_alike(workdir, other):
  """The same but for float32 rounding, grown through the steps of Adam."""
  for row, expected in zip(rows_of(workdir), rows_of(other), strict=True):
    assert row.keys() == expected.keys()
    for name, value in row.items():
      assert value == pytest.approx(expected[name], rel=5e-3), name


@pytest.mark.slow
def test_two_processes_leave_what_one_leaves(command, tmp_path):
  two, one = tmp_path / 'two', tmp_path / 'one'
  options = {'training__epochs': 1}
  codes, outputs, errors = finish(
    start_processes([command(two, '--distributed', **options)] * 2)
  )
  assert codes == [0, 0], errors
  assert errors == ['', '']
  assert 'on 4 cpu device(s) of 2 processes' in outputs[0]
  assert 'test set at the development threshold' in outputs[0]
  # The second one says nothing, and the dataset was made once.
  assert says_nothing(outputs[1])
  assert len(list(tmp_path.glob('cache/defect_micrographs/*'))) == 1
  assert not list(tmp_path.glob('cache/.*'))

  done = run(command(one, **options), devices=4)
  assert done.returncode == 0, done.stderr
  assert_rows_alike(two, one)
  assert saved_steps(two) == saved_steps(one) == [4]
  found, expected = kernels_of(two), kernels_of(one)
  assert found.keys() == expected.keys()
  for name, kernel in found.items():
    off = np.linalg.norm(kernel - expected[name])
    assert off < 1e-4 * np.linalg.norm(kernel), name
  assert rows_of(two)[0]['loss'] == pytest.approx(
    rows_of(one)[0]['loss'], rel=1e-5
  )
  names = [
    {p.relative_to(w) for p in w.rglob('*') if 'd' not in p.parent.name}
    for w in (two, one)
  ]
  # Events are named by the time.
  assert len(names[0] ^ names[1]) <= 2, names[0] ^ names[1]


@pytest.mark.slow
def test_any_process_stops_all_and_any_number_goes_on(command, tmp_path):
  """One process, then two, then one again; each stopped in an epoch."""
  alone, broken = tmp_path / 'alone', tmp_path / 'broken'
  # Of 16 small steps, so that the signal comes in the middle of one.
  options = {
    'data__patches': 'tiled',
    'data__orientations': 1,
    'data__patch_px': 32,
  }
  assert run(command(alone, **options), devices=4).returncode == 0

  started = [
    Program(command(broken, **options), cwd=ROOT, env=environment(devices=4))
  ]
  wait_for(lambda: 16 in saved_steps(broken), started)
  started[0].send_signal(signal.SIGTERM)
  codes, _, errors = finish(started)
  assert codes == [143], errors
  # It may have come while the epoch was still brought to the disk.
  assert 16 <= saved_steps(broken)[-1] < 32

  started = start_processes([command(broken, '--distributed', **options)] * 2)
  wait_for(lambda: 32 in saved_steps(broken), started)
  # To the one that does not write.
  started[1].send_signal(signal.SIGTERM)
  codes, outputs, errors = finish(started)
  assert codes == [143, 143], errors
  assert outputs[0].count('The same command goes on from here') == 1
  assert 'epoch 2/3' in outputs[0] and 'epoch 1/3' not in outputs[0]
  assert says_nothing(outputs[1])
  assert 32 < saved_steps(broken)[-1] < 48

  assert run(command(broken, **options), devices=4).returncode == 0
  assert_rows_alike(broken, alone)
  assert saved_steps(broken)[-1] == saved_steps(alone)[-1] == 48


@pytest.mark.slow
def test_an_error_of_one_ends_all_and_is_said_once(command, folder, tmp_path):
  workdir, other = tmp_path / 'run', tmp_path / 'other'
  for seed, name in enumerate('abc'):
    write_foil(other, name, seed + 10)
  fine = command(workdir, '--distributed')
  codes, outputs, errors = finish(
    start_processes(
      [fine, command(workdir, '--distributed', data__dir=tmp_path / 'none')]
    )
  )
  assert codes == [1, 1]
  assert all(map(says_nothing, outputs))
  assert errors[1] == ''
  (line,) = errors[0].splitlines()
  assert line.startswith('error: ') and str(tmp_path / 'none') in line
  assert not workdir.exists()

  # Files that differ are not mixed into one run.
  codes, _, errors = finish(
    start_processes([fine, command(workdir, '--distributed', data__dir=other)])
  )
  assert codes == [1, 1]
  (line,) = errors[0].splitlines()
  assert f'began with other files than {other}' in line


@pytest.mark.slow
def test_a_batch_must_divide_over_the_devices_of_all(command, tmp_path):
  codes, _, errors = finish(
    start_processes(
      [command(tmp_path / 'run', '--distributed', training__batch_size=6)] * 2
    )
  )
  assert codes == [1, 1]
  assert errors == [
    'error: config.training.batch_size=6: does not divide among 4 devices; '
    'use 4 or 8\n',
    '',
  ]
  assert not (tmp_path / 'run').exists()


@pytest.mark.slow
def test_on_a_plain_host_a_line_says_what_to_set(command, tmp_path):
  done = run(command(tmp_path / 'run', '--distributed'))
  assert done.returncode == 1
  (line,) = done.stderr.splitlines()
  assert 'no cluster was found' in line and 'JAX_COORDINATOR_ADDRESS' in line


@pytest.mark.parametrize(
  ('variables', 'said'),
  [
    ({'JAX_NUM_PROCESSES': '2'}, 'JAX_COORDINATOR_ADDRESS: is not set'),
    (
      {
        'JAX_COORDINATOR_ADDRESS': 'host:1',
        'JAX_NUM_PROCESSES': '2',
        'JAX_PROCESS_ID': 'one',
      },
      'JAX_PROCESS_ID=one: must be a whole number',
    ),
  ],
)
def test_half_an_environment_is_refused(monkeypatch, variables, said):
  for name in processes._BY_HAND:
    monkeypatch.delenv(name, raising=False)
  for name, value in variables.items():
    monkeypatch.setenv(name, value)
  with pytest.raises(InputError, match=said):
    processes.connect(None)


def test_other_modes_have_no_distributed(tmp_path):
  program = (sys.executable, '-m', 'defectseg_jax.main')
  done = run(
    [*program, '--mode=evaluate', f'--workdir={tmp_path}', '--distributed']
  )
  assert done.returncode == 1
  assert '--distributed: --mode=evaluate does not take it' in done.stderr
