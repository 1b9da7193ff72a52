"""How fast the page of a review is, and pictures of it.

  python -m benchmarks.review_page
  python -m benchmarks.review_page --side_px=16384 --objects=2000
  python -m benchmarks.review_page --pictures=docs/review --session=results

from the root of the repository; it needs Chromium and Playwright. A session of
one image of 2048 x 2048 pixels with 2,000 voids is served and opened in a
window of 1920 x 1080. It prints the seconds until the first picture, the
milliseconds until clicks are answered and until their numbers are seen, those
between two frames while the picture is moved, and the memory of page and
server. Others at work on the machine make all times longer; the server's own
processor time stands beside them.

With --pictures, a copy of --session is opened instead, and windows of 1280 x
720 and 2560 x 1440 are written, light and dark; something that was missed is
grown in them, and an object taken out.
"""

import contextlib
import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
from PIL import Image
from playwright import sync_api

from benchmarks import report
from benchmarks.review_session import write_session

_WAIT_S = 600.0
# Of a picture, beside greys; by eye.
_COLOURS = 64
_PICTURE_PX = 960, 540
_IDLE = """!!window.program?.stage.image && program.stage.frames > 1
  && !program.stage.image.waiting && !program.stage.image.measuring
  && program.stage.image.store.fresh && program.check.loaded"""
_SEEN = """!!window.program?.stage.image && program.stage.frames > 1
  && [...program.stage.image.store.tiles.values()].some(
    tile => tile.kind === 'pixels' && tile.canvas)"""
# Eleven objects out, half a second apart: until each is answered, and until its
# numbers are painted. The first is another thing: what a journal begins from is
# written for it.
_CLICKS = """(async () => {
  const {image} = program.stage;
  const busy = () => document.getElementById('numbers').ariaBusy === 'true';
  const times = [];
  for (const {box} of [...image.objects.values()].slice(0, 11)) {
    const [row, column] = [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2];
    const begun = performance.now();
    const sent = image.change({kind: 'toggle', row, column});
    const followed = program.editor.follow(sent);
    await sent;
    const answered = performance.now() - begun;
    await followed;
    while (image.data.numbers.version < image.version || busy()) {
      await new Promise(requestAnimationFrame);
    }
    // Drawn, and painted.
    await new Promise(requestAnimationFrame);
    await new Promise(done => setTimeout(done));
    times.push([answered, performance.now() - begun]);
    await new Promise(done => setTimeout(done, 500));
  }
  return times;
})()"""
# Of what was nearly found, the first that lies well inside, and what is near.
_MISSED = """(() => {
  const {image} = program.stage;
  const {height, width} = image.data;
  const found = program.check.places.map((place, index) => ({...place, index}))
    .find(({id, row, column}) => id === null && row > 60 && column > 60 &&
      row < height - 60 && column < width - 60);
  const near = [...image.objects.values()].map(
    ({box}) => [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2]);
  const far = ([row, column]) =>
    Math.hypot(row - found.row, column - found.column);
  near.sort((one, other) => far(one) - far(other));
  return {...found, near: near[0]};
})()"""
# An image that says to be checked, if there is one.
_DOUBTED = """(async () => {
  const {images} = program.list;
  const doubted = images.find(
    ({applies}) => applies && applies !== 'applies') ?? images[0];
  await program.open(doubted.name);
})()"""
_FRAMES = """(async () => {
  const {view} = program.stage;
  const times = [];
  view.scale = SCALE;
  let last = performance.now();
  for (let step = 0; step < 150; step++) {
    view.centre(
      view.imageHeight * (0.5 + 0.3 * Math.sin(step / 15)),
      view.imageWidth * (0.5 + 0.3 * Math.cos(step / 20)));
    program.stage.redraw();
    await new Promise(requestAnimationFrame);
    times.push(performance.now() - last);
    last = performance.now();
  }
  return times.sort((one, other) => one - other);
})()"""


def main() -> None:
  """Measures, or takes pictures."""
  parser = report.create_parser(__doc__)
  parser.add_argument('--side_px', type=int, default=2048)
  parser.add_argument('--objects', type=int, default=2000)
  parser.add_argument('--pictures', type=pathlib.Path)
  parser.add_argument('--session', type=pathlib.Path)
  given = parser.parse_args()
  with tempfile.TemporaryDirectory() as scratch, _chromium() as browser:
    folder = pathlib.Path(scratch, 'results')
    if given.pictures:
      shutil.copytree(given.session, folder)
    else:
      write_session(folder, 'voids', side_px=given.side_px, count=given.objects)
    with _served(folder) as (url, process):
      if given.pictures:
        _take_pictures(browser, url, given.pictures)
      else:
        print(report.line(report.machine()))
        _measure(browser, url, process)


