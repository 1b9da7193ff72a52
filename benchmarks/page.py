"""The page of a session, of simulated foils, and pictures of it for docs.

  python -m benchmarks.page --output=pages --pictures=docs

from the root of the repository; the pictures need Debian's chromium. Foils of
voids are simulated and measured; what stands for a network's prediction is
their blurred label with noise, so that small voids are missed and others come
out too large. Prints how long a page takes and how large it is.
"""

import argparse
import io
import pathlib
import shutil
import time

import numpy as np
from PIL import Image
from scipy import ndimage

from benchmarks import report
from configs import voids
from defectseg_jax.evaluation import confusion
from defectseg_jax.quantification import (
  QuantificationSettings,
  kind_of,
  measure,
  statistics_over_images,
)
from defectseg_jax.reporting import figures
from defectseg_jax.reporting.page import (
  PageImage,
  QuantityError,
  image_view,
  session_page,
  training_page,
)
from defectseg_jax.simulation import foil_parameters, simulate_foil

THRESHOLD = 0.5
CHECKED = 6
HOW_MADE = {
  'command': 'python -m benchmarks.page',
  'network': 'none: blurred labels with noise',
  'threshold': f'{THRESHOLD}',
}


def main() -> None:
  """Writes the pages, and looks at them."""
  parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
  parser.add_argument('--images', type=int, default=6)
  parser.add_argument('--side_px', type=int, default=1024)
  parser.add_argument('--output', default='pages')
  parser.add_argument('--pictures')
  flags = parser.parse_args()
  folder = pathlib.Path(flags.output)
  folder.mkdir(parents=True, exist_ok=True)
  config = voids.get_config()
  config.foil.side_px = flags.side_px
  foils = [_measured_foil(config, index) for index in range(flags.images)]
  print(report.line(report.machine()))
  for name, page in (
    ('session', lambda: _session(config, foils)),
    ('training', lambda: _training(config, foils)),
  ):
    started = time.perf_counter()
    html = page()
    seconds = time.perf_counter() - started
    (folder / f'{name}.html').write_text(html, encoding='utf-8')
    print(f'{name}: {seconds:.1f} s, {len(html) / 1e6:.1f} MB')
  if flags.pictures:
    _photograph(folder, pathlib.Path(flags.pictures))


def _measured_foil(config, index):
  """Name, foil, truth and prediction, both measured, and probabilities."""
  made = simulate_foil(foil_parameters(config.foil), seed=0, index=index)
  truth = made.masks[config.defect]
  rng = np.random.default_rng(index)
  noise = ndimage.gaussian_filter(rng.normal(size=truth.shape), 6)
  blurred = ndimage.gaussian_filter(truth.astype(np.float32), 5)
  probability = 1 / (1 + np.exp(-(12 * (blurred - 0.55) + 35 * noise)))

  def numbers(mask):
    return measure(
      mask,
      config.defect,
      image=made.pixels,
      pixel_size_nm=config.foil.pixel_size_nm,
      # The last foil was given a thickness in the wrong unit.
      thickness_nm=config.foil.thickness_nm if index != 4 else 17.7,
      settings=QuantificationSettings(**config.quantification),
    )

  return {
    'name': f'foil_{index + 1:02d}.dm4',
    'pixels': made.pixels,
    'mask': truth,
    'probability': probability,
    'truth': numbers(truth),
    'found': numbers(probability >= THRESHOLD),
  }


def _image_view(config, foil):
  found = foil['found']
  columns = found.objects | {
    'probability_mean': ndimage.mean(
      foil['probability'], found.labels, found.objects['id']
    )
  }
  values = [column.tolist() for column in columns.values()]
  height, width = found.labels.shape
  image = PageImage(
    name=foil['name'],
    summary={
      'image': foil['name'],
      'height_px': height,
      'width_px': width,
      'pixel_size_nm': config.foil.pixel_size_nm,
      'thickness_nm': config.foil.thickness_nm,
      **found.summary,
    },
    objects=[dict(zip(columns, row)) for row in zip(*values)],
    labels=found.labels,
    layers={
      'micrograph': foil['pixels'],
      'mask': (found.labels > 0) * np.uint8(255),
      'probability': (255 * foil['probability']).astype(np.uint8),
      'comparison': figures.comparison_map(found.labels > 0, foil['mask']),
    },
    sizes_nm=found.sizes_nm,
    warnings=[tuple(doubt) for doubt in found.warnings],
    check=_largest(found.objects),
  )
  return image_view(image, sizes_label=kind_of(config.defect).sizes_label)


