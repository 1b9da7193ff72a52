"""The page of a session of hundreds of images: its size, and how it opens.

  python -m benchmarks.large_page

from the root of the repository; needs Linux and chromium. Five images of 2048 x
2048 pixels with 200 discs each, on noise that no JPEG likes, are measured as
--mode=predict measures them; the page has each of them many times, under
another name each time, which no part of it takes notice of. Before that
objects.csv is written of ten times as many images. Memory is what the process
has at most meanwhile, less what it had before.

The browser opens the file from disk. `first paint` is when the first words are
seen, `click` when a click for the second image, made as soon as there is
something to click on, is answered by it, `still` the longest that the screen
stood still until all was read, `read` when it was. `scroll` is the longest that
it stood still while the wheel went down to the end, `next` an image to the
following one.
"""

import dataclasses
import pathlib
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from scipy import ndimage

from benchmarks import report, rows
from defectseg_jax.quantification import MeasurementSettings, kind_of
from defectseg_jax.quantification.review import mean_probabilities
from defectseg_jax.reporting.page import ImageView, image_view, session_page
from defectseg_jax.reporting.page.content import ImageArrays, page_image
from defectseg_jax.reporting.provenance import current_provenance
from defectseg_jax.sessions.calibration import Scale
from defectseg_jax.sessions.image_numbers import ImageNumbers, image_numbers
from defectseg_jax.sessions.numbers import SessionNumbers
from defectseg_jax.sessions.tables import objects_table

Made = Sequence[tuple[ImageNumbers, ImageView]]
DEFECT, THRESHOLD = 'voids', 0.5
MADE = 5
# Frames that follow the wheel down; the page may be longer than they reach.
_SCROLL = """() => new Promise(done => {
  let longest = 0, before = performance.now(), steps = 0;
  function frame(now) {
    if (steps++) longest = Math.max(longest, now - before);
    before = now;
    window.scrollBy(0, 200);
    const left = document.documentElement.scrollHeight
      - window.innerHeight - window.scrollY;
    if (left < 2) done([longest, steps]);
    else requestAnimationFrame(frame);
  }
  requestAnimationFrame(frame);
})"""
# Before the page's own: clicks as soon as there is what can be clicked on.
_CLICK = """(() => {
  window.seen = {longest: 0};
  let before = performance.now();
  const frame = now => {
    seen.longest = Math.max(seen.longest, now - before);
    before = now;
    if (document.readyState === 'loading') requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
  const look = () => {
    const next = document.querySelector(
      '.toolbar:not([hidden]) [data-step="1"]');
    if (!next) return setTimeout(look, 10);
    next.click();
    answered();
  };
  const answered = () => {
    if (document.querySelector('.current')?.id !== 'image-2')
      return setTimeout(answered, 10);
    requestAnimationFrame(() => setTimeout(
      () => { seen.click = performance.now(); }));
  };
  look();
})()"""


def main() -> None:
  """Writes the page, opens it, and prints a table."""
  parser = report.create_parser(__doc__)
  parser.add_argument('--images', type=int, default=500)
  parser.add_argument('--side_px', type=int, default=2048)
  parser.add_argument('--objects', type=int, default=200)
  parser.add_argument('--output', help='a folder to keep the page in')
  given = parser.parse_args()
  print(report.line(report.machine()))
  with tempfile.TemporaryDirectory() as folder:
    path = pathlib.Path(given.output or folder, 'report.html')
    path.parent.mkdir(parents=True, exist_ok=True)
    facts = _write(path, given.images, given.side_px, given.objects)
    facts |= _open(path)
  print(
    report.table(['of the page', 'is'], [[*map(str, f)] for f in facts.items()])
  )


def measure_rows() -> list[rows.Row]:
  """The page of 100 images: to write it, and to open it in Chromium."""
  with tempfile.TemporaryDirectory() as folder:
    path = pathlib.Path(folder, 'report.html')
    facts = _write(path, 100, 1024, 100)
    shown = {
      's to measure and draw an image': ('measure and draw an image', 's'),
      's to write the page': ('write the page of 100 images', 's'),
      'MB of memory for it': ('memory for it', 'MB'),
    }
    if shutil.which('chromium'):
      facts |= _open(path)
      shown['ms to first paint'] = ('open it, to the first words', 'ms')
      shown['ms, click'] = ('open it, to an answered click', 'ms')
  return [rows.Row(*shown[name], [float(facts[name])]) for name in shown]


def _write(
  path: pathlib.Path, count: int, side_px: int, objects: int
) -> dict[str, str]:
  began = time.perf_counter()
  made = [_measured(seed, side_px, objects, count) for seed in range(MADE)]
  seconds = (time.perf_counter() - began) / MADE
  table = _write_objects(path.parent, made, 10 * count)
  before_mb = _begin_mb()
  images = list(_copies(made, count))
  numbers = SessionNumbers(
    MeasurementSettings(DEFECT),
    current_provenance(),
    [one for one, _ in images],
  )
  began = time.perf_counter()
  html = session_page(
    f'{DEFECT.capitalize()}, {count} micrographs',
    defect=DEFECT,
    images=[view for _, view in images],
    headlines=numbers.headlines,
    over_images=numbers.over_images,
    conventions=numbers.conventions,
    how_made={'command': 'python -m benchmarks.large_page'},
    cautions=numbers.cautions,
    remarks=numbers.remarks,
  )
  path.write_text(html, encoding='utf-8')
  return {
    **table,
    'images': str(count),
    'MB of the page': f'{path.stat().st_size / 1e6:.1f}',
    's to measure and draw an image': f'{seconds:.2f}',
    's to write the page': f'{time.perf_counter() - began:.1f}',
    'MB of memory for it': f'{_peak_mb() - before_mb:.0f}',
  }


