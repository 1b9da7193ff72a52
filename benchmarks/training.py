"""How fast the network trains on a CPU, beside the same one in PyTorch.

  python -m benchmarks.training
  python -m benchmarks.training --patches=4 --patch_px=512 --json=training.json
  python -m benchmarks.training --memory

from the root of the repository. A pass is forward and backward of one batch;
contenders, each in a process of its own, take turns. Before anything is
timed, the networks must have as many parameters as each other, and the same
logits, loss and gradient. PyTorch is no dependency of the project: install
torch==2.13.0, or give --torch_python an interpreter that has it.

With --memory, one whole train step of 16 patches is taken, and the peak of
its process's resident memory compared with the bound of 8 GiB; PyTorch is not
needed.

Exit code 1: PyTorch is missing, the networks differ, or the peak is over the
bound.
"""

import argparse
import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
from typing import Any

from benchmarks import report, roofline, rows, workers

TRAINABLE_PARAMETERS = 350_428
MEMORY_BOUND_BYTES = 8 * 2**30

# Largest relative differences between the networks. In float64 the gradients
# are the same; in float32, of 4 patches of 512, PyTorch's batch normalisation
# leaves 1e-3 in channels_last and 3e-5 in contiguous layout, JAX's 4e-5.
TOLERANCES = {'logits': 1e-3, 'loss': 1e-4, 'gradient': 1e-2}

JAX = 'JAX'
JAX_STEP = 'JAX, whole train step'
PYTORCH = {
  'PyTorch eager, channels_last': ['--layout=channels_last'],
  'PyTorch compiled, channels_last': ['--layout=channels_last', '--compiled'],
  'PyTorch eager, contiguous': ['--layout=contiguous'],
  'PyTorch compiled, contiguous': ['--layout=contiguous', '--compiled'],
}


def main() -> int:
  """Runs what the flags ask for; the exit code."""
  flags = _flags()
  if not flags.memory and not has_torch(flags.torch_python):
    print(
      f'{flags.torch_python} has no PyTorch: pip install torch==2.13.0, or '
      'set --torch_python to an interpreter that has it',
      file=sys.stderr,
    )
    return 1
  try:
    result = peak_memory(flags) if flags.memory else comparison(flags)
  except workers.WorkerError as error:
    print(error, file=sys.stderr)
    return 1
  report.write_json(flags.json, result)
  return 0 if result['passed'] else 1


def peak_memory(flags: argparse.Namespace) -> dict[str, Any]:
  """Takes one train step; prints and returns the peak of resident memory."""
  machine = report.machine()
  patches = flags.patches or 16
  arguments = [f'--patches={patches}', f'--patch_px={flags.patch_px}']
  with workers.Worker(
    'benchmarks.jax_worker', arguments, threads=flags.threads
  ) as worker:
    described = worker.ask('describe')
    seconds = worker.ask('first_pass', what='train_step')
    peak = worker.ask('peak_bytes')
  passed = peak <= MEMORY_BOUND_BYTES
  print(
    f'One train step of {patches} patches of {flags.patch_px} px\n'
    f'{report.line(machine)}\n{report.line(described["versions"])}\n'
  )
  print(
    report.table(
      ('', 'GiB'),
      (
        ('peak resident memory', f'{peak / 2**30:.2f}'),
        ('bound', f'{MEMORY_BOUND_BYTES / 2**30:.2f}'),
      ),
    )
  )
  print(f'\n{"Within" if passed else "OVER"} the bound.')
  return {
    'benchmark': 'memory',
    'machine': machine,
    'versions': described['versions'],
    'patches': patches,
    'patch_px': flags.patch_px,
    'peak_bytes': peak,
    'bound_bytes': MEMORY_BOUND_BYTES,
    'first_step_s': seconds,
    'passed': passed,
  }


