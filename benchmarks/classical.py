"""How far classical segmentation comes on the same micrographs.

  python -m benchmarks.classical
  python -m benchmarks.classical --defects=voids --workdirs=runs/voids

from the root of the repository. Particles: Otsu's, Sauvola's and hysteresis
thresholds of the smoothed micrograph, holes filled, specks opened and small
regions removed. Lines: Sato's, Frangi's and Meijering's ridge filters with
hysteresis, short pieces removed, as they are or thinned to the labels' width.
Micrographs are preprocessed as the config says. Every parameter is tuned on
the development regions, by their pooled IU, like the network's threshold; the
best of each method is scored once on the test regions. --workdirs adds the
scores of trained runs, from their test_metrics.json, in the order of --defects.
"""

import argparse
import functools
import importlib
import itertools
import json
import pathlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.progress import track
from skimage import filters, measure, morphology

from benchmarks import report
from defectseg_jax.evaluation import confusion
from defectseg_jax.runs.data import read_data
from defectseg_jax.runs.settings import run_settings

if TYPE_CHECKING:
  from defectseg_jax.datasets.pipeline import Region

LABEL_WIDTH_PX = 3

Images = Sequence[np.ndarray]
# Parameters, and the masks that they give of the micrographs.
Candidate = tuple[dict[str, Any], list[np.ndarray]]
Method = Callable[[Images], Iterator[Candidate]]


def main() -> None:
  """Tunes and scores every method on every defect."""
  flags = _flags()
  print(report.line(report.machine() | report.versions('scikit-image')))
  for number, defect in enumerate(flags.defects.split(',')):
    config = importlib.import_module(f'configs.{defect}').get_config(
      flags.argument
    )
    regions = read_data(run_settings(config), splits=('dev', 'test')).regions
    rows = []
    for name, method in _methods(defect).items():
      parameters, dev_iu, summary = _tune(name, method, regions)
      rows.append([name, dev_iu, summary, parameters])
    best = max(row[2]['mean']['iu'] for row in rows)
    if flags.workdirs:
      workdir = pathlib.Path(flags.workdirs.split(',')[number])
      metrics = json.loads((workdir / 'test_metrics.json').read_text())
      gain = metrics['mean']['iu'] - best
      said = {'above the best classical': round(gain, 3)}
      rows.append(['DefectSegNet', metrics['dev']['iu'], metrics, said])
    print(f'\n{defect}, {len(regions["test"])} test regions\n')
    print(
      report.table(
        ['method', 'dev IU', 'test IU', 'precision', 'recall', 'parameters'],
        [
          [
            name,
            f'{100 * dev_iu:.1f}',
            *(
              f'{100 * summary["mean"][score]:.1f}'
              for score in ('iu', 'precision', 'recall')
            ),
            ', '.join(f'{k} {v}' for k, v in parameters.items()),
          ]
          for name, dev_iu, summary, parameters in rows
        ],
      )
    )


def _flags() -> argparse.Namespace:
  parser = report.create_parser(__doc__)
  parser.add_argument('--defects', default='voids,precipitates,dislocations')
  parser.add_argument('--argument', default='scale=paper', help='of the config')
  parser.add_argument('--workdirs', default='', help='of trained runs')
  return parser.parse_args()


def _methods(defect: str) -> dict[str, Method]:
  if defect == 'dislocations':
    return {
      'Sato': functools.partial(_ridges, ridge=filters.sato),
      'Frangi': functools.partial(_ridges, ridge=filters.frangi),
      'Meijering': functools.partial(_ridges, ridge=filters.meijering),
    }
  return {'Otsu': _otsu, 'Sauvola': _sauvola, 'hysteresis': _hysteresis}


def _tune(
  name: str, method: Method, regions: Mapping[str, Sequence['Region']]
) -> tuple[dict[str, Any], float, dict[str, Any]]:
  """The best candidate on dev, its pooled dev IU, and its test summary."""

  def counts(
    split: str, wanted: dict[str, Any] | None = None
  ) -> Iterator[tuple[dict[str, Any], list[Any]]]:
    images = [region.image for region in regions[split]]
    for parameters, masks in method(images):
      if wanted is None or parameters == wanted:
        yield (
          parameters,
          [
            confusion.confusion(mask, region.mask > 0)
            for mask, region in zip(masks, regions[split], strict=True)
          ],
        )

  best, best_iu = {}, -1.0
  for parameters, found in track(counts('dev'), description=name):
    iu = confusion.summary(found)['pooled']['iu']
    if iu > best_iu:
      best, best_iu = parameters, iu
  ((_, found),) = counts('test', best)
  return best, best_iu, confusion.summary(found)


