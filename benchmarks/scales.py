"""What a network finds in a foil that is binned or enlarged.

  python -m benchmarks.scales --networks=voids

from the root of the repository. The foil is one of benchmarks/real_sets.py, and
the scale of its copies is known, as it is where a microscope writes it. Binned
truth takes a pixel of which half is defect. The mean diameter is that of all
regions found; its change is against the one found before the foil was binned or
enlarged.
"""

import dataclasses
from collections.abc import Iterator

import numpy as np
from scipy import ndimage

import defectseg_jax
from benchmarks import objects, report
from benchmarks.real_sets import Example, sets_of

# What the others are held against.
_WHOLE = ('untouched', 'a quarter')


def main() -> None:
  """Prints a table for each network."""
  parser = report.create_parser(__doc__)
  parser.add_argument('--networks', default='voids')
  flags = parser.parse_args()
  print(report.line(report.machine() | report.versions('jax')))
  for name in flags.networks.split(','):
    run = defectseg_jax.load_network(name)
    print(f'\n{name}: {run}\n')
    foil = sets_of(run.settings.defect)['foils']()[0]
    rows, untouched_nm = [], 1.0
    for label, example in _copies(foil):
      found = run.predict(example.micrograph, thickness_nm=100)
      diameter_nm = found.measure().summary['diameter_mean_nm']
      if label in _WHOLE:
        untouched_nm = diameter_nm
      iu = objects.score_mask(found.mask, example.mask).iu
      error = 100 * (diameter_nm / untouched_nm - 1)
      rows.append([label, f'{iu:.3f}', f'{diameter_nm:.2f}', f'{error:+.1f}%'])
    print(report.table(('foil', 'IU', 'mean diameter, nm', 'change'), rows))


def _copies(foil: Example) -> Iterator[tuple[str, Example]]:
  yield _WHOLE[0], foil
  for factor in (2, 4):
    yield (
      f'binned {factor}',
      _copy(
        foil,
        1 / factor,
        _binned(foil.micrograph.pixels, factor),
        _binned(foil.mask, factor) >= 0.5,
      ),
    )
  # A quarter of it: four to nine times as many pixels say no more.
  side = foil.mask.shape[0] // 2
  part = _copy(
    foil, 1, foil.micrograph.pixels[:side, :side], foil.mask[:side, :side]
  )
  yield _WHOLE[1], part
  for factor in (2, 3):
    yield (
      f'that enlarged {factor}',
      _copy(
        part,
        factor,
        _enlarged(part.micrograph.pixels, factor),
        _enlarged(part.mask, factor) >= 0.5,
      ),
    )


def _copy(
  foil: Example, factor: float, pixels: np.ndarray, mask: np.ndarray
) -> Example:
  micrograph = foil.micrograph
  assert micrograph.pixel_size_nm is not None
  return Example(
    dataclasses.replace(
      micrograph,
      pixels=pixels.astype(np.float32),
      pixel_size_nm=micrograph.pixel_size_nm / factor,
    ),
    mask,
  )


def _binned(image: np.ndarray, factor: int) -> np.ndarray:
  rows, columns = (side // factor for side in image.shape)
  cut = image[: rows * factor, : columns * factor].astype(float)
  return cut.reshape(rows, factor, columns, factor).mean((1, 3))


def _enlarged(image: np.ndarray, factor: int) -> np.ndarray:
  return np.asarray(ndimage.zoom(image.astype(float), factor, order=1))


if __name__ == '__main__':
  main()
