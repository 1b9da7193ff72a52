"""What a network takes to its first micrograph, in a process that begins.

  python -m benchmarks.compiling

from the root of the repository. The network voids over an image of 512 x 512
pixels at one scale, in new processes that take turns: processor seconds of
loading and of the first pass, by JAX with what it compiled in an earlier
process and without, and by OpenVINO.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping

from benchmarks import report, rows

_PROGRAM = """
import json, sys, time
from defectseg_jax.runtime.compilation_cache import keep_compiled
keep_compiled(wanted=sys.argv[2] == 'kept')
import numpy as np
import defectseg_jax as ds
pixels = np.random.default_rng(0).normal(120, 12, (512, 512))
found = ds.load_network('voids', engine=sys.argv[1]).probabilities(
  pixels.astype(np.uint8)
)
print(json.dumps(time.process_time()))
"""
_CONTENDERS = {
  'JAX, found what it compiled': ('jax', 'kept'),
  'JAX, compiles': ('jax', 'anew'),
  'OpenVINO': ('onnx', 'anew'),
}


def main() -> None:
  """Prints a table."""
  parser = report.create_parser(__doc__)
  parser.add_argument('--turns', type=int, default=3)
  turns = parser.parse_args().turns
  print(report.line(report.machine() | report.versions('jax', 'openvino')))
  found = measure_rows(turns=turns)
  print(report.table(rows.HEADER, [row.cells() for row in found]))


def measure_rows(*, turns: int = 3) -> list[rows.Row]:
  """Processor seconds, beside JAX that compiles."""
  spent: dict[str, list[float]] = {name: [] for name in _CONTENDERS}
  with tempfile.TemporaryDirectory() as folder:
    environment = {**os.environ, 'XDG_CACHE_HOME': folder}
    environment.pop('JAX_COMPILATION_CACHE_DIR', None)
    # The first turn fills the caches, of the disk and of JAX.
    for turn in range(turns + 1):
      for name, words in _CONTENDERS.items():
        seconds = _processor_s(words, environment)
        if turn:
          spent[name].append(seconds)
  slow = 'JAX, compiles'
  return [
    rows.Row(
      f'start and first pass, {name}',
      's',
      found,
      peer=slow,
      peer_turns=spent[slow],
    )
    for name, found in spent.items()
    if name != slow
  ]


def _processor_s(
  words: tuple[str, str], environment: Mapping[str, str]
) -> float:
  done = subprocess.run(
    [sys.executable, '-c', _PROGRAM, *words],
    check=True,
    env=environment,
    stdout=subprocess.PIPE,
    text=True,
  )
  return json.loads(done.stdout)


if __name__ == '__main__':
  main()
