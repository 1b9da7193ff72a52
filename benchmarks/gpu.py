"""How fast a GPU trains and predicts, beside PyTorch, and where its time goes.

  python -m benchmarks.gpu --json=gpu.json
  python -m benchmarks.gpu --platform=cpu --patches=2 --patch_px=64 \
    --side_px=128 --repeats=1 --rounds=1

from the root of the repository; the first is made to take less than 10 minutes
on one NVIDIA GPU, the second tries all of it where there is none. Contenders,
each in a process of its own, take turns: a pass forward and backward of one
batch, and one forward over a micrograph, from the host and back. Before
anything is timed, logits, loss and gradient must be those of float32, as far as
the precision allows. Of the roofline: the time that the convolutions would take
at the rate of a product of matrices in the same precision, measured in the same
run, as a fraction of the time that was taken.

Then variants of this project's network in TF32: batches of other sizes, feature
maps that are computed again on the way back, no CUDA graphs, whole steps; and
the kernels that take most of a step.

PyTorch is no dependency of the project: --torch_python is an interpreter that
has it. Many trials of a search at once: `benchmarks.parallel_trials --goal`.

Exit code 1: there is no such device or no PyTorch, or the networks differ.
"""

import argparse
import contextlib
import dataclasses
import os
import statistics
import sys
import tempfile
import types
from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks import report, rows, workers
from benchmarks.training import has_torch, operations_a_pixel

# By precision, the largest relative differences from JAX in float32.
TOLERANCES = {
  'float32': {'logits': 1e-3, 'loss': 1e-4, 'gradient': 1e-2},
  'tf32': {'logits': 2e-2, 'loss': 1e-2, 'gradient': 0.2},
  'bfloat16': {'logits': 0.2, 'loss': 5e-2, 'gradient': 0.5},
}
_PASSES = {'training': 'forward_backward', 'prediction': 'forward'}
_VARIANTS = ('variant, tf32', 'ms a patch', 'of the plain one', 'peak GiB')
_NO_GRAPHS = {'XLA_FLAGS': '--xla_gpu_enable_command_buffer='}
_STEPS = 20


def main() -> int:
  """Measures, and prints the tables; the exit code."""
  flags = _flags()
  if not has_torch(flags.torch_python):
    print(
      f'{flags.torch_python} has no PyTorch: give --torch_python an '
      'interpreter that has it',
      file=sys.stderr,
    )
    return 1
  # This process counts operations, and leaves the device to others.
  os.environ['JAX_PLATFORMS'] = 'cpu'
  machine = report.machine()
  print(report.line(machine))
  try:
    with tempfile.TemporaryDirectory() as scratch:
      found = _compare_all(flags, f'{scratch}/reference.npz')
    found['variants'] = _variants(flags)
    print(f'\n{report.table(_VARIANTS, found["variants"])}', flush=True)
    found['kernels'] = _kernels(flags)
  except workers.WorkerError as error:
    print(error, file=sys.stderr)
    return 1
  kernels = [(name[:70], f'{part:.2f}') for name, part in found['kernels']]
  print(f'\n{report.table(("kernel", "part of a step"), kernels)}')
  report.write_json(flags.json, {'machine': machine, **found})
  return 0


def _compare_all(flags: argparse.Namespace, reference: str) -> dict[str, Any]:
  """Both networks in each precision; prints it."""
  with _jax(flags) as worker:
    described = worker.ask('describe')
    worker.ask('write_reference', path=reference)
  facts = {'device': described['device'], **described['versions']}
  print(f'{report.line(facts)}\n', flush=True)
  all_rows, differences, rates = [], {}, {}
  for precision in TOLERANCES:
    print(precision, file=sys.stderr, flush=True)
    found, differed, rates[precision] = _compare(precision, flags, reference)
    all_rows += found
    differences |= differed
  print(report.table(rows.HEADER, [row.cells() for row in all_rows]))
  header = 'difference from float32', *TOLERANCES['float32']
  differed_rows = [
    (name, *(f'{value:.0e}' for value in found.values()))
    for name, found in differences.items()
  ]
  print(f'\n{report.table(header, differed_rows)}\n')
  for precision, told in rates.items():
    print(
      f'{precision}: {told["operations"] / 1e12:.3g} TFLOP/s and '
      f'{told["bytes"] / 1e9:.3g} GB/s measured. A pass moves '
      f'{told["moved"] / 1e9:.3g} GB as XLA counts: {told["part"]:.2f} of its '
      'time at that rate.'
    )
  return {
    'described': facts,
    'rows': [dataclasses.asdict(row) for row in all_rows],
    'differences': differences,
    'rates': rates,
  }


