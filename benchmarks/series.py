"""Whether drift and links of a series are right, and how much memory it takes.

  python -m benchmarks.series
  python -m benchmarks.series --growth=1.0005

from the root of the repository. A foil is drawn that is larger than a frame: as
many voids, or precipitates, as the defaults of `configs/foil.py` have in the
area, of their diameters, as dark discs at random places that grow from frame to
frame; soft spots, and the noise of so many electrons. From frame to frame the
foil moves by 3 pixels, in a direction that turns slowly, and by parts of a
pixel. Drift is found in the images. Objects are those of the true masks: discs
that touch are one.

A link is right if both its objects hold the same disc, as the one that covers
most of each. Links to be found are those of discs that cover most of an object
in two frames that follow each other. Frames of two different foils are to be
told from frames of one.

Exit code 1: fewer than 95% of links are right or found, drift is further than
0.2 pixels from the truth in more than 5% of the frames, or more than 5% of
pairs of different foils are taken for one. `benchmarks.series_memory` measures
what memory a series takes.
"""

import argparse
import sys
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from scipy import ndimage

from benchmarks import report
from configs import foil
from defectseg_jax.quantification.particles.properties import measure_particles
from defectseg_jax.quantification.series.drift import detail, find_shift
from defectseg_jax.quantification.series.following import SeriesFollower
from defectseg_jax.quantification.series.tracks import FrameObjects

LEAST_RIGHT, MOST_DRIFT_ERROR_PX, MOST_CONFUSED = 0.95, 0.2, 0.05
DRIFT_PX, TURN = 3.0, 0.05
# Of a diameter, from frame to frame.
GROWTH = 1.003
_MARGIN_PX = 64


class Disc(NamedTuple):
  """A dark disc; places and sizes in pixels of the foil."""

  row: float
  column: float
  diameter: float


class Drawn(NamedTuple):
  """A frame, and its truth.

  Attributes:
    pixels: uint16 [H, W], electrons.
    mask: bool [H, W].
    owners: int [H, W], the disc at each pixel, from 1; 0 for none.
    drift_px: rows and columns from the first frame.
  """

  pixels: np.ndarray
  mask: np.ndarray
  owners: np.ndarray
  drift_px: np.ndarray


def main() -> int:
  """Measures; the exit code."""
  parser = report.create_parser(__doc__)
  parser.add_argument('--frames', type=int, default=60)
  parser.add_argument('--side_px', type=int, default=1024)
  parser.add_argument('--foils', type=int, default=2)
  parser.add_argument('--pairs', type=int, default=40)
  parser.add_argument('--growth', type=float, default=GROWTH)
  parser.add_argument('--json')
  flags = parser.parse_args()
  print(report.line(report.machine() | report.versions('scikit-image')))
  rows, passed, result = [], True, {}
  for defect in ('voids', 'precipitates'):
    found = _judge(defect, flags)
    confused = _confused(defect, flags.pairs, flags.side_px)
    found['confused'] = confused
    result[defect] = found
    passed &= min(found['right'], found['found']) >= LEAST_RIGHT
    passed &= found['error_95_px'] <= MOST_DRIFT_ERROR_PX
    passed &= confused <= MOST_CONFUSED
    rows.append(
      [
        defect,
        f'{found["links"]}',
        f'{found["right"]:.1%}',
        f'{found["found"]:.1%}',
        f'{found["error_median_px"]:.3f}',
        f'{found["error_95_px"]:.3f}',
        f'{found["step_95_px"]:.3f}',
        f'{found["rejected"]}',
        f'{confused:.1%}',
      ]
    )
  header = ['foil', 'links', 'right', 'found', 'drift off by, median px']
  header += ['95% px', 'step, 95% px', 'frames rejected', 'foils taken for one']
  print(report.table(header, rows))
  report.write_json(flags.json, result)
  print(
    f'bounds: {LEAST_RIGHT:.0%} of links, {MOST_DRIFT_ERROR_PX} px, '
    f'{MOST_CONFUSED:.0%} of foils: {"held" if passed else "MISSED"}'
  )
  return 0 if passed else 1


def draw_frames(
  defect: str,
  seed: int,
  frames: int,
  side_px: int,
  *,
  growth: float = GROWTH,
) -> Iterator[Drawn]:
  """The frames of one foil that moves, and whose objects grow."""
  random = np.random.default_rng(seed)
  steps = _steps(random, frames)
  drifts = np.cumsum(steps, axis=0)
  low, high = -drifts.max(0) - _MARGIN_PX, side_px - drifts.min(0) + _MARGIN_PX
  config: Any = foil.get_config()
  discs = list(_discs(random, getattr(config, defect), config, low, high))
  spots = list(_spots(random, config, low, high))
  dose = config.detector.dose_electrons_per_px
  for frame, drift in enumerate(drifts):
    brightness = np.ones((side_px, side_px), np.float32)
    for spot in spots:
      _darken(brightness, spot, drift, soft=True)
    owners = np.zeros((side_px, side_px), np.int32)
    for number, disc in enumerate(discs, start=1):
      grown = disc._replace(diameter=disc.diameter * growth**frame)
      _darken(brightness, grown, drift)
      _own(owners, number, grown, drift)
    pixels = random.poisson(brightness * dose).astype(np.uint16)
    yield Drawn(pixels, owners > 0, owners, drift)


