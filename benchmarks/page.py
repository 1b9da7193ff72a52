"""The page of a session, of simulated foils, and pictures of it for docs.

  python -m benchmarks.page --output=pages --pictures=docs

from the root of the repository; the pictures need Debian's chromium. Foils of
voids are simulated and measured. Their label, blurred and with noise, stands
for a network's prediction: small voids are false negatives, and others are too
large. It prints how long a page takes and how large it is.
"""

import dataclasses
import io
import pathlib
import shutil
import time
from collections.abc import Sequence

import numpy as np
from PIL import Image
from scipy import ndimage

from benchmarks import report
from defectseg_jax.evaluation import confusion
from defectseg_jax.quantification import (
  Measurement,
  MeasurementSettings,
  kind_of,
  measure,
)
from defectseg_jax.reporting import figures
from defectseg_jax.reporting.page import (
  ImageView,
  PageImage,
  QuantityError,
  image_view,
  session_page,
  training_page,
)
from defectseg_jax.reporting.provenance import current_provenance
from defectseg_jax.sessions.calibration import Scale
from defectseg_jax.sessions.image_numbers import ImageNumbers, image_numbers
from defectseg_jax.sessions.numbers import SessionNumbers
from defectseg_jax.simulation import (
  FoilParameters,
  foil_parameters,
  simulate_foil,
)

DEFECT = 'voids'
THRESHOLD = 0.5
CHECKED = 6
HOW_MADE = {
  'command': 'python -m benchmarks.page',
  'network': 'none: blurred labels with noise',
  'threshold': f'{THRESHOLD}',
}


@dataclasses.dataclass(frozen=True)
class MeasuredFoil:
  """A simulated foil, its label and what stands for a prediction."""

  name: str
  parameters: FoilParameters
  pixels: np.ndarray
  mask: np.ndarray
  probability: np.ndarray
  truth: Measurement
  found: Measurement
  numbers: ImageNumbers


def main() -> None:
  """Writes the pages, and takes pictures of them."""
  parser = report.create_parser(__doc__)
  parser.add_argument('--images', type=int, default=6)
  parser.add_argument('--side_px', type=int, default=1024)
  parser.add_argument('--output', default='pages')
  parser.add_argument('--pictures')
  flags = parser.parse_args()
  folder = pathlib.Path(flags.output)
  folder.mkdir(parents=True, exist_ok=True)
  parameters = foil_parameters({'side_px': flags.side_px})
  foils = [_measure_foil(parameters, index) for index in range(flags.images)]
  print(report.line(report.machine()))
  for name, page in (
    ('session', lambda: _session(foils)),
    ('training', lambda: _training(foils)),
  ):
    started = time.perf_counter()
    html = page()
    seconds = time.perf_counter() - started
    (folder / f'{name}.html').write_text(html, encoding='utf-8')
    print(f'{name}: {seconds:.1f} s, {len(html) / 1e6:.1f} MB')
  if flags.pictures:
    _photograph(folder, pathlib.Path(flags.pictures))


def _measure_foil(parameters: FoilParameters, index: int) -> MeasuredFoil:
  """Simulates a foil; measures its label, and what stands for a prediction."""
  made = simulate_foil(parameters, seed=0, index=index)
  label = made.masks[DEFECT]
  rng = np.random.default_rng(index)
  noise = ndimage.gaussian_filter(rng.normal(size=label.shape), 6)
  blurred = ndimage.gaussian_filter(label.astype(np.float32), 5)
  probability = 1 / (1 + np.exp(-(12 * (blurred - 0.55) + 35 * noise)))
  # The thickness of one foil is in the wrong unit: the page warns of it.
  thickness_nm = parameters.thickness_nm if index != 4 else 17.7
  scale = Scale(parameters.pixel_size_nm, thickness_nm, '', '')

  def numbers(mask: np.ndarray) -> Measurement:
    return measure(
      mask,
      DEFECT,
      image=made.pixels,
      pixel_size_nm=scale.pixel_size_nm,
      thickness_nm=scale.thickness_nm,
    )

  found = numbers(probability >= THRESHOLD)
  name = f'foil_{index + 1:02d}.dm4'
  return MeasuredFoil(
    name=name,
    parameters=parameters,
    pixels=made.pixels,
    mask=label,
    probability=probability,
    truth=numbers(label),
    found=found,
    numbers=image_numbers(
      name, found, scale, settings=MeasurementSettings(DEFECT), sources={}
    ),
  )


