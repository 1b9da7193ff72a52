"""What correcting is worth: clicks and seconds, and what a network learns.

  python -m benchmarks.review_worth --part=learning
  python -m benchmarks.review_worth --part=clicks

from the root of the repository, whose data stand beside it in ../shared.

`learning`: a person corrects 1, 2 or 4 micrographs until every object is right,
and lets the network learn from them (`review.lesson`, as the button does).
Beside it stands a network that learns from nothing for as many steps. Both are
scored on micrographs that neither has seen. There are two sets: simulated foils
of another kind than the network for precipitates was trained on (faint, noisy,
mottled), and the superalloys of ../shared/data.

`clicks`: benchmarks/review_clicks.py.
"""

import csv
import importlib
import pathlib
import tempfile
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

import defectseg_jax
from benchmarks import report
from benchmarks.real_sets import SHARED, Example
from defectseg_jax.micrographs.masks import read_mask
from defectseg_jax.micrographs.micrograph import Micrograph
from defectseg_jax.micrographs.object_ids import ObjectMask
from defectseg_jax.micrographs.reading import read_micrograph
from defectseg_jax.micrographs.writing import write_mask, write_tiff
from defectseg_jax.review import lesson_program
from defectseg_jax.review.lesson import (
  STEPS,
  Lesson,
  lesson_config,
  write_splits,
)
from defectseg_jax.review.lesson_scores import Scores, score
from defectseg_jax.runtime.interruption import Interruption
from defectseg_jax.sessions.image_files import in_smallest_type
from defectseg_jax.simulation import foil_parameters, simulate_foil

_DEFECT = 'precipitates'
# What differs from configs/precipitates.py; by eye, so that most are missed.
_FAINT = {
  'side_px': 1024,
  'detector.dose_electrons_per_px': 60.0,
  'contrast.precipitate_absorption': 1.2,
  'contrast.mottling': 0.08,
}
_FOILS_SEED = 77


def main() -> None:
  """Prints the tables."""
  parser = report.create_parser(__doc__)
  parser.add_argument('--part', default='learning')
  parser.add_argument('--sets', default='foils,superalloys')
  parser.add_argument('--images', default='1,2,4')
  parser.add_argument('--beginnings', default=f'{_DEFECT},nothing')
  parser.add_argument('--steps', type=int, default=STEPS)
  parser.add_argument('--foils', type=int, default=2, help='to be corrected')
  flags = parser.parse_args()
  print(report.line(report.machine() | report.versions('jax')), flush=True)
  if flags.part == 'clicks':
    clicks = importlib.import_module('benchmarks.review_clicks')
    clicks.main(flags.foils, flags.sets.split(','))
    return
  interruption = Interruption()
  rows = []
  for name in flags.sets.split(','):
    known, unseen = {'foils': faint_foils, 'superalloys': _superalloys}[name]()
    run = defectseg_jax.load_network(_DEFECT)
    rows.append([name, 'as it is', '0', *_cells(_score(run, unseen)), ''])
    print(rows[-1], flush=True)
    for count in map(int, flags.images.split(',')):
      for beginning in flags.beginnings.split(','):
        began = time.perf_counter()
        found = _learn(
          known[:count], unseen, beginning, flags.steps, interruption
        )
        seconds = f'{time.perf_counter() - began:.0f}'
        rows.append([name, beginning, str(count), *_cells(found), seconds])
        print(rows[-1], flush=True)
  header = ('set', 'begins from', 'corrected', 'F1', 'IU', 'seconds')
  print(report.table(header, rows))


def _learn(
  known: Sequence[Example],
  unseen: Sequence[Example],
  beginning: str,
  steps: int,
  interruption: Interruption,
) -> Scores:
  """Scores of a network that learnt from what is known."""
  with tempfile.TemporaryDirectory() as scratch:
    folder = pathlib.Path(scratch)
    names = [f'image_{number}' for number in range(len(known))]
    for name, one in zip(names, known, strict=True):
      size: Any = {'pixel_size_nm': one.micrograph.pixel_size_nm}
      for kind in ('images', 'masks'):
        (folder / 'data' / kind).mkdir(parents=True, exist_ok=True)
      pixels = in_smallest_type(one.micrograph.pixels)
      write_tiff(folder / 'data/images' / f'{name}.tif', pixels, **size)
      write_mask(folder / 'data/masks' / f'{name}.tif', one.mask, **size)
    lesson = Lesson(_DEFECT, names, [], [], '', steps)
    write_splits(folder / 'data', lesson)
    areas = [one.mask.size for one in known]
    config = lesson_config(folder, lesson, areas)
    if beginning == 'nothing':
      # As benchmarks/few_shot.py.
      config.update_from_flattened_dict(
        {'init_from': '', 'training.learning_rate': 2e-3}
      )
    lesson_program.train(
      folder, config, steps, lambda *_, **__: None, interruption
    )
    if beginning == 'nothing':
      return _score(defectseg_jax.load_run(folder / 'run'), unseen)
    old = lesson_program.read_network(_DEFECT)
    return _score(lesson_program.read_pupil(folder, old), unseen)


def _score(run: Any, examples: Sequence[Example]) -> Scores:
  masks = [run.predict(one.micrograph).mask for one in examples]
  truths = [ObjectMask(one.mask) for one in examples]
  return score(masks, truths, _DEFECT)


def _cells(found: Scores) -> list[str]:
  return [f'{found.f1:.2f}', f'{found.iu or 0:.2f}']


def faint_foils() -> tuple[list[Example], list[Example]]:
  """Four foils to learn from, and two that nobody sees before."""
  config = importlib.import_module(f'configs.{_DEFECT}').get_config().foil
  config.update_from_flattened_dict(_FAINT)
  foil = foil_parameters(config.to_dict())
  made = []
  for index in range(6):
    one = simulate_foil(foil, seed=_FOILS_SEED, index=index)
    micrograph = Micrograph(
      one.pixels, name=f'foil_{index}', pixel_size_nm=foil.pixel_size_nm
    )
    made.append(Example(micrograph, one.masks[_DEFECT]))
  return made[:4], made[4:]


def _superalloys() -> tuple[list[Example], list[Example]]:
  """Four of the training set, drawn as few_shot draws, and the test set."""
  folder = SHARED / 'data/superalloy_precipitates'
  with (folder / 'splits.csv').open() as stream:
    splits = {row['file']: row['split'] for row in csv.DictReader(stream)}
  training = sorted(name for name, split in splits.items() if split == 'train')
  drawn = np.random.default_rng(0).permutation(training)[:4]
  test = sorted(name for name, split in splits.items() if split == 'test')
  known, unseen = (
    [
      Example(
        read_micrograph(folder / 'images' / name),
        read_mask(folder / 'masks' / name) > 0,
      )
      for name in names
    ]
    for names in (drawn, test)
  )
  return known, unseen


if __name__ == '__main__':
  main()
