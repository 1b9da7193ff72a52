"""Architectures compared: each trained from several seeds on the same data.

  python -m benchmarks.architectures --runs=runs/architectures \
    -- --config=configs/voids.py:scale=quick

from the root of the repository; what comes after -- goes to every run. Each run
is an ordinary one, in its own folder of --runs. The same command goes on where
it was stopped, and several commands at once share the work. The table has mean
and standard deviation, over seeds, of the mean test IU at the threshold that
each run has chosen on its development set.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence

import jax

from benchmarks import report
from defectseg_jax.models import ARCHITECTURES, ModelSettings, create_model
from defectseg_jax.training import state

# DefectSegNet, and all architectures that have as many parameters.
_DEFAULT = (
  'defectsegnet',
  *(name for name in ARCHITECTURES if name.endswith('_350k')),
)


def main() -> None:
  """Trains what is missing, then prints the table of all runs."""
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


def _train(
  runs: pathlib.Path, name: str, seed: int, given: Sequence[str]
) -> None:
  """Trains one network, if that has not been done."""
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


def _row(runs: pathlib.Path, name: str, seeds: int) -> list[str]:
  """Of the table: one architecture, over its seeds."""
  found = [
    json.loads(path.read_text())
    for seed in range(seeds)
    if (path := _workdir(runs, name, seed) / 'test_metrics.json').exists()
  ]

  def mean_percent(values: Sequence[float]) -> str:
    return f'{100 * statistics.fmean(values):.1f}' if values else '–'

  ious = [metrics['mean']['iu'] for metrics in found]
  return [
    name,
    f'{_parameter_count(name):,}',
    str(len(found)),
    mean_percent(ious),
    f'{100 * statistics.stdev(ious):.1f}' if len(ious) > 1 else '–',
    mean_percent([metrics['dev']['iu'] for metrics in found]),
    mean_percent([metrics['mean']['precision'] for metrics in found]),
    mean_percent([metrics['mean']['recall'] for metrics in found]),
  ]


def _parameter_count(name: str) -> int:
  model = create_model(ModelSettings(name))
  shapes = state.variable_shapes(model)['params']
  return sum(leaf.size for leaf in jax.tree.leaves(shapes))


def _workdir(runs: pathlib.Path, name: str, seed: int) -> pathlib.Path:
  return runs / f'{name}_{seed}'


def _flags() -> argparse.Namespace:
  parser = report.create_parser(__doc__)
  parser.add_argument('--runs', required=True, help='folder of their folders')
  parser.add_argument('--seeds', type=int, default=3)
  parser.add_argument('--architectures', default=','.join(_DEFAULT))
  parser.add_argument('run', nargs='+', help='flags of every run, after --')
  return parser.parse_args()


if __name__ == '__main__':
  main()