def comparison(flags: argparse.Namespace) -> dict[str, Any]:
  """Times the contenders in turns; prints and returns what came of it."""
  machine = report.machine()
  patches = flags.patches or 4
  arguments = [f'--patches={patches}', f'--patch_px={flags.patch_px}']
  with contextlib.ExitStack() as stack:
    scratch = stack.enter_context(tempfile.TemporaryDirectory())
    jax_worker = stack.enter_context(
      workers.Worker('benchmarks.jax_worker', arguments, threads=flags.threads)
    )
    peers = _start_pytorch(stack, flags)
    described = {'JAX': jax_worker.ask('describe')}
    described['PyTorch'] = next(iter(peers.values())).ask('describe')
    _require_same_count(described)
    reference = f'{scratch}/reference.npz'
    jax_worker.ask('write_reference', path=reference)
    first = {
      JAX: jax_worker.ask('first_pass', what='forward_backward'),
      JAX_STEP: jax_worker.ask('first_pass', what='train_step'),
    }
    differences = {}
    for name, peer in peers.items():
      differences[name] = peer.ask('first_pass', reference=reference)
      first[name] = differences[name].pop('seconds')
      _require_same_function(name, differences[name])
    turns = {
      JAX: lambda n: jax_worker.ask(
        'passes', what='forward_backward', repeats=n
      ),
      JAX_STEP: lambda n: jax_worker.ask(
        'passes', what='train_step', repeats=n
      ),
      **{
        name: lambda n, peer=peer: peer.ask('passes', repeats=n)
        for name, peer in peers.items()
      },
    }
    seconds = {name: [] for name in turns}
    for _ in range(flags.rounds):
      for name, turn in turns.items():
        # The first pass of a turn finds caches cold and pools asleep.
        seconds[name] += turn(flags.repeats + 1)[1:]
  result = {
    'benchmark': 'training',
    'machine': machine,
    'described': described,
    'patches': patches,
    'patch_px': flags.patch_px,
    'threads': flags.threads,
    'differences': differences,
    'first_pass_s': first,
    'seconds': seconds,
    'passed': True,
  }
  _print_comparison(result)
  return result


def measure_rows() -> list[rows.Row]:
  """A pass and a whole step, beside the fastest PyTorch if it is installed."""
  flags = argparse.Namespace(
    **{'patches': 4, 'patch_px': 512, 'repeats': 3, 'rounds': 3},
    **{'threads': None, 'torch_python': sys.executable},
  )
  if has_torch(sys.executable):
    seconds = comparison(flags)['seconds']
    name = min(PYTORCH, key=lambda one: statistics.median(seconds[one]))
    peer: dict[str, Any] = {'peer': name, 'peer_turns': seconds[name]}
  else:
    seconds = _time_jax_alone(flags)
    peer = {'peer': 'PyTorch', 'why_no_peer': 'not installed'}
  pixels = flags.patches * flags.patch_px**2
  # Forward, then the gradients of feature maps and of kernels.
  least_s = 3 * pixels * operations_a_pixel() / roofline.matrix_rate()
  return [
    rows.Row(
      *(f'{what}, 4 patches of 512 px', 's', seconds[name]),
      **peer,
      roofline=least_s / statistics.median(seconds[name]),
    )
    for name, what in {JAX: 'forward and backward', JAX_STEP: 'a step'}.items()
  ]


def measure_memory_rows() -> list[rows.Row]:
  """The peak of a whole step, beside its bound."""
  arguments = ['--patches=16', '--patch_px=512']
  with workers.Worker('benchmarks.jax_worker', arguments) as worker:
    worker.ask('first_pass', what='train_step')
    peak_gib = worker.ask('peak_bytes') / 2**30
  return [
    rows.Row(
      *('a train step of 16 patches of 512 px', 'GiB', [peak_gib]),
      peer='its bound',
      peer_turns=[MEMORY_BOUND_BYTES / 2**30],
    )
  ]


def _time_jax_alone(flags: argparse.Namespace) -> dict[str, list[float]]:
  arguments = [f'--patches={flags.patches}', f'--patch_px={flags.patch_px}']
  kinds = {JAX: 'forward_backward', JAX_STEP: 'train_step'}
  seconds: dict[str, list[float]] = {name: [] for name in kinds}
  with workers.Worker('benchmarks.jax_worker', arguments) as worker:
    for what in kinds.values():
      worker.ask('first_pass', what=what)
    for _ in range(flags.rounds):
      for name, what in kinds.items():
        turn = worker.ask('passes', what=what, repeats=flags.repeats + 1)
        seconds[name] += turn[1:]
  return seconds


def operations_a_pixel() -> float:
  """Of the network's convolutions, forward."""
  # They load JAX, which sizes its pools by the cores that a worker may use.
  from benchmarks import random_variables
  from defectseg_jax.models import ModelSettings, create_model
  from defectseg_jax.models.onnx_drawing import draw_model

  settings = ModelSettings(dropout_rate=0.0)
  variables = random_variables.create_random_variables(settings)
  arrays = random_variables.named_leaves(variables)
  graph = draw_model(create_model(settings).for_inference, arrays, {})
  return roofline.convolution_operations(graph, 512) / 512**2


