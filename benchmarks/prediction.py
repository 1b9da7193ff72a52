"""From a micrograph's file to its mask on a CPU, beside PyTorch.

  python -m benchmarks.prediction
  python -m benchmarks.prediction --side_px=1024 --json=prediction.json

from the root of the repository. Reading, preprocessing and writing are the same
for all; contenders for the network in between, each in a process of its own,
take turns, and must say the same of every pixel before anything is timed. This
project's engines, JAX and OpenVINO, take the tiles of --mode=predict, PyTorch
the whole micrograph at once. PyTorch is no dependency of the project: install
torch==2.13.0, or give --torch_python an interpreter that has it.

Exit code 1: PyTorch is missing, or the networks differ.
"""

import argparse
import contextlib
import pathlib
import statistics
import sys
import tempfile
import time
from typing import Any

import numpy as np

from benchmarks import report, workers
from benchmarks.training import PYTORCH, has_torch
from defectseg_jax.micrographs.preprocessing import preprocess
from defectseg_jax.micrographs.reading import read_micrographs
from defectseg_jax.micrographs.settings import PreprocessingSettings
from defectseg_jax.micrographs.writing import write_mask, write_tiff
from defectseg_jax.simulation import foil_parameters, simulate_foil

# This project's engines: the first makes the parameters of all.
JAX = 'JAX'
OURS = {JAX: ['--engine=jax'], 'OpenVINO': ['--engine=onnx']}
TOLERANCE = 1e-4


def main() -> int:
  """Times everyone; the exit code."""
  flags = _flags()
  if not has_torch(flags.torch_python):
    print(f'{flags.torch_python} has no PyTorch', file=sys.stderr)
    return 1
  with tempfile.TemporaryDirectory() as scratch:
    try:
      result = _comparison(flags, pathlib.Path(scratch))
    except workers.WorkerError as error:
      print(error, file=sys.stderr)
      return 1
  report.write_json(flags.json, result)
  return 0


def _comparison(
  flags: argparse.Namespace, scratch: pathlib.Path
) -> dict[str, Any]:
  foil = simulate_foil(
    foil_parameters({'side_px': flags.side_px}), seed=0, index=0
  )
  write_tiff(scratch / 'foil.tif', foil.pixels, pixel_size_nm=0.32)
  around = [
    _seconds_around_the_network(scratch) for _ in range(flags.rounds + 1)
  ][1:]
  pixels = str(scratch / 'pixels.npy')
  reference = str(scratch / 'reference.npz')
  with contextlib.ExitStack() as stack:
    contenders = {
      name: stack.enter_context(
        workers.Worker(
          'benchmarks.prediction_worker', options, threads=flags.threads
        )
      )
      for name, options in OURS.items()
    }
    for name, options in PYTORCH.items():
      contenders[name] = stack.enter_context(
        workers.Worker(
          'benchmarks.pytorch_prediction_worker',
          options,
          python=flags.torch_python,
          threads=flags.threads,
        )
      )
    described = {name: one.ask('describe') for name, one in contenders.items()}
    first, differences = {}, {}
    for name, one in contenders.items():
      told = one.ask('first_pass', pixels=pixels, reference=reference)
      first[name], differences[name] = told['seconds'], told['difference']
      # Written so that NaN fails.
      if not differences[name] < TOLERANCE:
        raise workers.WorkerError(
          f'{name}: differs from JAX by {differences[name]:.1e}; nothing was '
          'timed'
        )
    seconds = {name: [] for name in contenders}
    for _ in range(flags.rounds):
      for name, one in contenders.items():
        # The first pass of a turn finds caches cold and pools asleep.
        seconds[name] += one.ask('passes', repeats=flags.repeats + 1)[1:]
  result = {
    'benchmark': 'prediction',
    'machine': report.machine(),
    'described': described,
    'side_px': flags.side_px,
    'threads': flags.threads,
    'around_s': around,
    'first_pass_s': first,
    'differences': differences,
    'seconds': seconds,
  }
  _print(result)
  return result


def _seconds_around_the_network(scratch: pathlib.Path) -> float:
  """Seconds of reading, preprocessing and writing."""
  began = time.perf_counter()
  (micrograph,) = read_micrographs(scratch / 'foil.tif')
  prepared = preprocess(micrograph.pixels, PreprocessingSettings())
  seconds = time.perf_counter() - began
  np.save(scratch / 'pixels.npy', prepared)
  began = time.perf_counter()
  write_mask(scratch / 'mask.tif', prepared > 0, pixel_size_nm=0.32)
  return seconds + time.perf_counter() - began


def _print(result: dict[str, Any]) -> None:
  seconds = result['seconds']
  medians = {
    name: statistics.median(values) for name, values in seconds.items()
  }
  fastest = min(PYTORCH, key=lambda name: medians[name])
  around = statistics.median(result['around_s'])
  side = result['side_px']
  print(
    f'One micrograph of {side} x {side} pixels, from file to mask; '
    f'{len(seconds[JAX])} passes each\n{report.line(result["machine"])}'
  )
  for name in (*OURS, fastest):
    facts = result['described'][name]
    python = {'python': facts['python']}
    threads = {'threads': result['threads'] or facts.get('threads', 'all')}
    print(f'{name}: {report.line({**facts["versions"], **python, **threads})}')
  print(f'Reading, preprocessing and writing: {around:.2f} s, for all alike\n')
  rows = [
    (
      name,
      f'{medians[name]:.2f}',
      f'{min(seconds[name]):.2f}',
      f'{medians[fastest] / medians[name]:.2f}',
      f'{medians[name] + around:.2f}',
      f'{(medians[fastest] + around) / (medians[name] + around):.2f}',
      f'{result["first_pass_s"][name]:.1f}',
      f'{result["differences"][name]:.0e}',
    )
    for name in seconds
  ]
  header = ('', 'network s', 'min s', 'relative speed', 'file to mask s')
  print(
    report.table(
      (*header, 'relative speed', 'first pass s', 'difference'), rows
    )
  )
  print(f'\nSpeed is relative to the fastest PyTorch: {fastest}.')


def _flags() -> argparse.Namespace:
  parser = report.create_parser(__doc__)
  parser.add_argument('--side_px', type=int, default=2048)
  parser.add_argument('--repeats', type=int, default=3, help='passes in a turn')
  parser.add_argument('--rounds', type=int, default=3, help='turns of each')
  parser.add_argument('--threads', type=int, help='cores of each; all')
  parser.add_argument('--torch_python', default=sys.executable)
  parser.add_argument('--json', help='where to write all of it')
  return parser.parse_args()


if __name__ == '__main__':
  sys.exit(main())
