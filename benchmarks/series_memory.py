"""How much memory a series takes, and how that grows with its frames.

  python -m benchmarks.series_memory
  python -m benchmarks.series_memory --frames 20 1000

from the root of the repository. Frames are parts of one large image of soft
blots and discs, 3 pixels apart, with noise, as files of a folder, and masks of
the discs as PNG. All go through `--mode=quantify --series` in a process of its
own, once for each number of frames: read, measured, followed, drawn, with all
tables and the page. What a frame adds is taken from the first and the last:
give 40 frames or more, since the pictures of a page have a bound together that
fewer do not reach, and below it a frame adds more.

Exit code 1: the peak, or what 1,000 frames would take by what a frame adds, is
above 2 GiB.
"""

import pathlib
import resource
import subprocess
import sys
import tempfile
import time

import numpy as np
from PIL import Image
from scipy import ndimage

from benchmarks import report

MOST_GIB, ALL_FRAMES = 2.0, 1000
DISCS, DIAMETERS_PX = 60, (20, 60)


def main() -> int:
  """Measures; the exit code."""
  parser = report.create_parser(__doc__)
  parser.add_argument('--frames', type=int, nargs=2, default=(40, 80))
  parser.add_argument('--side_px', type=int, default=1024)
  flags = parser.parse_args()
  print(report.line(report.machine()))
  rows, peaks = [], []
  for frames in flags.frames:
    seconds, peak = _run(frames, flags.side_px)
    peaks.append(peak)
    rows.append([f'{frames}', f'{peak:.3f}', f'{seconds / frames:.1f}'])
  print(report.table(['frames', 'peak GiB', 'seconds a frame'], rows))
  few, many = flags.frames
  per_frame = (peaks[1] - peaks[0]) / (many - few)
  at_all = peaks[1] + per_frame * (ALL_FRAMES - many)
  print(
    f'a frame adds {per_frame * 1024:.2f} MiB: {ALL_FRAMES} frames would take '
    f'{at_all:.2f} GiB'
  )
  passed = max(at_all, *peaks) <= MOST_GIB
  print(f'bound: {MOST_GIB} GiB: {"held" if passed else "MISSED"}')
  return 0 if passed else 1


def _run(frames: int, side_px: int) -> tuple[float, float]:
  """Seconds and peak of a series, in GiB."""
  with tempfile.TemporaryDirectory() as text:
    folder = pathlib.Path(text)
    _write(folder, frames, side_px)
    # Peaks are of all children until now: the longer series comes later.
    began = time.perf_counter()
    subprocess.run(
      [
        *(sys.executable, '-m', 'defectseg_jax.main', 'quantify', '--series'),
        *('--config=configs/voids.py', '--pixel_size_nm=0.32'),
        *(f'--input={folder}/masks', f'--micrographs={folder}/images'),
        *('--thickness_nm=190', f'--output={folder}/out'),
      ],
      check=True,
      capture_output=True,
    )
    seconds = time.perf_counter() - began
  peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
  return seconds, peak / (2**30 if sys.platform == 'darwin' else 2**20)


def _write(folder: pathlib.Path, frames: int, side_px: int) -> None:
  random = np.random.default_rng(0)
  # The way back, before the frames leave the image.
  way = 3 * np.abs((np.arange(frames) + 100) % 200 - 100)
  side = side_px + 304
  world = ndimage.gaussian_filter(random.normal(size=(side, side)), 4) * 200
  rows, columns = np.mgrid[:side, :side]
  mask = np.zeros((side, side), bool)
  for _ in range(DISCS):
    row, column = random.uniform(0, side, 2)
    radius = random.uniform(*DIAMETERS_PX) / 2
    mask |= (rows - row) ** 2 + (columns - column) ** 2 < radius**2
  world -= 30 * mask
  for kind in ('images', 'masks'):
    (folder / kind).mkdir()
  for number, at in enumerate(way):
    part = (slice(at, at + side_px),) * 2
    noisy = world[part] + random.normal(scale=8, size=(side_px, side_px))
    pixels = np.clip(noisy + 128, 0, 255).astype(np.uint8)
    name = f'frame_{number:04d}.png'
    Image.fromarray(pixels).save(folder / 'images' / name)
    shown = mask[part].astype(np.uint8) * 255
    Image.fromarray(shown).save(folder / 'masks' / name)


if __name__ == '__main__':
  sys.exit(main())