def _create_view(foil: MeasuredFoil) -> ImageView:
  found = foil.found
  columns = found.objects | {
    'probability_mean': ndimage.mean(
      foil.probability, found.labels, found.objects['id']
    )
  }
  values = [column.tolist() for column in columns.values()]
  image = PageImage(
    name=foil.name,
    summary=foil.numbers.row,
    objects=[dict(zip(columns, row)) for row in zip(*values)],
    labels=found.labels,
    layers={
      'micrograph': foil.pixels,
      'mask': (found.labels > 0) * np.uint8(255),
      'probability': (255 * foil.probability).astype(np.uint8),
      'comparison': figures.comparison_map(found.labels > 0, foil.mask),
    },
    sizes_nm=found.sizes_nm,
    warnings=foil.numbers.warnings,
    check=_largest(found.objects),
  )
  return image_view(image, sizes_label=kind_of(DEFECT).sizes_label)


def _largest(objects: dict[str, np.ndarray]) -> list[tuple[int, str]]:
  """The particles that contribute most to the volume, and how much."""
  volumes = objects['diameter_nm'] ** 3
  shares = volumes / volumes.sum()
  return [
    (int(objects['id'][place]), f'{100 * shares[place]:.0f}% of the volume')
    for place in np.argsort(-shares)[:CHECKED]
  ]


def _session(foils: Sequence[MeasuredFoil]) -> str:
  numbers = SessionNumbers(
    MeasurementSettings(DEFECT),
    current_provenance(),
    [foil.numbers for foil in foils],
  )
  failed = image_view(
    PageImage('foil_07.dm4', failure='it is a diffraction pattern')
  )
  return session_page(
    f'{DEFECT.capitalize()}, {len(foils) + 1} micrographs',
    defect=DEFECT,
    images=[*(_create_view(foil) for foil in foils), failed],
    headlines=numbers.headlines,
    over_images=numbers.over_images,
    conventions=numbers.conventions,
    how_made=HOW_MADE,
    remarks=numbers.remarks,
  )


def _training(foils: Sequence[MeasuredFoil]) -> str:
  scores = confusion.summary(
    [confusion.confusion(foil.found.labels > 0, foil.mask) for foil in foils]
  )
  names = [{'name': foil.name} for foil in foils]
  metrics = {
    'defect': DEFECT,
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
    f'{DEFECT.capitalize()}: test set',
    metrics=metrics,
    history=history,
    images=[_create_view(foil) for foil in foils],
    errors=[
      QuantityError(
        foil.name, name, value, true, 100 * abs(value - true) / true
      )
      for foil in foils
      for name in (
        'number_density_per_m3',
        'diameter_mean_nm',
        'diameter_std_nm',
      )
      for value, true in [(foil.found.summary[name], foil.truth.summary[name])]
    ],
    how_made=HOW_MADE,
    remarks=['Truth is what a careful person would draw.'],
  )


def _photograph(folder: pathlib.Path, pictures: pathlib.Path) -> None:
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


def _save(screenshot: bytes, path: pathlib.Path) -> None:
  """Saves it smaller: noise makes large files."""
  picture = Image.open(io.BytesIO(screenshot)).convert('RGB')
  picture.thumbnail((960, 750), Image.Resampling.LANCZOS)
  picture.save(path, optimize=True)
  print(f'{path}: {path.stat().st_size / 1e3:.0f} kB')


if __name__ == '__main__':
  main()
