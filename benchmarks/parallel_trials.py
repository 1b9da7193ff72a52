r"""Trials of a search in one program: how fast, and whether it is the same.

  python -m benchmarks.parallel_trials
  python -m benchmarks.parallel_trials --architecture=defectsegnet \
    --patches=8 --patch_px=256
  python -m benchmarks.parallel_trials --goal

from the root of the repository. Steps of 1, 2, 4 and 8 trials are timed in
turns, of a small U-Net unless another network is named: on a CPU its programs
compile sooner. Then a round of 8 trials on simulated foils is searched twice,
one after the other and all at once.

With --goal, 100 trials of scale=quick are searched, eight at once: they are to
take 10 minutes on one NVIDIA H100.

Exit code 1: the ranking of the trials differs, or the goal is missed.
"""

import argparse
import functools
import pathlib
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

import jax
import numpy as np
import optax
from rich.console import Console

from benchmarks import report
from configs import voids
from defectseg_jax.jobs.search import search
from defectseg_jax.models import ARCHITECTURES, ModelSettings, create_model
from defectseg_jax.models.unet import UNet
from defectseg_jax.runtime.interruption import Interruption
from defectseg_jax.runtime.leases import Leases
from defectseg_jax.search.crew import Crew
from defectseg_jax.search.rounds import ranking
from defectseg_jax.search.study import Study
from defectseg_jax.search.worker import Worker
from defectseg_jax.training import schedules, state, step

COUNTS = (1, 2, 4, 8)
TRIALS = 8
SMALL = 'unet_small'
ARCHITECTURES[SMALL] = functools.partial(UNet, widths=(8, 16))
GOAL_TRIALS, GOAL_MINUTES = 100, 10.0


def main() -> int:
  """Runs what the flags ask for; the exit code."""
  flags = _flags()
  machine = report.machine()
  device = {'device': jax.devices()[0].device_kind}
  versions = report.versions('jax', 'flax')
  print(f'{report.line(machine)}\n{report.line({**device, **versions})}\n')
  with tempfile.TemporaryDirectory() as kept:
    # What the steps have compiled, the round need not.
    jax.config.update('jax_compilation_cache_dir', kept)
    if flags.goal:
      result = goal(flags)
    else:
      result = {**times(flags), **one_round(flags)}
  report.write_json(flags.json, {'machine': machine, **device, **result})
  return 0 if result['passed'] else 1


def times(flags: argparse.Namespace) -> dict[str, Any]:
  """Times steps of several trials; prints and returns seconds a trial."""
  steps = {count: _make_step(count, flags) for count in COUNTS}
  first = {count: _seconds(take) for count, take in steps.items()}
  seconds = {count: [] for count in COUNTS}
  for _ in range(flags.repeats):
    for count, take in steps.items():
      seconds[count].append(_seconds(take) / count)
  medians = {count: statistics.median(s) for count, s in seconds.items()}
  print(
    f'Steps of {flags.patches} patches of {flags.patch_px} px, {flags.repeats} '
    'of each, in turns\n'
  )
  rows = [
    (
      str(count),
      f'{1000 * medians[count]:.0f}',
      f'{medians[count] / medians[1]:.2f}',
      f'{first[count]:.0f}',
    )
    for count in COUNTS
  ]
  header = ('trials', 'ms a trial', 'times one alone', 'first step s')
  print(report.table(header, rows) + '\n')
  return {'seconds_of_a_trial': seconds, 'first_step_s': first}


def one_round(flags: argparse.Namespace) -> dict[str, Any]:
  """Searches a round alone and together; prints and returns the rankings."""
  found, took = {}, {}
  interruption = Interruption()
  for count in (1, TRIALS):
    with tempfile.TemporaryDirectory() as scratch:
      study = Study(pathlib.Path(scratch) / 'study', _small(flags, count))
      console = Console(quiet=True)
      began = time.perf_counter()
      if count == 1:
        Worker(study, Leases(), console, interruption).train_all()
      else:
        Crew(study, console, interruption).train_all()
      took[count] = time.perf_counter() - began
      found[count] = study.ious()
  rankings = {count: ranking(ious) for count, ious in found.items()}
  passed = rankings[1] == rankings[TRIALS] and len(rankings[1]) == TRIALS
  rows = [
    (str(n), *(f'{100 * found[count][n]:.4f}' for count in found))
    for n in rankings[1]
  ]
  print(
    f'A round of {TRIALS} trials of {flags.epochs} epochs on foils of '
    f'{flags.side_px} px, best first\n'
  )
  header = ('trial', 'development IU, alone', 'development IU, together')
  print(report.table(header, rows))
  print(
    f'\nThe ranking is {"the same" if passed else "ANOTHER"}. One after the '
    f'other {took[1]:.0f} s, together {took[TRIALS]:.0f} s.'
  )
  return {'ious': found, 'round_s': took, 'passed': passed}


