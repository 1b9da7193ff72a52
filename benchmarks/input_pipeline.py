"""How fast patches are laid before the network, beside how fast it trains.

  python -m benchmarks.input_pipeline
  python -m benchmarks.input_pipeline --batch_size=16 --json=pipeline.json

from the root of the repository. Two micrographs of 2048 x 2048 give six
training regions; the pipeline delivers batches from them with nothing else
running, in each order, and the whole train step on a CPU takes turns with it.

Exit code 1: the pipeline is not ten times as fast as the train step.
"""

import argparse
import statistics
import sys
from typing import Any

from benchmarks import report, rows, workers

LEAST_RATIO = 10
ORDERS = ('tiled', 'random')
TRAIN_STEP = 'train step'


def main() -> int:
  """Runs what the flags ask for; the exit code."""
  flags = _flags()
  try:
    result = comparison(flags)
  except workers.WorkerError as error:
    print(error, file=sys.stderr)
    return 1
  report.write_json(flags.json, result)
  return 0 if result['passed'] else 1


def comparison(flags: argparse.Namespace) -> dict[str, Any]:
  """Times the pipeline and the step in turns; prints and returns all."""
  machine = report.machine()
  patch_px = f'--patch_px={flags.patch_px}'
  with (
    workers.Worker(
      'benchmarks.pipeline_worker',
      [patch_px, f'--batch_size={flags.batch_size}'],
    ) as feeder,
    workers.Worker(
      'benchmarks.jax_worker', [patch_px, f'--patches={flags.batch_size}']
    ) as trainer,
  ):
    fed, trained = feeder.ask('describe'), trainer.ask('describe')
    trainer.ask('first_pass', what='train_step')
    speeds = {name: [] for name in (*ORDERS, TRAIN_STEP)}
    for _ in range(flags.rounds):
      for order in ORDERS:
        speeds[order].append(
          feeder.ask(
            'patches_per_s',
            order=order,
            warm_up=flags.warm_up,
            batches=flags.batches,
          )
        )
      seconds = trainer.ask('passes', what='train_step', repeats=flags.steps)
      speeds[TRAIN_STEP].append(flags.batch_size * len(seconds) / sum(seconds))
  medians = {name: statistics.median(s) for name, s in speeds.items()}
  ratios = {order: medians[order] / medians[TRAIN_STEP] for order in ORDERS}
  result = {
    'benchmark': 'input_pipeline',
    'machine': machine,
    'versions': {**fed['versions'], **trained['versions']},
    'patch_px': flags.patch_px,
    'batch_size': flags.batch_size,
    'patches_in_epoch': fed['patches_in_epoch'],
    'patches_per_s': speeds,
    'ratios': ratios,
    'least_ratio': LEAST_RATIO,
    'passed': min(ratios.values()) >= LEAST_RATIO,
  }
  _print(result, medians)
  return result


def measure_rows() -> list[rows.Row]:
  """Milliseconds of a patch in each order, beside those that a step takes."""
  flags = argparse.Namespace(
    **{'patch_px': 512, 'batch_size': 4, 'rounds': 5},
    **{'batches': 100, 'warm_up': 20, 'steps': 1},
  )
  speeds = comparison(flags)['patches_per_s']
  milliseconds = {
    name: [1e3 / speed for speed in found] for name, found in speeds.items()
  }
  return [
    rows.Row(
      *(f'a patch of 512 px, {order}', 'ms', milliseconds[order]),
      peer=TRAIN_STEP,
      peer_turns=milliseconds[TRAIN_STEP],
    )
    for order in ORDERS
  ]


def _print(result: dict[str, Any], medians: dict[str, float]) -> None:
  print(
    f'Patches of {result["patch_px"]} px in batches of {result["batch_size"]}, '
    f'median of {len(result["patches_per_s"][TRAIN_STEP])} turns\n'
    f'{report.line(result["machine"])}\n{report.line(result["versions"])}\n'
  )
  lines = []
  for name, speeds in result['patches_per_s'].items():
    ratio = result['ratios'].get(name)
    lines.append(
      (
        name if ratio is None else f'pipeline, {name}',
        f'{medians[name]:.1f}',
        f'{min(speeds):.1f}',
        f'{max(speeds):.1f}',
        '' if ratio is None else f'{ratio:.1f}',
      )
    )
  print(
    report.table(
      ('', 'patches per s', 'slowest', 'fastest', 'times the step'), lines
    )
  )
  said = 'at least' if result['passed'] else 'LESS THAN'
  print(f'\nThe pipeline is {said} {LEAST_RATIO} times as fast as the step.')


def _flags() -> argparse.Namespace:
  parser = report.create_parser(__doc__)
  parser.add_argument('--patch_px', type=int, default=512, help='their side')
  parser.add_argument('--batch_size', type=int, default=16, help='patches')
  parser.add_argument('--rounds', type=int, default=3, help='turns of each')
  parser.add_argument(
    '--batches', type=int, default=40, help='of the pipeline, in a turn'
  )
  parser.add_argument(
    '--warm_up', type=int, default=8, help='batches before those that count'
  )
  parser.add_argument('--steps', type=int, default=2, help='in a turn')
  parser.add_argument('--json', help='file to write all figures to')
  flags = parser.parse_args()
  for name in ('batch_size', 'rounds', 'batches', 'warm_up', 'steps'):
    if getattr(flags, name) < 1:
      parser.error(f'--{name}={getattr(flags, name)}: must be at least 1')
  if flags.patch_px < 8 or flags.patch_px % 8 or flags.patch_px > 1024:
    parser.error(
      f'--patch_px={flags.patch_px}: must be a multiple of 8, at most 1024'
    )
  return flags


if __name__ == '__main__':
  sys.exit(main())