def _steps(random: np.random.Generator, frames: int) -> np.ndarray:
  """How far the foil moves before each frame; not at all before the first."""
  angle = random.uniform(0, 2 * np.pi) + TURN * np.arange(frames)
  steps = DRIFT_PX * np.column_stack([np.sin(angle), np.cos(angle)])
  steps[0] = 0
  return steps


def _discs(
  random: np.random.Generator,
  of: Any,
  config: Any,
  low: np.ndarray,
  high: np.ndarray,
) -> Iterator[Disc]:
  per_px = of.density_per_m3 * config.thickness_nm * config.pixel_size_nm**2
  count = random.poisson(per_px * 1e-27 * np.prod(high - low))
  shape = (of.diameter_nm / of.diameter_std_nm) ** 2
  for _ in range(count):
    diameter = random.gamma(shape, of.diameter_nm / shape)
    row, column = random.uniform(low, high)
    yield Disc(row, column, diameter / config.pixel_size_nm)


def _spots(
  random: np.random.Generator,
  config: Any,
  low: np.ndarray,
  high: np.ndarray,
) -> Iterator[Disc]:
  per_px = config.contrast.surface_spots_per_um2 * config.pixel_size_nm**2
  for _ in range(random.poisson(per_px * 1e-6 * np.prod(high - low))):
    row, column = random.uniform(low, high)
    yield Disc(row, column, random.uniform(10, 60))


def _part(disc: Disc, drift: np.ndarray, side_px: int) -> tuple | None:
  """Slices of the frame that hold a disc, and distances from its centre."""
  centre = np.array([disc.row, disc.column]) + drift
  reach = disc.diameter + 2
  first = np.clip(np.floor(centre - reach), 0, side_px).astype(int)
  last = np.clip(np.ceil(centre + reach), 0, side_px).astype(int)
  if (first >= last).any():
    return None
  rows, columns = (
    np.arange(a, b, dtype=np.float32) - at
    for a, b, at in zip(first, last, centre)
  )
  part = slice(first[0], last[0]), slice(first[1], last[1])
  return part, np.hypot(rows[:, None], columns)


def _darken(
  brightness: np.ndarray, disc: Disc, drift: np.ndarray, soft: bool = False
) -> None:
  found = _part(disc, drift, len(brightness))
  if found is None:
    return
  part, away = found
  if soft:
    brightness[part] *= 1 - 0.05 * np.exp(-((2 * away / disc.diameter) ** 2))
  else:
    brightness[part] *= 1 - 0.2 * np.clip(disc.diameter / 2 - away + 0.5, 0, 1)


def _own(
  owners: np.ndarray, number: int, disc: Disc, drift: np.ndarray
) -> None:
  found = _part(disc, drift, len(owners))
  if found is not None:
    part, away = found
    owners[part][away <= disc.diameter / 2] = number


def _judge(defect: str, flags: argparse.Namespace) -> dict[str, float]:
  """Links and drift of some foils, together."""
  right = links = wanted = found = rejected = 0
  errors, steps = [], []
  for seed in range(flags.foils):
    follower, before, last = SeriesFollower(links=True), {}, None
    drawing = draw_frames(
      *(defect, seed, flags.frames, flags.side_px), growth=flags.growth
    )
    for number, drawn in enumerate(drawing):
      particles = measure_particles(drawn.mask, pixel_size_nm=None)
      columns = particles.columns()
      frame = follower.add(
        number + 1,
        drawn.pixels,
        FrameObjects(
          columns['row_px'],
          columns['column_px'],
          columns['diameter_px'],
          particles.labels,
        ),
      )
      rejected += not frame.drift.is_known
      held = _discs_of_objects(particles.labels, drawn.owners)
      now = dict(zip(frame.tracks, held))
      for track in before.keys() & now.keys():
        links += 1
        right += before[track] == now[track]
      disc_tracks = {disc: track for track, disc in now.items()}
      for track, disc in before.items():
        wanted += disc in disc_tracks
        found += disc_tracks.get(disc) == track
      off = np.array(frame.drift[:2]) - drawn.drift_px
      errors.append(np.hypot(*off))
      if last is not None:
        steps.append(np.hypot(*(off - last)))
      before, last = now, off
  return {
    'links': links,
    'right': right / max(links, 1),
    'found': found / max(wanted, 1),
    'error_median_px': float(np.nanmedian(errors)),
    'error_95_px': float(np.nanpercentile(errors, 95)),
    'step_95_px': float(np.nanpercentile(steps, 95)),
    'rejected': rejected,
  }


def _discs_of_objects(labels: np.ndarray, owners: np.ndarray) -> list[int]:
  """The disc that covers most of each object."""
  boxes = ndimage.find_objects(labels)
  return [
    int(np.bincount(owners[box][labels[box] == number]).argmax())
    for number, box in enumerate(boxes, start=1)
  ]


def _confused(defect: str, pairs: int, side_px: int) -> float:
  """The part of pairs of different foils that are taken for one."""
  sure, before = 0, None
  for seed in range(pairs + 1):
    (drawn,) = draw_frames(defect, 1000 + seed, 1, side_px)
    frame = detail(drawn.pixels)
    if before is not None:
      sure += find_shift(before, frame).is_sure
    before = frame
  return sure / pairs


if __name__ == '__main__':
  sys.exit(main())