def _largest(objects):
  volumes = objects['diameter_nm'] ** 3
  shares = volumes / volumes.sum()
  return [
    (int(objects['id'][place]), f'{100 * shares[place]:.0f}% of the volume')
    for place in np.argsort(-shares)[:CHECKED]
  ]


def _session(config, foils):
  rows = [foil['found'].summary for foil in foils]
  names = kind_of(config.defect).headlines
  failed = image_view(
    PageImage('foil_07.dm4', failure='it is a diffraction pattern')
  )
  return session_page(
    f'{config.defect.capitalize()}, {len(foils) + 1} micrographs',
    defect=config.defect,
    images=[*(_image_view(config, foil) for foil in foils), failed],
    headlines=names,
    over_images=statistics_over_images(rows, names),
    conventions=kind_of(config.defect).conventions,
    how_made=HOW_MADE,
  )


def _training(config, foils):
  scores = confusion.summary(
    [
      confusion.confusion(foil['found'].labels > 0, foil['mask'])
      for foil in foils
    ]
  )
  names = [{'name': foil['name']} for foil in foils]
  metrics = {
    'defect': config.defect,
    'threshold': THRESHOLD,
    'per_image': [a | b for a, b in zip(names, scores['per_image'])],
    'oracle': {'threshold': THRESHOLD, **scores['mean']},
    'dev': {'iu': 0.8, 'epoch': 24},
  } | {key: scores[key] for key in ('mean', 'std', 'pooled')}
  history = [
    {
      'epoch': epoch,
      'train_iu': 0.85 - 0.6 * np.exp(-epoch / 6),
      'dev_iu': 0.8 - 0.6 * np.exp(-epoch / 7) + 0.02 * np.sin(3 * epoch),
      'learning_rate': 1e-3 if epoch < 20 else 1e-4,
    }
    for epoch in range(1, 31)
  ]
  return training_page(
    f'{config.defect.capitalize()}: test set',
    metrics=metrics,
    history=history,
    images=[_image_view(config, foil) for foil in foils],
    errors=[
      QuantityError(
        foil['name'], name, value, true, 100 * abs(value - true) / true
      )
      for foil in foils
      for name in (
        'number_density_per_m3',
        'diameter_mean_nm',
        'diameter_std_nm',
      )
      for value, true in [
        (foil['found'].summary[name], foil['truth'].summary[name])
      ]
    ],
    how_made=HOW_MADE,
    remarks=['Truth is what a careful person would draw.'],
  )


def _photograph(folder, pictures):
  """The numbers by day, and one object by night."""
  from playwright import sync_api

  with sync_api.sync_playwright() as started:
    browser = started.chromium.launch(executable_path=shutil.which('chromium'))
    page = browser.new_page(viewport={'width': 1280, 'height': 1240})
    page.goto((folder / 'session.html').absolute().as_uri())
    _save(page.screenshot(), pictures / 'report_numbers.png')
    page.set_viewport_size({'width': 1120, 'height': 1030})
    page.emulate_media(color_scheme='dark')
    page.locator('.image.current .check a').nth(2).click()
    page.locator('.viewer').evaluate('part => scrollTo(0, part.offsetTop)')
    _save(page.screenshot(), pictures / 'report_object.png')
    browser.close()


def _save(screenshot, path):
  """Smaller: noise makes large files."""
  picture = Image.open(io.BytesIO(screenshot)).convert('RGB')
  picture.thumbnail((960, 750), Image.Resampling.LANCZOS)
  picture.save(path, optimize=True)
  print(f'{path}: {path.stat().st_size / 1e3:.0f} kB')


if __name__ == '__main__':
  main()
