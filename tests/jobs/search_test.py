"""--mode=search from outside: one worker, several, and some that are killed."""

import contextlib
import csv
import json
import re
import signal
import sys
import time

import pytest
from programs import Program
from tiny import HANGS_S, ROOT, TINY, environment, run, write_foil

# One worker of pytest, so that the search alone is run once.
pytestmark = [pytest.mark.xdist_group('search'), pytest.mark.slow]

SEARCH = {
  **TINY,
  'training.epochs': 2,
  'search.trials': 3,
  'search.top': 1,
  'search.warm_trials': 1,
  'search.max_rounds': 2,
  'search.space.training.learning_rate': ('log', 1e-4, 1e-2),
  # Each rate would be compiled for.
  'search.space.model.dropout_rate': (),
}
TRIALS = 3 + 1


@pytest.fixture(scope='module')
def search(tmp_path_factory):
  """Makes the command of a worker: `search(path, field=value)`."""
  folder = tmp_path_factory.mktemp('search')
  for seed, name in enumerate('abc'):
    write_foil(folder / 'foils', name, seed)
  folder.joinpath('foils', 'splits.csv').write_text(
    'file,split\na.png,train\nb.png,dev\nc.png,test\n'
  )

  def make(path, *flags, **fields):
    given = {
      **SEARCH,
      'data.dir': folder / 'foils',
      'data.cache_dir': folder / 'cache',
      **{name.replace('__', '.'): value for name, value in fields.items()},
    }
    return [
      *(sys.executable, '-m', 'defectseg_jax.main', '--mode=search'),
      *('--config=configs/voids.py', f'--workdir={path}'),
      *(f'--config.{name}={value}' for name, value in given.items()),
      *flags,
    ]

  return make


@pytest.fixture(scope='module')
def alone(search, tmp_path_factory):
  """The folder of a search by one worker, and what it said."""
  path = tmp_path_factory.mktemp('alone') / 'study'
  done = run(search(path))
  assert done.returncode == 0, done.stdout + done.stderr
  assert done.stderr == ''
  return path, done.stdout


class Worker:
  """A process of a search; may be started again."""

  def __init__(self, command, log):
    self._command, self._log = command, log
    self.start()

  def start(self):
    self.process = Program(
      self._command, cwd=ROOT, env=environment(), log=self._log
    )

  def said(self):
    return self._log.read_text()

  def trials(self):
    """The trials it began, in order."""
    return [int(n) for n in re.findall(r'^Trial (\d+),', self.said(), re.M)]

  def in_the_middle(self):
    """Whether it has saved an epoch of a trial and is at the next."""
    return 'epoch ' in self.said().rpartition('Trial ')[2]


@contextlib.contextmanager
def workers(command, folder, count):
  started = [Worker(command, folder / f'{n}.log') for n in range(count)]
  try:
    yield started
  finally:
    for worker in started:
      worker.process.kill()
      worker.process.wait()


def rows_of(path):
  with path.joinpath('trials.csv').open(newline='') as stream:
    return list(csv.DictReader(stream))


def result_of(path):
  """All that must not depend on how many workers there were, or which died."""
  histories = sorted(path.glob('trials/*/history.csv'))
  return {
    'table': path.joinpath('trials.csv').read_bytes(),
    'histories': [history.read_bytes() for history in histories],
    'best': path.joinpath('best', 'history.csv').read_bytes(),
    'metrics': path.joinpath('best', 'test_metrics.json').read_bytes(),
  }


def test_a_search_leaves_what_a_person_looks_for(alone):
  path, said = alone
  rows = rows_of(path)
  assert [row['trial'] for row in rows] == [str(n) for n in range(TRIALS)]
  assert {row['state'] for row in rows} == {'complete'}
  assert [row['round'] for row in rows] == ['1'] * 3 + ['2']
  first = max(rows[:3], key=lambda row: float(row['dev_iu']))
  assert rows[3]['parent'] == first['trial']
  rates = [float(row['training.learning_rate']) for row in rows]
  assert len(set(rates)) == TRIALS
  assert all(1e-4 <= rate <= 1e-2 for rate in rates)

  best = max(rows, key=lambda row: float(row['dev_iu']))
  config = json.loads(path.joinpath('best', 'config.json').read_text())
  assert (
    repr(config['training']['learning_rate'])
    == (best['training.learning_rate'])
  )
  metrics = json.loads(path.joinpath('best', 'test_metrics.json').read_text())
  assert metrics['dev']['iu'] == float(best['dev_iu'])
  assert f'{100 * metrics["mean"]["iu"]:.2f}' in said
  assert f'Best run: {path}/best' in said
  # The test set is scored once, with the best alone.
  assert not list(path.glob('trials/*/test_metrics.json'))

  page = path.joinpath('search.html').read_text()
  assert f'{TRIALS} of the {TRIALS} trials' in page
  assert f'best: trial {best["trial"]}' in page
  hidden = [p.name for p in path.rglob('.*') if p.name != '.lock']
  assert hidden == []


