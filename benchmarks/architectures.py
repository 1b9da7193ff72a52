"""Architectures compared: each trained from several seeds on the same data.

  python -m benchmarks.architectures --runs=runs/architectures \
    -- --config=configs/voids.py:scale=quick

from the root of the repository; what stands after -- goes to every run. Each
run is an ordinary one, in its own folder of --runs; the same command goes on
where it was stopped, and several at once share the work. The table has mean
and standard deviation over seeds of the mean test IU, at the threshold that
each run chose on its development set.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import time

import jax

from benchmarks import report
from defectseg_jax.models import ARCHITECTURES, ModelSettings, create_model
from defectseg_jax.training import state

# DefectSegNet and all that were given its number of parameters.
_DEFAULT = (
  'defectsegnet',
  *(name for name in ARCHITECTURES if name.endswith('_350k')),
)


def main() -> None:
  """Trains what is missing, then prints the table of all that is there."""
  flags = _flags()
  names = flags.architectures.split(',')
  print(report.line(report.machine() | report.versions('jax', 'flax')))
  for seed in range(flags.seeds):
    for name in names:
      _train(pathlib.Path(flags.runs), name, seed, flags.run)
  print(f'\n{" ".join(flags.run)}\n')
  print(
    report.table(
      [
        *('architecture', 'parameters', 'seeds', 'test IU', 'sd'),
        *('dev IU', 'precision', 'recall'),
      ],
      [_row(pathlib.Path(flags.runs), name, flags.seeds) for name in names],
    )
  )


def _train(runs, name, seed, given):
  workdir = _workdir(runs, name, seed)
  if (workdir / 'report.html').exists():
    return
  began = time.monotonic()
  done = subprocess.run(
    [
      *(sys.executable, '-m', 'defectseg_jax.main', f'--workdir={workdir}'),
      *given,
      f'--config.model.name={name}',
      f'--config.seed={seed}',
    ],
    stdout=subprocess.DEVNULL,
    stderr=subprocess.PIPE,
    text=True,
    check=False,
  )
  if done.returncode and 'another process is at work' not in done.stderr:
    sys.exit(f'{name}, seed {seed}: {done.stderr}')
  minutes = (time.monotonic() - began) / 60
  print(f'{name}, seed {seed}: {minutes:.1f} min', flush=True)


def _row(runs, name, seeds):
  found = [
    json.loads(path.read_text())
    for seed in range(seeds)
    if (path := _workdir(runs, name, seed) / 'test_metrics.json').exists()
  ]

  def mean_percent(values):
    return f'{100 * statistics.fmean(values):.1f}' if values else '–'

  ious = [metrics['mean']['iu'] for metrics in found]
  return [
    name,
    f'{_parameters(name):,}',
    str(len(found)),
    mean_percent(ious),
    f'{100 * statistics.stdev(ious):.1f}' if len(ious) > 1 else '–',
    mean_percent([metrics['dev']['iu'] for metrics in found]),
    mean_percent([metrics['mean']['precision'] for metrics in found]),
    mean_percent([metrics['mean']['recall'] for metrics in found]),
  ]


def _parameters(name):
  model = create_model(ModelSettings(name))
  shapes = state.variable_shapes(model)['params']
  return sum(leaf.size for leaf in jax.tree.leaves(shapes))


def _workdir(runs, name, seed):
  return runs / f'{name}_{seed}'


def _flags():
  parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
  parser.add_argument('--runs', required=True, help='folder of their folders')
  parser.add_argument('--seeds', type=int, default=3)
  parser.add_argument('--architectures', default=','.join(_DEFAULT))
  parser.add_argument('run', nargs='+', help='flags of every run, after --')
  return parser.parse_args()


if __name__ == '__main__':
  main()
