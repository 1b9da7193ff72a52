"""How shipped networks do on micrographs that nobody trained on.

  python -m benchmarks.real --networks=voids
  python -m benchmarks.real --networks=voids --sets=foils,artefacts
  python -m benchmarks.real --networks=voids --pictures=docs/real

from the root of the repository, whose data stand beside it in ../shared.
Objects match from an intersection over union of 0.3 on, lines where they lie
within 2 pixels of each other. Beside each network stand classical methods
(Otsu's, Sauvola's and hysteresis thresholds, blobs by the Laplacian of a
Gaussian; ridge filters for lines), each with the parameters that are best on
the very images it is scored on, which is kinder than any user can be to them.

Of loops_316l and twip_lines not all lines are labelled: the recall says how
many of the labelled ones are found, and the precision says nothing.

voids_on_tem is a test set: to choose by it is to lose it. Its F1 is that of
../shared/tools/score_voids.py, which is run on the masks.
"""

import functools
import math
import pathlib
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence

import numpy as np
from PIL import Image

import defectseg_jax
from benchmarks import lines, objects, report
from benchmarks.classical_masks import methods_for
from benchmarks.real_sets import SHARED, Example, sets_of
from defectseg_jax.micrographs.writing import write_mask
from defectseg_jax.reporting.overlays import grey_levels

_GREEN, _RED, _YELLOW = (60, 220, 90), (255, 70, 50), (255, 220, 0)


def main() -> None:
  """Scores the networks on their sets."""
  parser = report.create_parser(__doc__)
  parser.add_argument('--networks', default='voids')
  parser.add_argument('--sets', default='', help='of voids: all if left out')
  parser.add_argument('--pictures', default='', help='where they begin')
  parser.add_argument('--classical', action='store_true', help='these too')
  flags = parser.parse_args()
  print(report.line(report.machine() | report.versions('jax', 'scikit-image')))
  for name in flags.networks.split(','):
    run = defectseg_jax.load_network(name)
    print(f'\n{name}: {run}\n')
    rows, defect = [], run.settings.defect
    for set_name, examples_of in sets_of(defect).items():
      if flags.sets and set_name not in flags.sets.split(','):
        continue
      examples = examples_of()
      masks = [run.predict(e.micrograph).mask for e in examples]
      rows.append(_row(set_name, name, defect, examples, masks))
      if flags.classical:
        rows += _classical_rows(set_name, defect, examples)
      if set_name == 'voids_on_tem':
        print(_official(examples, masks))
      if flags.pictures:
        _draw(f'{flags.pictures}_{set_name}.jpg', examples, masks)
    print(report.table(_header(defect), rows))


def _header(defect: str) -> tuple[str, ...]:
  if defect == 'dislocations':
    found = ('recall', 'precision')
  else:
    found = ('objects', 'F1', 'precision', 'recall', 'number', 'diameter')
  return ('set', 'method', 'images', *found, 'pooled IU', 'mean IU')


def _row(
  set_name: str,
  method: str,
  defect: str,
  examples: Sequence[Example],
  masks: Sequence[np.ndarray],
) -> list[str]:
  truths = [example.mask for example in examples]
  each = list(map(objects.score_mask, masks, truths))
  scores = sum(each, objects.Scores())
  if defect == 'dislocations':
    found = [f'{one:.2f}' for one in lines.score_lines(masks, truths)]
  else:
    found = [
      str(scores.found + scores.missed),
      *(f'{x:.2f}' for x in (scores.f1, scores.precision, scores.recall)),
      f'{100 * scores.number_error:+.0f}%',
      f'{100 * scores.diameter_error:+.1f}%',
    ]
  # An image without any object, in which none is found, is right.
  mean = np.mean([one.iu if one.union_px else 1.0 for one in each])
  names = [set_name, method, str(len(examples))]
  return [*names, *found, f'{scores.iu:.2f}', f'{mean:.2f}']


def _official(examples: Sequence[Example], masks: Sequence[np.ndarray]) -> str:
  """The last line of the set's own scorer, which leaves faint voids out."""
  with tempfile.TemporaryDirectory() as folder:
    for example, mask in zip(examples, masks, strict=True):
      stem = pathlib.Path(example.micrograph.name).stem
      write_mask(
        pathlib.Path(folder) / f'{stem}.tif',
        mask,
        pixel_size_nm=example.micrograph.pixel_size_nm,
      )
    command = [sys.executable, str(SHARED / 'tools/score_voids.py')]
    done = subprocess.run(
      [*command, str(SHARED / 'data/voids_on_tem'), folder],
      capture_output=True,
      text=True,
      check=True,
    )
  return done.stdout


def _classical_rows(
  set_name: str, defect: str, examples: Sequence[Example]
) -> Iterator[list[str]]:
  """The best setting of each classical method on these very images."""
  truths = [example.mask for example in examples]
  for name, method in methods_for(defect).items():
    # By setting, the masks of all images.
    masks_of = list(
      zip(*(method(one.micrograph.pixels) for one in examples), strict=True)
    )
    best = max(masks_of, key=functools.partial(_score, defect, truths))
    yield _row(set_name, name, defect, examples, best)


def _score(
  defect: str, truths: Sequence[np.ndarray], masks: Sequence[np.ndarray]
) -> float:
  if defect == 'dislocations':
    recall, precision = lines.score_lines(masks, truths)
    return 2 * recall * precision / max(recall + precision, 1e-12)
  scores = sum(map(objects.score_mask, masks, truths), objects.Scores())
  return scores.f1


def _draw(
  path: str, examples: Sequence[Example], masks: Sequence[np.ndarray]
) -> None:
  """Micrographs with what is found: green both, red false, yellow missed."""
  side = min(480, *(one.mask.shape[0] for one in examples[:6]))
  tiles = []
  for example, mask in zip(examples[:6], masks[:6], strict=True):
    grey = np.repeat(grey_levels(example.micrograph.pixels)[..., None], 3, 2)
    plain, drawn = grey[:side, :side], grey[:side, :side].copy()
    for area, colour in (
      (mask & example.mask, _GREEN),
      (mask & ~example.mask, _RED),
      (~mask & example.mask, _YELLOW),
    ):
      part = area[:side, :side]
      drawn[part] = (0.6 * drawn[part] + 0.4 * np.array(colour)).astype(
        np.uint8
      )
    tile = np.zeros((side, 2 * side, 3), np.uint8)
    tile[: plain.shape[0], : plain.shape[1]] = plain
    tile[: drawn.shape[0], side : side + drawn.shape[1]] = drawn
    tiles.append(tile)
  columns = 2 if len(tiles) > 1 else 1
  tiles += [np.zeros_like(tiles[0])] * (-len(tiles) % columns)
  rows = math.ceil(len(tiles) / columns)
  picture = np.vstack(
    [np.hstack(tiles[columns * r : columns * (r + 1)]) for r in range(rows)]
  )
  # Noise makes PNG three times as large.
  Image.fromarray(picture).save(path, quality=80)


if __name__ == '__main__':
  main()
