"""How much memory many frames take, and one large image with many objects.

  python -m benchmarks.memory --objects=100000
  python -m benchmarks.memory --frames=3000 --objects=0
  python -m benchmarks.memory --frames=3000 --objects=0 --object_diameter_nm=24
  python -m benchmarks.memory --masks=3000 --objects=0

from the root of the repository. Objects are discs in a mask of 16384 x 16384
pixels, by `--mode=quantify`, from its file to the page. Frames are a stack of
1024 x 1024 pixels, or of --side_px, in one TIFF, by `--mode=predict
--network=voids`, at three scales or at the one that a diameter asks for; masks
are such a stack of masks, by `--mode=quantify`. The peak is that of the largest
process. Bounds are 2 GiB and 60 s, and 1.5 GiB.

Exit code 1: a bound is passed.
"""

import pathlib
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator

import numpy as np
import tifffile
from skimage import draw

from benchmarks import report

_LARGE_PX = 16384
_MOST_GIB, _MOST_LARGE_GIB, _MOST_S = 1.5, 2.0, 60.0


def main() -> int:
  """Measures; the exit code."""
  parser = report.create_parser(__doc__)
  parser.add_argument('--frames', type=int, default=0)
  parser.add_argument('--masks', type=int, default=0)
  parser.add_argument('--side_px', type=int, default=1024)
  parser.add_argument('--objects', type=int, default=100_000)
  parser.add_argument('--object_diameter_nm', type=float)
  flags = parser.parse_args()
  hint = flags.object_diameter_nm
  network = ['--network=voids']
  network += [f'--object_diameter_nm={hint}'] if hint else []
  print(report.line(report.machine()))
  rows, held = [], True
  with tempfile.TemporaryDirectory() as text:
    folder = pathlib.Path(text)
    # Peaks are of all children until now: the smaller bound comes first.
    for what, count, *words in (
      ('frames', flags.frames, 'predict', *network),
      ('masks', flags.masks, 'quantify', '--config=configs/voids.py'),
    ):
      if count:
        path = folder / f'{what}.tif'
        _write_stack(path, count, flags.side_px, masks=what == 'masks')
        seconds, peak = _run(path, *words)
        held &= peak <= _MOST_GIB
        rows.append(_row(f'{count} {what}, {flags.side_px} px', peak, seconds))
    if flags.objects:
      count = _write_large(folder / 'large.tif', flags.objects)
      seconds, peak = _run(
        folder / 'large.tif', 'quantify', '--config=configs/voids.py'
      )
      held &= peak <= _MOST_LARGE_GIB and seconds <= _MOST_S
      rows.append(_row(f'{_LARGE_PX} px, {count} objects', peak, seconds))
  print(report.table(['what', 'peak GiB', 'seconds'], rows))
  print(f'bounds: {"held" if held else "MISSED"}')
  return 0 if held else 1


def _row(what: str, peak_gib: float, seconds: float) -> list[str]:
  return [what, f'{peak_gib:.2f}', f'{seconds:.0f}']


def _run(path: pathlib.Path, mode: str, *words: str) -> tuple[float, float]:
  """Seconds, and peak in GiB."""
  began = time.perf_counter()
  subprocess.run(
    [
      *(sys.executable, '-m', 'defectseg_jax.main', mode, *words),
      *('--pixel_size_nm=0.5', '--thickness_nm=100', f'--input={path}'),
      f'--output={path.parent / mode}',
    ],
    check=True,
    stdout=subprocess.DEVNULL,
  )
  seconds = time.perf_counter() - began
  peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
  return seconds, peak / (2**30 if sys.platform == 'darwin' else 2**20)


def _write_large(path: pathlib.Path, objects: int) -> int:
  """Discs on a grid, each moved at random; how many there are."""
  rng = np.random.default_rng(0)
  mask = np.zeros((_LARGE_PX, _LARGE_PX), np.uint8)
  across = int(np.sqrt(objects))
  pitch = _LARGE_PX / across
  for row, column in np.ndindex(across, across):
    middle = (np.array([row, column]) + rng.uniform(0.4, 0.6, 2)) * pitch
    radius = rng.uniform(0.2, 0.35) * pitch
    mask[draw.disk(middle, radius, shape=mask.shape)] = 255
  tifffile.imwrite(path, mask, compression='zlib')
  return across**2


def _write_stack(
  path: pathlib.Path, count: int, side_px: int, *, masks: bool
) -> None:
  """Thirty discs for each 1024 x 1024 pixels, in noise or as a mask."""
  discs = max(2, round(30 * (side_px / 1024) ** 2))

  def frames() -> Iterator[np.ndarray]:
    rng = np.random.default_rng(0)
    for _ in range(count):
      pixels = np.zeros((side_px, side_px))
      for middle in rng.uniform(0, side_px, (discs, 2)):
        disc = draw.disk(middle, rng.uniform(6, 20), shape=pixels.shape)
        pixels[disc] = 1
      if masks:
        yield (255 * pixels).astype(np.uint8)
      else:
        pixels = rng.normal(120 + 50 * pixels, 12)
        yield np.clip(pixels, 0, 255).astype(np.uint8)

  shape = count, side_px, side_px
  tifffile.imwrite(path, frames(), shape=shape, dtype=np.uint8, bigtiff=True)


if __name__ == '__main__':
  sys.exit(main())
