"""Pages of small images with discs, whose numbers are known."""

import math

import numpy as np
from scipy import ndimage

from defectseg_jax.quantification.over_images import statistics_over_images
from defectseg_jax.reporting.figures import comparison_map
from defectseg_jax.reporting.page import (
  PageImage,
  QuantityError,
  image_view,
  session_page,
  training_page,
)

AWKWARD = (
  '<b>&"\'.tif',
  '</script><script>alert(1)</script>',
  '<!--.tif',
  '{{ 7 * 7 }}$x$\u2028.tif',
  'ab\u202etxt.dm4',
  'x' * 200 + '.png',
)
HEADLINES = ('number_density_per_m3', 'diameter_mean_nm', 'swelling')
FAILED = 5
WARNED = 2


def page_image(name: str, seed: int, shape=(192, 256), **more) -> PageImage:
  """Discs on noise; the last object is not counted, the largest is checked."""
  rng = np.random.default_rng(seed)
  rows, columns = np.mgrid[: shape[0], : shape[1]]
  mask = np.zeros(shape, bool)
  for row in range(24, shape[0], 48):
    for column in range(24, shape[1], 48):
      radius = rng.uniform(5, 15)
      mask |= (rows - row) ** 2 + (columns - column) ** 2 < radius**2
  labels, count = ndimage.label(mask)
  ids = np.arange(1, count + 1)
  places = ndimage.center_of_mass(mask, labels, ids)
  diameters = np.sqrt(4 / math.pi * np.bincount(labels.ravel())[1:])
  pixels = 90 + 60 * mask + rng.normal(0, 20, shape)
  density = 5.25e20 * (1 + seed / 7)
  return PageImage(
    name=name,
    **{
      'summary': {
        'height_px': shape[0],
        'width_px': shape[1],
        'pixel_size_nm': 0.32,
        'thickness_nm': 177.0,
        'number_density_per_m3': density,
        'number_density_per_m3_low': 0.8 * density,
        'number_density_per_m3_high': 1.3 * density,
        'diameter_mean_nm': float(diameters.mean()) * 0.32,
        'diameter_mean_nm_low': 5.0,
        'diameter_mean_nm_high': 8.0,
        'swelling': math.nan,
      },
      'objects': [
        {
          'id': int(number),
          'row_px': place[0],
          'column_px': place[1],
          'diameter_px': diameter,
          'diameter_nm': 0.32 * diameter,
          'touches_border': '',
          'counted': bool(number < count),
        }
        for number, place, diameter in zip(ids, places, diameters)
      ],
      'labels': labels.astype(np.int32),
      'layers': {
        'micrograph': np.clip(pixels, 0, 255).astype(np.uint8),
        'mask': mask * np.uint8(255),
        'probability': (
          255 * ndimage.gaussian_filter(mask.astype(np.float32), 2)
        ).astype(np.uint8),
        'comparison': comparison_map(mask, np.roll(mask, 3, axis=0)),
      },
      'sizes_nm': 0.32 * diameters,
      'warnings': [('foil_thin', f'a foil of 3 nm in {name}')]
      if seed == WARNED
      else [],
      'check': [
        (int(number), f'{diameters[number - 1]:.0f} px')
        for number in ids[np.argsort(-diameters)][:3]
      ],
    }
    | more,
  )


RATIOS = ('pixel_accuracy', 'precision', 'recall', 'iu')


def training(images, **more) -> str:
  """The page of a run's test set; another of its images is not shown."""
  row = dict(zip(RATIOS, (0.98765, 0.5, 1.0, 0.25)))
  names = [*(image.name for image in images), 'b']
  name = images[0].name
  return training_page(
    'x',
    metrics={
      'defect': 'voids',
      'threshold': 0.4321,
      'per_image': [{'name': name, **row} for name in names],
      'mean': row,
      'std': dict.fromkeys(RATIOS),
      'pooled': row,
      'oracle': {'threshold': 0.6, **row},
      'dev': {'iu': 0.8, 'epoch': 2},
    },
    history=[
      {'epoch': e, 'train_iu': 0.1 * e, 'dev_iu': 0.1, 'learning_rate': 1e-3}
      for e in (1, 2, 3)
    ],
    images=[image_view(image) for image in images],
    errors=[
      QuantityError(name, 'number_density_per_m3', 4.2e20, 5.25e20, 20.0),
      QuantityError(name, 'diameter_mean_nm', 3.0, math.nan, math.nan),
    ],
    how_made={'run': 'runs/voids'},
    **more,
  )


def session(count: int = 20) -> tuple[str, list[PageImage]]:
  """A page and its images: awkward names, a failure, a warning."""
  names = [*AWKWARD, *(f'foil_{i:02d}.dm4' for i in range(len(AWKWARD), 99))]
  images = [page_image(name, seed) for seed, name in enumerate(names[:count])]
  images[FAILED] = PageImage(names[FAILED], failure='<i>a spectrum</i>')
  rows = [image.summary for image in images if not image.failure]
  html = session_page(
    AWKWARD[0],
    defect='voids',
    images=[image_view(image, sizes_label='diameter (nm)') for image in images],
    headlines=HEADLINES,
    over_images=statistics_over_images(rows, HEADLINES),
    conventions={HEADLINES[0]: 'N / (A t)', 'other': 'is not shown'},
    how_made={'command': f'--input={AWKWARD[1]}', 'threshold': '0.41'},
    remarks=['Intervals are <those> of counting.'],
  )
  return html, images