def _write_objects(
  folder: pathlib.Path, made: Made, count: int
) -> dict[str, str]:
  """objects.csv of so many images."""
  before_mb, lines = _begin_mb(), 0
  with objects_table(folder) as write:
    for numbers, _ in _copies(made, count):
      lines += len(numbers.objects['id'])
      write(numbers)
  size = (folder / 'objects.csv').stat().st_size / 1e6
  return {
    'rows of objects.csv': f'{lines} ({size:.0f} MB, of {count} images)',
    'MB of memory for them': f'{_peak_mb() - before_mb:.0f}',
  }


def _measured(
  seed: int, side_px: int, objects: int, count: int
) -> tuple[ImageNumbers, ImageView]:
  rng = np.random.default_rng(seed)
  mask = np.zeros((side_px, side_px), bool)
  down, across = np.mgrid[-40:41, -40:41]
  for row, column in rng.integers(50, side_px - 50, (objects, 2)):
    disc = down**2 + across**2 < rng.uniform(8, 30) ** 2
    mask[row - 40 : row + 41, column - 40 : column + 41] |= disc
  noise = rng.normal(0, 20, mask.shape)
  pixels = np.clip(90 + 60 * mask + noise, 0, 255).astype(np.uint8)
  blurred = ndimage.gaussian_filter(mask.astype(np.float32), 2)
  rough = ndimage.gaussian_filter(rng.normal(size=mask.shape), 4)
  probabilities = np.clip(blurred + 0.3 * rough, 0, 1).astype(np.float32)
  arrays = ImageArrays(pixels, probabilities >= THRESHOLD, probabilities)
  settings = MeasurementSettings(DEFECT)
  scale = Scale(0.32, 100.0, '', '')
  found = settings.measure(
    arrays.mask,
    pixel_size_nm=scale.pixel_size_nm,
    thickness_nm=scale.thickness_nm,
    image=pixels,
  )
  means = mean_probabilities(found.labels, probabilities, len(found.counted))
  found = dataclasses.replace(
    found, objects={**found.objects, 'mean_probability': means}
  )
  numbers = image_numbers(
    f'foil_{seed}', found, scale, settings=settings, sources={}
  )
  shown = page_image(
    numbers.name,
    found,
    arrays,
    defect=DEFECT,
    minimum_area_px=settings.quantification.minimum_area_px,
    threshold=THRESHOLD,
    summary=numbers.row,
    warnings=numbers.warnings,
  )
  label = kind_of(DEFECT).sizes_label
  return numbers, image_view(shown, sizes_label=label, images=count)


def _copies(made: Made, count: int) -> Iterator[tuple[ImageNumbers, ImageView]]:
  """With texts of their own, as those of different images have."""
  for index in range(count):
    numbers, view = made[index % len(made)]
    name = f'foil_{index:03d}'
    row = {**numbers.row, 'image': name}
    of_its_own = {
      'layers': {name: u[:1] + u[1:] for name, u in view.layers.items()},
      'outlines': [(key, p[:1] + p[1:], of) for key, p, of in view.outlines],
    }
    yield (
      dataclasses.replace(numbers, row=row),
      dataclasses.replace(view, name=name, summary=row, **of_its_own),
    )


def _open(path: pathlib.Path) -> dict[str, str]:
  """Times in a browser, in milliseconds."""
  from playwright import sync_api

  with sync_api.sync_playwright() as started:
    browser = started.chromium.launch(executable_path=shutil.which('chromium'))
    page = browser.new_page(viewport={'width': 1280, 'height': 900})
    page.set_default_timeout(600_000)
    page.add_init_script(_CLICK)
    page.goto(path.absolute().as_uri())
    page.wait_for_function('() => seen.click')
    times: dict[str, Any] = page.evaluate(
      """() => ({
        paint: performance.getEntriesByName('first-contentful-paint')[0]
          ?.startTime,
        ...seen,
        read: performance.timing.domContentLoadedEventEnd
          - performance.timing.navigationStart,
      })"""
    )
    longest, steps = page.evaluate(_SCROLL)
    began = time.perf_counter()
    page.evaluate('() => document.querySelector(\'[data-step="1"]\').click()')
    page.evaluate(
      '() => new Promise(done => requestAnimationFrame(() =>'
      ' requestAnimationFrame(done)))'
    )
    following = time.perf_counter() - began
    browser.close()
  return {
    'ms to first paint': f'{times["paint"] or -1:.0f}',
    'ms, click': f'{times["click"]:.0f}',
    'ms, still': f'{times["longest"]:.0f}',
    'ms, read': f'{times["read"]:.0f}',
    'ms, scroll': f'{longest:.0f} (of {steps} frames)',
    'ms, next': f'{1000 * following:.0f}',
  }


def _begin_mb() -> float:
  """What the process has; `_peak_mb` is of what comes after."""
  pathlib.Path('/proc/self/clear_refs').write_text('5')
  return _status_mb('VmRSS')


def _peak_mb() -> float:
  return _status_mb('VmHWM')


def _status_mb(name: str) -> float:
  lines = pathlib.Path('/proc/self/status').read_text().splitlines()
  return next(int(x.split()[1]) for x in lines if x.startswith(name)) / 1e3


if __name__ == '__main__':
  main()
