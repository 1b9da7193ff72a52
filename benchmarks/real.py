"""How shipped networks do on micrographs that nobody trained on.

  python -m benchmarks.real --networks=voids
  python -m benchmarks.real --networks=voids --sets=foils,artefacts
  python -m benchmarks.real --networks=voids --pictures=docs/real

from the root of the repository, whose data stand beside it in ../shared.
Objects match from an intersection over union of 0.3 on. Beside each network
stand classical methods (Otsu's and hysteresis thresholds, blobs by the
Laplacian of a Gaussian), each with the parameters that are best on the very
images it is scored on, which is kinder than any user can be to them.

voids_on_tem is a test set: to choose by it is to lose it. Its F1 is that of
../shared/tools/score_voids.py, which is run on the masks.
"""

import csv
import dataclasses
import functools
import importlib
import itertools
import math
import pathlib
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from PIL import Image
from skimage import feature, filters

import defectseg_jax
from benchmarks import objects, report
from defectseg_jax.micrographs.masks import read_mask
from defectseg_jax.micrographs.micrograph import Micrograph
from defectseg_jax.micrographs.reading import read_micrograph
from defectseg_jax.micrographs.writing import write_mask
from defectseg_jax.reporting.overlays import grey_levels
from defectseg_jax.simulation import foil_parameters, simulate_foil
from defectseg_jax.simulation.domain.micrographs import SPLITS
from defectseg_jax.simulation.domain.patches import simulate_patch
from defectseg_jax.simulation.domain.settings import domain_settings

SHARED = pathlib.Path('../shared')
_GREEN, _RED, _YELLOW = (60, 220, 90), (255, 70, 50), (255, 220, 0)


@dataclasses.dataclass(frozen=True, eq=False)
class Example:
  """A micrograph and its mask, bool [H, W]."""

  micrograph: Micrograph
  mask: np.ndarray


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
    rows = []
    for set_name, examples_of in _sets(run.settings.defect).items():
      if flags.sets and set_name not in flags.sets.split(','):
        continue
      examples = examples_of()
      masks = [run.predict(e.micrograph).mask for e in examples]
      rows.append(_row(set_name, run.settings.defect, examples, masks))
      if flags.classical:
        rows += _classical_rows(set_name, examples)
      if set_name == 'voids_on_tem':
        print(_official(examples, masks))
      if flags.pictures:
        _draw(f'{flags.pictures}_{set_name}.png', examples, masks)
    print(report.table(_HEADER, rows))


_HEADER = (
  *('set', 'method', 'objects', 'F1', 'precision', 'recall', 'IU'),
  *('number', 'diameter'),
)


def _sets(defect: str) -> dict[str, Callable[[], list[Example]]]:
  own = {
    'domain': functools.partial(_domain, defect),
    'foils': functools.partial(_foils, defect),
  }
  if defect == 'voids':
    return own | {'artefacts': _artefacts, 'voids_on_tem': _voids_on_tem}
  return own


def _domain(defect: str) -> list[Example]:
  """The test micrographs of the domain, without real backgrounds."""
  config = _config(defect, 'scale=general')
  domain = domain_settings(config['domain'])
  foil = foil_parameters(config['foil'])
  found = []
  for index in range(domain.micrographs):
    patch = simulate_patch(
      domain,
      foil,
      defect=defect,
      side_px=domain.side_px,
      seed=(SPLITS['test'], config['simulation']['seed'], index),
      to_judge_by=True,
    )
    micrograph = Micrograph(
      patch.pixels, name=f'domain_{index}', pixel_size_nm=patch.pixel_size_nm
    )
    found.append(Example(micrograph, patch.mask))
  return found


def _foils(defect: str) -> list[Example]:
  """Two foils of the paper's kind, of a seed that no run was trained on."""
  foil = foil_parameters(_config(defect, '')['foil'])
  found = []
  for index in range(2):
    made = simulate_foil(foil, seed=1000, index=index)
    micrograph = Micrograph(
      made.pixels,
      name=f'foil_{index}',
      pixel_size_nm=foil.pixel_size_nm,
    )
    found.append(Example(micrograph, made.masks[defect]))
  return found