def _measure(
  browser: sync_api.Browser, url: str, process: subprocess.Popen[str]
) -> None:
  page = browser.new_page(viewport={'width': 1920, 'height': 1080})
  before, begun = _processor_s(process), time.perf_counter()
  page.goto(url)
  _until(page, _SEEN)
  seconds, busy = time.perf_counter() - begun, _processor_s(process) - before
  print(f'first picture: {seconds:.2f} s (server {busy:.2f} s)')
  _until(page, _IDLE)
  objects = page.evaluate('program.stage.image.objects.size')
  print(f'objects: {objects}')
  before = _processor_s(process)
  [first, *times] = page.evaluate(_CLICKS)
  busy = (_processor_s(process) - before) / (1 + len(times))
  answered, counted = (round(statistics.median(one)) for one in zip(*times))
  print(
    f'a click: answered in {answered} ms, its numbers seen in {counted} ms '
    f'(the first in {first[0]:.0f} and {first[1]:.0f} ms; server '
    f'{1000 * busy:.0f} ms for both, to save and to make ahead)'
  )
  _until(page, _IDLE)
  for scale in (0.5, 1.0, 4.0):
    found = page.evaluate(_FRAMES.replace('SCALE', str(scale)))
    _until(page, _IDLE)
    found = page.evaluate(_FRAMES.replace('SCALE', str(scale)))
    middle, late = found[len(found) // 2], found[int(0.95 * len(found))]
    print(f'frames at {scale:g}: {middle:.1f} ms, 95% in {late:.1f} ms')
  heap = page.evaluate('performance.memory.usedJSHeapSize') / 2**20
  tiles = page.evaluate(
    '[...program.stage.image.store.tiles.values()].reduce((sum, tile) => sum '
    '+ (tile.data?.byteLength ?? 0) + (tile.canvas ? 4 * tile.width * '
    'tile.height : 0), 0)'
  )
  print(f'page: heap {heap:.0f} MB, tiles {tiles / 2**20:.0f} MB')
  print(f'server: at most {_peak_mb(process):.0f} MB')


def _take_pictures(
  browser: sync_api.Browser, url: str, folder: pathlib.Path
) -> None:
  folder.mkdir(parents=True, exist_ok=True)
  for name, width, height, scheme in (
    ('look', 1280, 720, 'light'),
    ('correct', 1280, 720, 'dark'),
    ('large', 2560, 1440, 'light'),
  ):
    page = browser.new_page(
      viewport={'width': width, 'height': height},
      color_scheme='dark' if scheme == 'dark' else 'light',
    )
    page.goto(url)
    _until(page, _IDLE)
    if name == 'look':
      page.evaluate(_DOUBTED)
      _until(page, _IDLE)
    else:
      _correct(page)
    _shoot(page, folder / f'{name}.png')
    page.close()


def _correct(page: sync_api.Page) -> None:
  """Grows what was missed and lies well inside; takes a neighbour out.

  In the second window both are there already, and are left alone.
  """
  place = page.evaluate(_MISSED)
  page.evaluate(f'program.check.go({place["index"]})')
  for _ in range(2):
    page.keyboard.press('+')
  if not page.evaluate('program.stage.image.version'):
    for operation in (
      {'kind': 'grow', 'row': place['row'], 'column': place['column']},
      {'kind': 'toggle', 'row': place['near'][0], 'column': place['near'][1]},
    ):
      page.evaluate(f'program.editor.send({json.dumps(operation)})')
  page.keyboard.press('f')
  page.keyboard.press('g')
  _until(page, _IDLE)


def _shoot(page: sync_api.Page, path: pathlib.Path) -> None:
  """A picture of few colours, which is small."""
  page.wait_for_timeout(400)
  page.screenshot(path=path)
  with Image.open(path) as picture:
    small = picture.convert('RGB')
  small = small.resize(_PICTURE_PX, Image.Resampling.LANCZOS)
  small.quantize(
    palette=_palette(np.asarray(small)), dither=Image.Dither.NONE
  ).save(path, optimize=True)


def _palette(pixels: np.ndarray) -> Image.Image:
  """Greys, of which there are many, and the few colours beside them."""
  spread = pixels.max(axis=2).astype(int) - pixels.min(axis=2)
  coloured = Image.fromarray(pixels[spread > 24][None])
  colours = coloured.quantize(_COLOURS).getpalette() or []
  greys = np.repeat(np.arange(0, 256, 6), 3).tolist()
  palette = Image.new('P', (1, 1))
  palette.putpalette(greys + colours)
  return palette


@contextlib.contextmanager
def _chromium() -> Iterator[sync_api.Browser]:
  path = shutil.which('chromium') or shutil.which('chromium-browser')
  with sync_api.sync_playwright() as started:
    opened = started.chromium.launch(
      executable_path=path, args=['--enable-precise-memory-info']
    )
    yield opened
    opened.close()


@contextlib.contextmanager
def _served(
  folder: pathlib.Path,
) -> Iterator[tuple[str, subprocess.Popen[str]]]:
  """The address of a review of a folder, and its process."""
  process = subprocess.Popen(
    [
      *(sys.executable, '-u', '-m', 'defectseg_jax.main', 'review'),
      *(f'--output={folder}', '--open_browser=false'),
    ],
    env=os.environ | {'COLUMNS': '300'},
    stdout=subprocess.PIPE,
    stderr=subprocess.STDOUT,
    text=True,
  )
  assert process.stdout
  said: list[str] = []
  for line in process.stdout:
    said.append(line)
    if found := re.search(r'http://\S+', line):
      break
  else:
    raise RuntimeError(''.join(said))
  try:
    yield found[0], process
  finally:
    # What would be made anew at its end is of no use here.
    process.kill()
    process.wait()


def _until(page: sync_api.Page, expression: str) -> Any:
  end = time.monotonic() + _WAIT_S
  while not (found := page.evaluate(expression)):
    if time.monotonic() > end:
      said = page.evaluate(
        'document.getElementById("problem-text").textContent'
      )
      raise TimeoutError(f'{json.dumps(said)}: {expression}')
    time.sleep(0.01)
  return found


def _processor_s(process: subprocess.Popen[str]) -> float:
  fields = pathlib.Path(f'/proc/{process.pid}/stat').read_text().split()
  return (int(fields[13]) + int(fields[14])) / os.sysconf('SC_CLK_TCK')


def _peak_mb(process: subprocess.Popen[str]) -> float:
  status = pathlib.Path(f'/proc/{process.pid}/status').read_text()
  found = re.search(r'VmHWM:\s+(\d+) kB', status)
  return int(found[1]) / 1024 if found else float('nan')


if __name__ == '__main__':
  main()
