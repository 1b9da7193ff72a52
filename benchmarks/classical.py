"""How far classical segmentation comes on the same micrographs.

  python -m benchmarks.classical
  python -m benchmarks.classical --defects=voids --workdirs=runs/voids

from the root of the repository. Particles: Otsu's, Sauvola's and hysteresis
thresholds of the smoothed micrograph, holes filled, specks opened and small
regions removed. Lines: Sato's, Frangi's and Meijering's ridge filters with
hysteresis, short pieces removed, as they are or thinned to the labels' width.
Micrographs are preprocessed as the config says. Every parameter is tuned on
the development regions, by their pooled IU, as the network's threshold is; the
best of each method is scored once on the test regions. Of trained runs, given
in the order of the defects, the scores of their test_metrics.json stand beside.
"""

import argparse
import importlib
import itertools
import json
import pathlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from rich.progress import track
from skimage import filters, measure, morphology

from benchmarks import report
from defectseg_jax.evaluation import confusion
from defectseg_jax.runs.data import read_data

LABEL_WIDTH_PX = 3

# A candidate: its parameters, and what makes a mask of a micrograph.
Candidate = tuple[dict[str, Any], Callable[[np.ndarray], np.ndarray]]


def main() -> None:
  """Tunes and scores every method on every defect."""
  flags = _flags()
  print(report.line(report.machine() | report.versions('scikit-image')))
  for number, defect in enumerate(flags.defects.split(',')):
    config = importlib.import_module(f'configs.{defect}').get_config(
      flags.argument
    )
    regions = read_data(config, splits=('dev', 'test')).regions
    rows = []
    for method, candidates in _methods(defect).items():
      parameters, dev_iu, summary = _tuned(method, candidates, regions)
      rows.append([method, dev_iu, summary, parameters])
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
            method,
            f'{100 * dev_iu:.1f}',
            *(
              f'{100 * summary["mean"][name]:.1f}'
              for name in ('iu', 'precision', 'recall')
            ),
            ', '.join(f'{k} {v}' for k, v in parameters.items()),
          ]
          for method, dev_iu, summary, parameters in rows
        ],
      )
    )


def _flags() -> argparse.Namespace:
  parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
  parser.add_argument('--defects', default='voids,precipitates,dislocations')
  parser.add_argument('--argument', default='scale=paper', help='of the config')
  parser.add_argument('--workdirs', default='', help='of trained runs')
  return parser.parse_args()


def _methods(defect: str) -> dict[str, Callable[..., Iterator[Candidate]]]:
  if defect == 'dislocations':
    return {
      name: lambda images, ridge=ridge: _ridges(images, ridge)
      for name, ridge in (
        ('Sato', filters.sato),
        ('Frangi', filters.frangi),
        ('Meijering', filters.meijering),
      )
    }
  return {'Otsu': _otsu, 'Sauvola': _sauvola, 'hysteresis': _hysteresis}


def _tuned(method, candidates, regions):
  """The best candidate on dev, its pooled dev IU, and its test summary."""

  def masks_of(split, wanted=None):
    images = [region.image for region in regions[split]]
    for parameters, masks in candidates(images):
      if wanted is None or parameters == wanted:
        yield (
          parameters,
          [
            confusion.confusion(mask, region.mask > 0)
            for mask, region in zip(masks, regions[split], strict=True)
          ],
        )

  best = (None, -1.0)
  for parameters, counts in track(masks_of('dev'), description=method):
    iu = confusion.summary(counts)['pooled']['iu']
    if iu > best[1]:
      best = (parameters, iu)
  ((_, counts),) = masks_of('test', best[0])
  return *best, confusion.summary(counts)


def _cleaned(mask, opening_px, minimum_area_px):
  if opening_px:
    mask = morphology.opening(mask, morphology.disk(opening_px))
  mask = morphology.remove_small_objects(mask, max_size=minimum_area_px)
  return morphology.remove_small_holes(mask, max_size=1000)


_CLEAN_UP = {'opening_px': (0, 2, 5), 'minimum_area_px': (30, 150, 400)}
_SMOOTHING_PX = (1.0, 2.0, 4.0)


def _grid(**choices) -> Iterator[dict[str, Any]]:
  for values in itertools.product(*choices.values()):
    yield dict(zip(choices, values, strict=True))


def _candidates(images, binary, **choices):
  for smoothing_px in _SMOOTHING_PX:
    smooth = [filters.gaussian(image, smoothing_px) for image in images]
    for chosen in _grid(**choices):
      masks = [binary(image, **chosen) for image in smooth]
      for clean_up in _grid(**_CLEAN_UP):
        yield (
          {'smoothing_px': smoothing_px, **chosen, **clean_up},
          [_cleaned(mask, **clean_up) for mask in masks],
        )


def _otsu(images):
  return _candidates(
    images, lambda image: image > filters.threshold_otsu(image)
  )


def _sauvola(images):
  def binary(image, window_px, k):
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


def _hysteresis(images):
  return _candidates(
    images,
    lambda image, low, high: filters.apply_hysteresis_threshold(
      image, low, max(low, high)
    ),
    low=(0.25, 0.5, 0.75, 1.0, 1.25, 1.5),
    high=(0.75, 1.0, 1.5, 2.0, 2.5),
  )


def _ridges(images, ridge):
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


def _lines(mask, skeleton, minimum_length_px, thinned):
  if minimum_length_px:
    pieces = measure.label(skeleton, connectivity=2)
    lengths = np.bincount(pieces.ravel())
    long = lengths >= minimum_length_px
    long[0] = False
    skeleton = long[pieces]
    if not thinned:
      # Regions stay whole where their middle line is long enough.
      regions = measure.label(mask, connectivity=2)
      kept = np.zeros(regions.max() + 1, bool)
      kept[regions[skeleton]] = True
      kept[0] = False
      mask = kept[regions]
  if thinned:
    return morphology.dilation(skeleton, np.ones((LABEL_WIDTH_PX,) * 2))
  return mask


if __name__ == '__main__':
  main()