def _artefacts() -> list[Example]:
  folder = SHARED / 'data/cases/artefacts'
  return [
    Example(
      read_micrograph(folder / 'images' / f'{name}.tif'),
      read_mask(folder / 'truth' / f'{name}.png') > 0,
    )
    for name in ('base', 'binned_2', 'zoomed_2')
  ]


def _voids_on_tem() -> list[Example]:
  folder = SHARED / 'data/voids_on_tem'
  with (folder / 'splits.csv').open() as stream:
    rows = list(csv.DictReader(stream))
  return [
    Example(
      dataclasses.replace(
        read_micrograph(folder / 'images' / row['file']),
        pixel_size_nm=float(row['pixel_size_nm']),
      ),
      read_mask(folder / 'masks' / row['file']) > 0,
    )
    for row in rows
  ]


def _config(defect: str, argument: str) -> dict:
  module = importlib.import_module(f'configs.{defect}')
  return module.get_config(argument).to_dict()


def _row(
  set_name: str,
  method: str,
  examples: Sequence[Example],
  masks: Sequence[np.ndarray],
) -> list[str]:
  scores = sum(
    (
      objects.score_mask(mask, example.mask)
      for mask, example in zip(masks, examples, strict=True)
    ),
    objects.Scores(),
  )
  return [
    set_name,
    method,
    str(scores.found + scores.missed),
    *(
      f'{value:.2f}'
      for value in (scores.f1, scores.precision, scores.recall, scores.iu)
    ),
    f'{100 * scores.number_error:+.0f}%',
    f'{100 * scores.diameter_error:+.1f}%',
  ]


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
  set_name: str, examples: Sequence[Example]
) -> Iterator[list[str]]:
  """The best of each classical method on these very images."""
  for name, method in (
    ('Otsu', _otsu),
    ('hysteresis', _hysteresis),
    ('blobs', _blobs),
  ):
    best, best_f1 = None, -1.0
    for candidate in method():
      masks = [candidate(example.micrograph.pixels) for example in examples]
      scores = sum(
        map(objects.score_mask, masks, [e.mask for e in examples]),
        objects.Scores(),
      )
      if scores.f1 > best_f1:
        best, best_f1 = masks, scores.f1
    assert best is not None
    yield _row(set_name, name, examples, best)


_Candidate = Callable[[np.ndarray], np.ndarray]


def _flat(pixels: np.ndarray, smoothing_px: float) -> np.ndarray:
  """Less its slow background, over the standard deviation."""
  smooth = filters.gaussian(pixels, smoothing_px)
  smooth -= filters.gaussian(pixels, 60.0)
  return smooth / max(float(smooth.std()), 1e-12)


def _otsu() -> Iterator[_Candidate]:
  for smoothing_px in (1.5, 3.0):

    def candidate(pixels: np.ndarray, s: float = smoothing_px) -> np.ndarray:
      flat = _flat(pixels, s)
      return flat > filters.threshold_otsu(flat)

    yield candidate


def _hysteresis() -> Iterator[_Candidate]:
  levels = itertools.product((1.5, 3.0), (0.75, 1.25), (1.5, 2.0, 3.0))
  for smoothing_px, low, high in levels:

    def candidate(
      pixels: np.ndarray,
      s: float = smoothing_px,
      ends: tuple[float, float] = (low, high),
    ) -> np.ndarray:
      return filters.apply_hysteresis_threshold(_flat(pixels, s), *ends)

    yield candidate


def _blobs() -> Iterator[_Candidate]:
  for least in (0.05, 0.1, 0.2, 0.4):

    def candidate(pixels: np.ndarray, least: float = least) -> np.ndarray:
      flat = _flat(pixels, 1.0) / 4
      found = feature.blob_log(
        flat, min_sigma=3, max_sigma=24, num_sigma=6, threshold=least
      )
      mask = np.zeros(pixels.shape, bool)
      rows, columns = np.ogrid[: pixels.shape[0], : pixels.shape[1]]
      for row, column, sigma in found:
        distance2 = (rows - row) ** 2 + (columns - column) ** 2
        mask |= distance2 <= 2 * sigma**2
      return mask

    yield candidate


def _draw(
  path: str, examples: Sequence[Example], masks: Sequence[np.ndarray]
) -> None:
  """Micrographs with what is found: green both, red false, yellow missed."""
  side = 480
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
  Image.fromarray(picture).save(path, optimize=True)


if __name__ == '__main__':
  main()