def goal(flags: argparse.Namespace) -> dict[str, Any]:
  """Searches a hundred trials; prints and returns the minutes."""
  config: Any = voids.get_config('scale=quick')
  config.search.trials, config.search.max_rounds = GOAL_TRIALS, 1
  config.search.parallel = flags.parallel
  began = time.perf_counter()
  with tempfile.TemporaryDirectory() as scratch:
    search(config, f'{scratch}/study', Console(), Interruption())
  minutes = (time.perf_counter() - began) / 60
  passed = minutes <= GOAL_MINUTES
  print(
    f'\n{GOAL_TRIALS} trials of scale=quick, {flags.parallel} at once: '
    f'{minutes:.1f} min; the goal is {GOAL_MINUTES:.0f}: '
    f'{"reached" if passed else "MISSED"}.'
  )
  return {'parallel': flags.parallel, 'minutes': minutes, 'passed': passed}


def _make_step(count: int, flags: argparse.Namespace) -> Callable[[], None]:
  """A step of so many trials, which goes on from where the last one ended."""
  optimizer = optax.scale_by_adam()
  model = create_model(
    ModelSettings(flags.architecture, dropout_rate=0.1), axis_name=step.DEVICES
  )
  plateau = schedules.plateau_decay(factor=0.5, patience_epochs=10)
  steps = step.make_steps(model, optimizer)
  rates = step.rates_of(model, learning_rate=1e-3, l2=1e-4)
  shape = (flags.patches, flags.patch_px, flags.patch_px, 1)
  rng = np.random.default_rng(0)
  inputs = []
  for seed in range(count):
    fresh = state.create_train_state(
      model, optimizer=optimizer, plateau=plateau, seed=seed
    )
    batch = {
      'image': rng.standard_normal(shape, np.float32),
      'mask': (rng.random(shape) < 0.1).astype(np.uint8),
      'weight': np.ones(shape, np.uint8),
    }
    inputs.append(
      step.StepInput(step.replicate(fresh), step.shard(batch), 8.0, rates)
    )

  def take() -> None:
    nonlocal inputs
    stepped = steps(inputs)
    jax.device_get([metrics for _, metrics in stepped])
    inputs = [
      one._replace(state=after)
      for one, (after, _) in zip(inputs, stepped, strict=True)
    ]

  return take


def _seconds(take: Callable[[], None]) -> float:
  began = time.perf_counter()
  take()
  return time.perf_counter() - began


def _small(flags: argparse.Namespace, count: int) -> Any:
  """The config of one round, on foils of which there are few pixels."""
  config = voids.get_config('scale=quick')
  config.update_from_flattened_dict(
    {
      'foil.side_px': flags.side_px,
      'simulation.micrographs': 1,
      'data.patch_px': flags.patch_px,
      'model.name': flags.architecture,
      'training.batch_size': flags.patches,
      'training.epochs': flags.epochs,
      'evaluation.tile_px': 128,
      'search.trials': TRIALS,
      'search.max_rounds': 1,
      'search.parallel': count,
    }
  )
  return config


def _flags() -> argparse.Namespace:
  parser = report.create_parser(__doc__)
  parser.add_argument('--patches', type=int, default=4, help='in a batch')
  parser.add_argument('--patch_px', type=int, default=64, help='their side')
  parser.add_argument('--side_px', type=int, default=512, help='of a foil')
  parser.add_argument('--epochs', type=int, default=4, help='of the round')
  parser.add_argument('--repeats', type=int, default=9, help='steps of each')
  parser.add_argument('--architecture', default=SMALL)
  parser.add_argument('--goal', action='store_true', help='100 trials')
  parser.add_argument('--parallel', type=int, default=8, help='with --goal')
  parser.add_argument('--json', help='file to write all figures to')
  return parser.parse_args()


if __name__ == '__main__':
  sys.exit(main())