def _clean_up(
  mask: np.ndarray, opening_px: int, minimum_area_px: int
) -> np.ndarray:
  """Opens specks, removes small regions, and fills holes."""
  if opening_px:
    mask = morphology.opening(mask, morphology.disk(opening_px))
  mask = morphology.remove_small_objects(mask, max_size=minimum_area_px)
  return morphology.remove_small_holes(mask, max_size=1000)


_CLEAN_UP = {'opening_px': (0, 2, 5), 'minimum_area_px': (30, 150, 400)}
_SMOOTHING_PX = (1.0, 2.0, 4.0)


def _grid(**choices: Sequence[Any]) -> Iterator[dict[str, Any]]:
  for values in itertools.product(*choices.values()):
    yield dict(zip(choices, values, strict=True))


def _candidates(
  images: Images, binary: Callable[..., np.ndarray], **choices: Sequence[Any]
) -> Iterator[Candidate]:
  """Each smoothing, with each choice for `binary`, with each clean-up."""
  for smoothing_px in _SMOOTHING_PX:
    smooth = [filters.gaussian(image, smoothing_px) for image in images]
    for chosen in _grid(**choices):
      masks = [binary(image, **chosen) for image in smooth]
      for clean_up in _grid(**_CLEAN_UP):
        yield (
          {'smoothing_px': smoothing_px, **chosen, **clean_up},
          [_clean_up(mask, **clean_up) for mask in masks],
        )


def _otsu(images: Images) -> Iterator[Candidate]:
  return _candidates(
    images, lambda image: image > filters.threshold_otsu(image)
  )


def _sauvola(images: Images) -> Iterator[Candidate]:
  def binary(image: np.ndarray, window_px: int, k: float) -> np.ndarray:
    # Sauvola's formula is for grey values above 0.
    positive = image - image.min()
    half_range = (positive.max() - positive.min()) / 2
    return positive > filters.threshold_sauvola(
      positive, window_size=window_px, k=k, r=half_range
    )

  return _candidates(
    images,
    binary,
    window_px=(51, 101, 201, 401),
    k=(-0.4, -0.2, -0.1, 0.0, 0.1, 0.2),
  )


def _hysteresis(images: Images) -> Iterator[Candidate]:
  return _candidates(
    images,
    lambda image, low, high: filters.apply_hysteresis_threshold(
      image, low, max(low, high)
    ),
    low=(0.25, 0.5, 0.75, 1.0, 1.25, 1.5),
    high=(0.75, 1.0, 1.5, 2.0, 2.5),
  )


def _ridges(
  images: Images, ridge: Callable[..., np.ndarray]
) -> Iterator[Candidate]:
  for widest_px in (2, 3, 4, 6, 8):
    sigmas = sorted({max(1, widest_px // 2), widest_px})
    responses = [
      ridge(image, sigmas=sigmas, black_ridges=False) for image in images
    ]
    levels = {
      rank: [np.quantile(response, rank) for response in responses]
      for rank in (0.7, 0.75, 0.8, 0.85, 0.88, 0.9, 0.92, 0.94, 0.96, 0.98)
    }
    for low, high in itertools.combinations_with_replacement(levels, 2):
      masks = [
        filters.apply_hysteresis_threshold(response, a, b)
        for response, a, b in zip(
          responses, levels[low], levels[high], strict=True
        )
      ]
      skeletons = [morphology.skeletonize(mask) for mask in masks]
      for chosen in _grid(
        minimum_length_px=(0, 40, 100), thinned=(False, True)
      ):
        yield (
          {'widest_px': widest_px, 'low': low, 'high': high, **chosen},
          [
            _lines(mask, skeleton, **chosen)
            for mask, skeleton in zip(masks, skeletons, strict=True)
          ],
        )


def _lines(
  mask: np.ndarray,
  skeleton: np.ndarray,
  minimum_length_px: int,
  thinned: bool,
) -> np.ndarray:
  """Long lines of a mask, as they are or as thin as labels."""
  if minimum_length_px:
    pieces = np.asarray(measure.label(skeleton, connectivity=2))
    lengths = np.bincount(pieces.ravel())
    long = lengths >= minimum_length_px
    long[0] = False
    skeleton = long[pieces]
    if not thinned:
      # Regions stay whole where their middle line is long enough.
      regions = np.asarray(measure.label(mask, connectivity=2))
      kept = np.zeros(regions.max() + 1, bool)
      kept[regions[skeleton]] = True
      kept[0] = False
      mask = kept[regions]
  if thinned:
    return morphology.dilation(skeleton, np.ones((LABEL_WIDTH_PX,) * 2))
  return mask


if __name__ == '__main__':
  main()