def _start_pytorch(
  stack: contextlib.ExitStack, flags: argparse.Namespace
) -> dict[str, workers.Worker]:
  """The contenders of PyTorch, which end with the stack."""
  return {
    name: stack.enter_context(
      workers.Worker(
        'benchmarks.pytorch_worker',
        options,
        python=flags.torch_python,
        threads=flags.threads,
      )
    )
    for name, options in PYTORCH.items()
  }


def _print_comparison(result: dict[str, Any]) -> None:
  seconds = result['seconds']
  medians = {name: statistics.median(s) for name, s in seconds.items()}
  fastest = min(PYTORCH, key=lambda name: medians[name])
  passes = len(seconds[JAX])
  described = result['described']
  print(
    f'Forward and backward of {result["patches"]} patches of '
    f'{result["patch_px"]} px, {passes} passes each\n'
    f'{report.line(result["machine"])}'
  )
  for side, facts in described.items():
    pythons = {'python': facts['python']}
    threads = {'threads': result['threads'] or facts.get('threads', 'all')}
    print(f'{side}: {report.line({**facts["versions"], **pythons, **threads})}')
  print(f'{described["JAX"]["parameters"]:,} trainable parameters in both\n')
  rows = [
    (
      name,
      f'{medians[name]:.3f}',
      f'{min(seconds[name]):.3f}',
      f'{medians[fastest] / medians[name]:.2f}',
      f'{result["first_pass_s"][name]:.1f}',
    )
    for name in seconds
  ]
  print(
    report.table(
      ('', 'median s', 'min s', 'relative speed', 'first pass s'), rows
    )
  )
  print(
    f'\nSpeed is relative to the fastest PyTorch: {fastest}.\n'
    'The first pass compiles. The whole train step adds to a pass the L2 '
    'penalty,\nAdam and the histogram of probabilities; PyTorch does none of '
    'these.\n'
  )
  rows = [
    (name, *(f'{found[what]:.1e}' for what in TOLERANCES))
    for name, found in result['differences'].items()
  ]
  print(report.table(('difference from JAX', *TOLERANCES), rows))


def _require_same_count(described: dict[str, Any]) -> None:
  counts = {side: facts['parameters'] for side, facts in described.items()}
  said = ', '.join(f'{side} {count:,}' for side, count in counts.items())
  print(f'Trainable parameters: {said}', file=sys.stderr)
  if set(counts.values()) != {TRAINABLE_PARAMETERS}:
    raise workers.WorkerError(
      f'trainable parameters: {said}; both must have {TRAINABLE_PARAMETERS:,}'
    )


def _require_same_function(name: str, differences: dict[str, float]) -> None:
  for what, tolerance in TOLERANCES.items():
    # Written so that NaN fails.
    if not differences[what] < tolerance:
      raise workers.WorkerError(
        f'{name}: its {what} differs from JAX by {differences[what]:.1e}; '
        f'{tolerance:.0e} is allowed, and nothing was timed'
      )


def has_torch(python: str) -> bool:
  """Whether an interpreter can import PyTorch."""
  try:
    found = subprocess.run(
      [python, '-c', 'import torch'], capture_output=True, check=False
    )
  except OSError:
    return False
  return found.returncode == 0


def _flags() -> argparse.Namespace:
  parser = report.create_parser(__doc__)
  parser.add_argument(
    '--patches', type=int, help='in a batch: 4; for memory 16'
  )
  parser.add_argument('--patch_px', type=int, default=512, help='their side')
  parser.add_argument('--repeats', type=int, default=5, help='passes in a turn')
  parser.add_argument('--rounds', type=int, default=3, help='turns of each')
  parser.add_argument(
    '--threads', type=int, help='cores for each; else what it takes by itself'
  )
  parser.add_argument(
    '--torch_python', default=sys.executable, help='interpreter with PyTorch'
  )
  parser.add_argument('--memory', action='store_true', help='peak memory only')
  parser.add_argument('--json', help='file to write all figures to')
  flags = parser.parse_args()
  for name in ('patches', 'patch_px', 'repeats', 'rounds', 'threads'):
    value = getattr(flags, name)
    if value is not None and value < 1:
      parser.error(f'--{name}={value}: must be at least 1')
  if flags.patch_px % 8:
    parser.error(f'--patch_px={flags.patch_px}: must be a multiple of 8')
  if flags.threads and flags.threads > (os.cpu_count() or 1):
    parser.error(f'--threads={flags.threads}: there are {os.cpu_count()} cores')
  return flags


if __name__ == '__main__':
  sys.exit(main())
