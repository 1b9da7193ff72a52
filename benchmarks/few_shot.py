"""How few labelled micrographs a shipped network needs to learn a new kind.

  python -m benchmarks.few_shot
  python -m benchmarks.few_shot --images=4,15 --draws=1 --minutes=2

from the root of the repository, whose data stand beside it in ../shared. Of the
training micrographs of superalloys some are drawn; the program trains on them,
as a user would, and is stopped after --minutes. Threshold and best epoch come
from the four development micrographs, the score is of the five test ones. All
use the config of scale=general; they begin from the network or, named
`nothing`, from random weights. The learning rate is by eye.
"""

import csv
import json
import os
import pathlib
import signal
import statistics
import subprocess
import sys
import tempfile

import numpy as np

from benchmarks import report
from benchmarks.real_sets import SHARED

_DATA = SHARED / 'data/superalloy_precipitates'


def main() -> None:
  """Trains, and prints the mean test IU of the draws."""
  parser = report.create_parser(__doc__)
  parser.add_argument('--beginnings', default='precipitates,nothing')
  parser.add_argument('--images', default='1,2,4,15')
  parser.add_argument('--draws', type=int, default=3)
  parser.add_argument('--minutes', type=float, default=5.0)
  flags = parser.parse_args()
  print(report.line(report.machine() | report.versions('jax')))
  rows = []
  for beginning in flags.beginnings.split(','):
    for count in map(int, flags.images.split(',')):
      # All fifteen can be drawn in one way.
      draws = flags.draws if count < 15 else 1
      each = [
        _scores(beginning, count, draw, flags.minutes) for draw in range(draws)
      ]
      dev, test = zip(*each, strict=True)
      spread = f'{statistics.stdev(test):.3f}' if draws > 1 else ''
      rows.append(
        [
          *(beginning, str(count), str(draws)),
          *(f'{statistics.mean(one):.3f}' for one in (dev, test)),
          spread,
        ]
      )
      print(rows[-1], flush=True)
  header = ('begins from', 'images', 'draws', 'dev IU', 'test IU', 'std')
  print(report.table(header, rows))


def _scores(
  beginning: str, count: int, draw: int, minutes: float
) -> tuple[float, float]:
  """The pooled IU of the development and the mean IU of the test set."""
  with tempfile.TemporaryDirectory() as scratch:
    folder = pathlib.Path(scratch)
    _draw_images(folder / 'data', count, draw)
    # From a trained network smaller steps are enough.
    rate = 2e-3 if beginning == 'nothing' else 5e-4
    command = [
      *(sys.executable, '-m', 'defectseg_jax.main'),
      '--config=configs/precipitates.py:scale=general',
      '--config.data.source=folder',
      f'--config.data.dir={folder / "data"}',
      f'--config.data.cache_dir={folder / "cache"}',
      f'--config.training.learning_rate={rate}',
      # Until it is stopped.
      '--config.training.epochs=10000',
      f'--config.seed={draw}',
      f'--workdir={folder / "run"}',
    ]
    if beginning != 'nothing':
      command.append(f'--config.init_from={beginning}')
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as training:
      try:
        training.wait(60 * minutes)
      except subprocess.TimeoutExpired:
        training.send_signal(signal.SIGTERM)
    subprocess.run(
      [*command, '--mode=evaluate'], check=True, stdout=subprocess.DEVNULL
    )
    metrics = json.loads((folder / 'run/test_metrics.json').read_text())
    return metrics['dev']['iu'], metrics['mean']['iu']


def _draw_images(folder: pathlib.Path, count: int, draw: int) -> None:
  """Links some training micrographs, and all of the other sets."""
  with (_DATA / 'splits.csv').open() as stream:
    splits = {row['file']: row['split'] for row in csv.DictReader(stream)}
  training = sorted(name for name, split in splits.items() if split == 'train')
  rng = np.random.default_rng(draw)
  drawn = set(rng.choice(training, count, replace=False).tolist())
  kept = [n for n, split in splits.items() if split != 'train' or n in drawn]
  for kind in ('images', 'masks'):
    (folder / kind).mkdir(parents=True)
    for name in kept:
      os.symlink((_DATA / kind / name).resolve(), folder / kind / name)
  with (folder / 'splits.csv').open('w', newline='') as stream:
    writer = csv.writer(stream)
    writer.writerow(('file', 'split'))
    writer.writerows((name, splits[name]) for name in kept)


if __name__ == '__main__':
  main()
