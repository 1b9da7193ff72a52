"""What glibc's huge pages do for a train step on a CPU.

  python -m benchmarks.huge_pages

from the root of the repository. Processes of their own take whole train steps
of 8 patches of 256 pixels, in turns with and without the setting that
launch/local.sh makes.
"""

import os
import resource
import statistics
import subprocess
import sys
import time

from benchmarks import report

SETTING = 'glibc.malloc.hugetlb=1'
TURNS = 3
STEPS = 14
PATCHES, PATCH_PX = 8, 256


def main() -> None:
  """Measures in turns, and prints the table; or takes steps, as a process."""
  parser = report.create_parser(__doc__)
  parser.add_argument('--steps_alone', action='store_true')
  if parser.parse_args().steps_alone:
    print(*_steps())
    return
  print(report.line(report.machine() | report.versions('jax')))
  seconds, faults = {}, {}
  for _ in range(TURNS):
    for setting in ('', SETTING):
      done = subprocess.run(
        [sys.executable, '-m', 'benchmarks.huge_pages', '--steps_alone'],
        env=os.environ | {'GLIBC_TUNABLES': setting},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
      )
      median, count = done.stdout.split()
      seconds.setdefault(setting, []).append(float(median))
      faults.setdefault(setting, []).append(int(count))
  plain = statistics.median(seconds[''])
  rows = [
    [
      setting or 'as it is',
      f'{statistics.median(seconds[setting]):.3f}',
      f'{statistics.median(seconds[setting]) / plain:.2f}',
      f'{statistics.median(faults[setting]):.0f}',
    ]
    for setting in seconds
  ]
  print(
    report.table(['glibc', 's a step', 'ratio', 'page faults a step'], rows)
  )


def _steps() -> tuple[float, int]:
  """Median seconds of a step, and page faults per step."""
  import jax
  import numpy as np
  import optax

  from defectseg_jax.models.defectsegnet import DefectSegNet
  from defectseg_jax.training import schedules, state, step

  model = DefectSegNet(axis_name=step.DEVICES)
  optimizer = optax.scale_by_adam()
  current = step.replicate(
    state.create_train_state(
      model,
      optimizer=optimizer,
      plateau=schedules.plateau_decay(factor=0.5, patience_epochs=10),
      seed=0,
    )
  )
  train_step = step.make_train_step(
    model, optimizer=optimizer, learning_rate=1e-3, l2=1e-4
  )
  rng = np.random.default_rng(0)
  shape = (PATCHES, PATCH_PX, PATCH_PX, 1)
  batch = step.shard(
    {
      'image': rng.standard_normal(shape, np.float32),
      'mask': (rng.random(shape) < 0.1).astype(np.uint8),
      'weight': np.ones(shape, np.uint8),
    }
  )
  seconds, before = [], 0
  for number in range(STEPS + 2):
    # The first two compile and fill the heap.
    if number == 2:
      before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    began = time.perf_counter()
    current, metrics = train_step(current, batch, 2.0)
    jax.block_until_ready((current, metrics))
    seconds.append(time.perf_counter() - began)
  faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
  return statistics.median(seconds[2:]), faults // STEPS


if __name__ == '__main__':
  main()