def _compare(
  precision: str, flags: argparse.Namespace, reference: str
) -> tuple[list[rows.Row], dict[str, dict[str, float]], dict[str, float]]:
  """Both networks in one precision, in turns.

  Returns:
    Rows; by contender how it differs from float32; what the device can do.
  """
  with contextlib.ExitStack() as stack:
    ours = stack.enter_context(_jax(flags, precision=precision))
    peers = {
      f'PyTorch {how}': stack.enter_context(_pytorch(flags, precision, *more))
      for how, more in {'eager': (), 'compiled': ('--compiled',)}.items()
    }
    differences = {
      f'JAX, {precision}': ours.ask('differences', reference=reference)
    }
    for what in _PASSES.values():
      ours.ask('first_pass', what=what)
    for name, peer in peers.items():
      differences[f'{name}, {precision}'] = told = peer.ask(
        'first_pass', reference=reference
      )
      told.pop('seconds')
      peer.ask('first_forward')
    _require_alike(differences, TOLERANCES[precision])
    ms: dict[tuple[str, str], list[float]] = {}
    for _ in range(flags.rounds):
      for kind, what in _PASSES.items():
        # The first pass of a turn finds caches cold.
        repeats = flags.repeats + 1
        turns = {'JAX': ours.ask('passes', what=what, repeats=repeats)}
        for name, peer in peers.items():
          turns[name] = peer.ask(f'{kind}_passes', repeats=repeats)
        for name, turn in turns.items():
          ms.setdefault((name, kind), []).extend(1e3 * s for s in turn[1:])
    rates = ours.ask('rates') | {'moved': ours.ask('bytes_moved')}
  medians = {key: statistics.median(turns) for key, turns in ms.items()}
  rates['part'] = 1e3 * rates['moved'] / rates['bytes']
  rates['part'] /= medians['JAX', 'training']
  a_pixel = operations_a_pixel()
  operations = {
    'training': 3 * flags.patches * flags.patch_px**2 * a_pixel,
    'prediction': flags.side_px**2 * a_pixel,
  }
  found = [
    rows.Row(
      *(f'{kind}, {precision}', 'ms', ms['JAX', kind]),
      peer=name,
      peer_turns=ms[name, kind],
      roofline=1e3
      * operations[kind]
      / rates['operations']
      / medians['JAX', kind],
    )
    for kind in _PASSES
    for name in peers
  ]
  return found, differences, rates


def _variants(flags: argparse.Namespace) -> list[list[str]]:
  """Rows of what else might be faster, or take less memory."""
  few, many = max(1, flags.patches // 4), 4 * flags.patches
  tried: dict[str, dict[str, Any]] = {
    f'{flags.patches} patches': {},
    f'{few} patches': {'patches': few},
    f'{many} patches': {'patches': many},
    'feature maps again on the way back': {'more': ['--remat']},
  }
  # XLA refuses a flag of another platform.
  if flags.platform == 'cuda':
    tried['no CUDA graphs'] = {'environment': _NO_GRAPHS}
  found: list[tuple[str, float, float]] = []
  for name, how in tried.items():
    print(name, file=sys.stderr, flush=True)
    with _jax(flags, precision='tf32', **how) as worker:
      worker.ask('first_pass', what='forward_backward')
      turns = worker.ask(
        'passes', what='forward_backward', repeats=3 * flags.repeats
      )
      peak_gib = worker.ask('peak_bytes') / 2**30
    patches = how.get('patches', flags.patches)
    found.append((name, 1e3 * statistics.median(turns) / patches, peak_gib))
  with _jax(flags, precision='tf32') as worker:
    for name, late in (('its loss read at once', False), ('a step late', True)):
      seconds = worker.ask('steps', repeats=_STEPS, late=late)
      found.append((f'whole step, {name}', 1e3 * seconds / flags.patches, 0.0))
  plain_ms = found[0][1]
  return [
    [name, f'{ms:.3g}', f'{ms / plain_ms:.2f}', f'{peak:.2f}' if peak else '–']
    for name, ms, peak in found
  ]


def _kernels(flags: argparse.Namespace) -> list[tuple[str, float]]:
  """Names of the dearest kernels of a step, and their parts of its time."""
  with _jax(flags, precision='tf32') as worker:
    worker.ask('first_pass', what='train_step')
    return worker.ask('profile', what='train_step', repeats=5)


def _jax(
  flags: argparse.Namespace,
  *,
  precision: str = 'float32',
  patches: int | None = None,
  more: Sequence[str] = (),
  environment: Mapping[str, str] = types.MappingProxyType({}),
) -> workers.Worker:
  return workers.Worker(
    'benchmarks.gpu_worker',
    [
      *(f'--precision={precision}', f'--patches={patches or flags.patches}'),
      *(f'--patch_px={flags.patch_px}', f'--side_px={flags.side_px}', *more),
    ],
    environment={
      'JAX_PLATFORMS': flags.platform,
      # Several contenders share the device.
      'XLA_PYTHON_CLIENT_PREALLOCATE': 'false',
      **environment,
    },
  )


def _pytorch(
  flags: argparse.Namespace, precision: str, *more: str
) -> workers.Worker:
  return workers.Worker(
    'benchmarks.gpu_pytorch_worker',
    [
      *(f'--device={flags.platform}', f'--precision={precision}'),
      *(f'--side_px={flags.side_px}', *more),
    ],
    python=flags.torch_python,
  )


def _require_alike(
  differences: dict[str, dict[str, float]], most: dict[str, float]
) -> None:
  for name, found in differences.items():
    for what, tolerance in most.items():
      # Written so that NaN fails.
      if not found[what] < tolerance:
        raise workers.WorkerError(
          f'{name}: its {what} differs from float32 by {found[what]:.1e}; '
          f'{tolerance:.0e} is allowed, and nothing of it was timed'
        )


def _flags() -> argparse.Namespace:
  parser = report.create_parser(__doc__)
  parser.add_argument('--platform', choices=('cuda', 'cpu'), default='cuda')
  parser.add_argument('--patches', type=int, default=16, help='in a batch')
  parser.add_argument('--patch_px', type=int, default=512, help='their side')
  parser.add_argument('--side_px', type=int, default=2048, help='to predict')
  parser.add_argument('--repeats', type=int, default=10, help='in a turn')
  parser.add_argument('--rounds', type=int, default=3, help='turns of each')
  parser.add_argument('--torch_python', default=sys.executable)
  parser.add_argument('--json', help='file to write all figures to')
  return parser.parse_args()


if __name__ == '__main__':
  sys.exit(main())