def test_a_trial_is_an_ordinary_run(alone):
  path, _ = alone
  trial = path / 'trials' / '0001'
  rows = (trial / 'history.csv').read_text().splitlines()
  assert len(rows) == 1 + 2
  done = run(
    [
      *(sys.executable, '-m', 'defectseg_jax.main', '--mode=evaluate'),
      f'--workdir={trial}',
    ]
  )
  assert done.returncode == 0, done.stderr
  scored = json.loads((trial / 'test_metrics.json').read_text())
  (trial / 'test_metrics.json').unlink()
  assert scored['dev']['iu'] == float(rows_of(path)[1]['dev_iu'])


def test_a_search_that_is_done_is_told_again_and_not_done_again(search, alone):
  path, said = alone
  before = result_of(path)
  stamp = path.joinpath('best', 'test_metrics.json').stat().st_mtime_ns
  done = run(search(path))
  assert done.returncode == 0, done.stderr
  assert '\nTrial ' not in done.stdout
  assert done.stdout.strip() in said
  assert result_of(path) == before
  assert path.joinpath('best', 'test_metrics.json').stat().st_mtime_ns == stamp


def test_three_workers_two_of_which_are_stopped(search, alone, tmp_path):
  """One by SIGKILL, one by SIGTERM, in the middle of a trial; both come again.

  The same trials, each trained to its end once, and the same bits of all.
  """
  path = tmp_path / 'study'
  with workers(search(path), tmp_path, 3) as started:
    killed, asked = _stopped(started)
    for worker in (killed, asked):
      worker.start()
    for worker in started:
      assert worker.process.wait(timeout=HANGS_S) == 0, worker.said()
    assert 'Stopped by SIGTERM. The same command goes on' in asked.said()
    begun = [trial for worker in started for trial in worker.trials()]
    ends = sum(worker.said().count('Trained 2 epochs') for worker in started)
  assert set(begun) == set(range(TRIALS))
  # Those that were stopped were begun once more, by whoever came first.
  assert len(begun) == TRIALS + 2
  assert ends == TRIALS
  assert result_of(path) == result_of(alone[0])


def _stopped(started):
  """The workers that were stopped, by SIGKILL and by SIGTERM."""
  until = time.monotonic() + HANGS_S
  stopped = []
  for number in (signal.SIGKILL, signal.SIGTERM):
    while len(stopped) < 1 + (number == signal.SIGTERM):
      assert time.monotonic() < until, [w.said() for w in started]
      for worker in started:
        if worker not in stopped and worker.in_the_middle():
          worker.process.send_signal(number)
          worker.process.wait(timeout=HANGS_S)
          stopped.append(worker)
          break
      time.sleep(0.01)
  assert stopped[0].process.returncode == -signal.SIGKILL
  assert stopped[1].process.returncode == 128 + signal.SIGTERM
  return stopped


def test_every_trial_failing(search, tmp_path):
  path = tmp_path / 'study'
  command = search(
    path,
    search__trials=1,
    model__name='exploding',
    search__space__training__learning_rate=('log', 5e-3, 1e-2),
  )
  for _ in range(2):
    done = run(command)
    assert done.returncode == 1
    assert re.fullmatch(
      rf'error: {path}: every trial failed, the first with: step \d+ .*the '
      r'loss is (nan|inf).*narrow config.search.space.*\n',
      done.stderr,
    ), done.stderr
  rows = rows_of(path)
  assert [row['state'] for row in rows] == ['failed']
  assert [row['dev_iu'] for row in rows] == ['']
  assert not (path / 'best').exists()


@pytest.mark.parametrize(
  ('fields', 'says'),
  [
    (
      {'search__space__training__plateau_factor': ('uniform', 0.1, 1.5)},
      'config.search.space reaches config.training.plateau_factor=1.5: must be',
    ),
    (
      {'search__space__training__learning_rate': ('log', 1e-2, 1e-4)},
      'config.search.space.training.learning_rate=',
    ),
    ({'search__trials': 0}, 'config.search.trials=0: must be a whole'),
    ({'training__epochs': 0}, 'config.training.epochs=0: must be a whole'),
    ({'data__dir': '/no/such'}, '/no/such'),
  ],
)
def test_what_cannot_be_searched_leaves_nothing(search, tmp_path, fields, says):
  done = run(search(tmp_path / 'study', **fields))
  assert done.returncode == 1
  assert done.stderr.count('\n') == 1
  assert done.stderr.startswith(f'error: {says}'), done.stderr
  assert not (tmp_path / 'study').exists()
