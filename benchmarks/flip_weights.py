"""A single changed bit anywhere in a checkpoint.

  python -m benchmarks.flip_weights --count=400

Each bit is changed, and the checkpoint read in the three ways that there are:
to go on, to use its network, and to know its progress. What comes back must be
what was saved, or be refused in one line that names the checkpoint.
"""

import argparse
import collections
import pathlib
import random
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

import jax
import numpy as np
import optax

from defectseg_jax.errors import InputError
from defectseg_jax.models import ModelSettings, create_model
from defectseg_jax.training import checkpoints, schedules, state
from defectseg_jax.training.checksums import arrays_sha256
from defectseg_jax.training.progress import Progress

_PROGRESS = Progress(
  fingerprint='f',
  epochs=1,
  best_step=0,
  best_epoch=1,
  best_iu=0.4,
  threshold=0.5,
)


def make_state() -> state.TrainState:
  """The state of the paper's network before its first step, on the host."""
  return jax.device_get(
    state.create_train_state(
      create_model(ModelSettings()),
      optimizer=optax.scale_by_adam(),
      plateau=schedules.plateau_decay(factor=0.5, patience_epochs=3),
      seed=0,
    )
  )


def readings(
  workdir: pathlib.Path, fresh: state.TrainState
) -> dict[str, tuple[Callable[[], Any], Any]]:
  """Ways to read a checkpoint, and what each must give."""
  shapes: Any = {'params': fresh.params, 'batch_stats': fresh.batch_stats}

  def go_on() -> Any:
    saved = checkpoints.Checkpoints(workdir)
    try:
      return saved.restore_latest(fresh)
    finally:
      saved.close()

  return {
    'go on': (go_on, (fresh, _PROGRESS)),
    'use': (
      lambda: checkpoints.restore_model(workdir, **shapes),
      tuple(fresh.moving_average[name] for name in shapes),
    ),
    'progress': (lambda: checkpoints.read_progress(workdir), _PROGRESS),
  }


def outcome(read: Callable[[], Any], expected: Any, folder: str) -> str:
  """What became of a reading: same, refused, or a fault."""
  try:
    found = read()
  except InputError as error:
    said = str(error)
    right = said.startswith(f'{folder}: ') and said.isprintable()
    return 'refused' if right else f'said: {said}'
  except Exception as error:
    return f'traceback: {error!r}'[:200]
  leaves, wanted = jax.tree.leaves(found), jax.tree.leaves(expected)
  same = len(leaves) == len(wanted) and all(
    np.array_equal(one, other) if hasattr(one, 'shape') else one == other
    for one, other in zip(leaves, wanted, strict=True)
  )
  return 'same' if same else 'restored in silence'


def _main() -> None:
  parser = argparse.ArgumentParser(description=__doc__)
  parser.add_argument('--count', type=int, default=400)
  parser.add_argument('--seed', type=int, default=0)
  flags = parser.parse_args()
  rng, fresh = random.Random(flags.seed), make_state()
  counts: collections.Counter[tuple[str, str]] = collections.Counter()
  began, faults = time.monotonic(), 0
  with tempfile.TemporaryDirectory() as path:
    workdir = pathlib.Path(path)
    saved = checkpoints.Checkpoints(workdir)
    saved.save(fresh, _PROGRESS)
    saved.close()
    folder = workdir / 'checkpoints' / '0'
    files = [one for one in sorted(folder.rglob('*')) if one.is_file()]
    files = [one for one in files if one.stat().st_size]
    sizes = [one.stat().st_size for one in files]
    for number in range(flags.count):
      weights = sizes if number % 2 else None
      (file,) = rng.choices(files, weights)
      whole = file.read_bytes()
      changed = bytearray(whole)
      changed[rng.randrange(len(whole))] ^= 1 << rng.randrange(8)
      file.write_bytes(changed)
      for way, (read, expected) in readings(workdir, fresh).items():
        found = outcome(read, expected, str(folder))
        if found not in ('same', 'refused'):
          faults += 1
          print(f'{way} {file.relative_to(folder)}: {found}')
        counts[way, found] += 1
      file.write_bytes(whole)
  seconds = time.monotonic() - began
  for (way, found), count in sorted(counts.items()):
    print(f'{way}: {found} {count}')
  size = sum(leaf.nbytes for leaf in jax.tree.leaves(fresh))
  began = time.perf_counter()
  arrays_sha256(fresh)
  print(
    f'{flags.count} bits, seed {flags.seed}: {faults} faults in {seconds:.0f} '
    f's; the SHA-256 of {size / 1e6:.1f} MB takes '
    f'{1e3 * (time.perf_counter() - began):.0f} ms'
  )
  sys.exit(bool(faults))


if __name__ == '__main__':
  _main()
