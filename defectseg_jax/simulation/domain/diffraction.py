"""What a crystalline foil shows beside the defects that are looked for.

The parts add up in the exponent of the beam's intensity. Lengths are in
pixels, because each is drawn over a range that spans magnifications. All
numbers are by eye, after micrographs of irradiated steels.
"""

import dataclasses
import math
from typing import Annotated

import numpy as np
from jaxtyping import Float
from PIL import Image, ImageDraw
from scipy import ndimage

from defectseg_jax.bounds import Fraction, within
from defectseg_jax.simulation.domain.draws import (
  Range,
  draw,
  draw_log,
  smooth_field,
)

Field = Float[np.ndarray, 'side side']


@dataclasses.dataclass(frozen=True)
class BackgroundSettings:
  """What micrographs show, and how often: `config.domain.background`.

  Attributes:
    mottling: standard deviation of the smooth part, in the exponent.
    contours_fraction: fraction of micrographs with bend contours.
    contour_darkness: of a bend contour, in the exponent.
    grains_fraction: fraction with grain or lath boundaries.
    moire_fraction: fraction with moire fringes.
    lines_fraction: fraction with dislocations.
    spots_fraction: fraction with dark spots of strain.
    spot_px: width of such a spot.
  """

  mottling: Annotated[
    Range, within(1e-6, 10, 'it is in the exponent of the intensity')
  ] = (0.01, 0.35)
  contours_fraction: Fraction = 0.5
  contour_darkness: Annotated[
    Range, within(1e-6, 10, 'it is in the exponent of the intensity')
  ] = (0.1, 1.6)
  grains_fraction: Fraction = 0.25
  moire_fraction: Fraction = 0.1
  lines_fraction: Fraction = 0.4
  spots_fraction: Fraction = 0.4
  spot_px: Annotated[Range, within(1e-6, 1000, 'it is a width in pixels')] = (
    1.5,
    16.0,
  )


def diffraction_contrast(
  side_px: int, settings: BackgroundSettings, rng: np.random.Generator
) -> Field:
  """The exponent of the intensity of a foil without the looked-for defects.

  Args:
    side_px: of the micrograph.
    settings: what it shows.
    rng: random numbers for everything.

  Returns:
    float32 [side_px, side_px], about 0 where nothing diffracts.
  """
  finest = draw_log((12.0, 150.0), rng)
  total = np.float32(draw_log(settings.mottling, rng)) * smooth_field(
    side_px, rng, finest_px=finest, steepness=draw((1.0, 2.2), rng)
  )
  if rng.random() < settings.contours_fraction:
    for _ in range(rng.integers(1, 4)):
      total += _bend_contours(side_px, settings, rng)
  if rng.random() < settings.grains_fraction:
    total += _boundaries(side_px, rng)
  if rng.random() < settings.moire_fraction:
    total += _moire(side_px, rng)
  if rng.random() < settings.lines_fraction:
    total += _lines(side_px, rng)
  if rng.random() < settings.spots_fraction:
    total += _spots(side_px, settings, rng)
  return total


def _bend_contours(
  side_px: int, settings: BackgroundSettings, rng: np.random.Generator
) -> Field:
  """Dark bands, with subsidiary fringes, where the bent foil diffracts."""
  x, y = _unit_coordinates(side_px)
  angle = rng.uniform(0, 2 * math.pi)
  # The deviation from the Bragg angle, in turns of the contours' spacing.
  deviation = draw_log((0.3, 4.0), rng) * (
    x * math.cos(angle) + y * math.sin(angle)
  ) + draw_log((0.05, 1.2), rng) * smooth_field(
    side_px, rng, finest_px=draw_log((40.0, 200.0), rng)
  )
  deviation += rng.uniform()
  width = draw_log((0.03, 0.35), rng)
  # The remainder, which NumPy's % takes ten times as long for.
  place = (deviation - np.floor(deviation + 0.5)) / np.float32(width)
  fringes = 1 + rng.uniform(0, 0.7) * np.cos(draw((3, 8), rng) * place)
  profile = np.exp(-(place**2)) if rng.random() < 0.6 else 1 / (1 + place**2)
  strength = 1 + 0.4 * smooth_field(side_px, rng, finest_px=side_px / 3)
  darkness = np.float32(draw_log(settings.contour_darkness, rng))
  return -darkness * np.clip(strength, 0.1, 2) * profile * fringes


def _boundaries(side_px: int, rng: np.random.Generator) -> Field:
  """Grains or laths, brighter or darker, with fringes along their borders."""
  x, y = _unit_coordinates(side_px)
  wave = 0.02 * smooth_field(side_px, rng, finest_px=draw_log((10, 80), rng))
  total = np.zeros((side_px, side_px), np.float32)
  angle = rng.uniform(0, 2 * math.pi)
  for _ in range(rng.integers(1, 4)):
    turned = angle + rng.normal() * rng.choice([0.1, 1.0])
    across = (
      x * math.cos(turned) + y * math.sin(turned) - rng.uniform(-0.5, 0.5)
    )
    place = (across + wave) * side_px
    sharp = draw_log((0.7, 10.0), rng)
    total += rng.normal() * 0.25 * np.tanh(place / sharp)
    width, period = draw_log((3.0, 30.0), rng), draw_log((4.0, 16.0), rng)
    fringes = 1 + np.cos(2 * math.pi * place / period)
    total -= (
      rng.uniform(0, 0.4) * np.exp(-((place / width) ** 2)) * fringes
    ).astype(np.float32)
  return total


def _moire(side_px: int, rng: np.random.Generator) -> Field:
  """Fringes of two lattices over a part of the micrograph."""
  x, y = _unit_coordinates(side_px)
  angle = rng.uniform(0, 2 * math.pi)
  bent = 0.01 * smooth_field(side_px, rng, finest_px=side_px / 2)
  place = (x * math.cos(angle) + y * math.sin(angle) + bent) * side_px
  period = draw_log((4.0, 20.0), rng)
  part = smooth_field(side_px, rng, finest_px=side_px / 2) > 0.3
  faded = ndimage.gaussian_filter(part.astype(np.float32), 8, truncate=2)
  return (
    draw_log((0.02, 0.25), rng) * faded * np.cos(2 * math.pi * place / period)
  ).astype(np.float32)


def _lines(side_px: int, rng: np.random.Generator) -> Field:
  """Dislocations: dark lines, some dotted."""
  picture = Image.new('F', (side_px, side_px))
  pen = ImageDraw.Draw(picture)
  for _ in range(rng.integers(1, 12)):
    start = rng.uniform(-0.1, 1.1, size=2) * side_px
    angle = rng.uniform(0, 2 * math.pi) + np.cumsum(rng.normal(0, 0.25, 12))
    steps = draw_log((3.0, side_px / 8), rng) * np.stack(
      [np.cos(angle), np.sin(angle)], axis=1
    )
    points = start + np.cumsum(steps, axis=0)
    pen.line(
      [tuple(p) for p in points.tolist()],
      fill=draw_log((0.15, 1.2), rng),
      width=int(rng.integers(1, 5)),
    )
  sharp = np.asarray(picture, np.float32)
  dark = ndimage.gaussian_filter(sharp, draw_log((0.8, 3.0), rng), truncate=2)
  if rng.random() < 0.3:
    dotted = smooth_field(side_px, rng, finest_px=draw_log((6.0, 20.0), rng))
    dark *= np.clip(1 + dotted, 0, 2)
  return -dark


def _spots(
  side_px: int, settings: BackgroundSettings, rng: np.random.Generator
) -> Field:
  """Strain around small loops and clusters: dark spots, few bright ones."""
  total = np.zeros((side_px, side_px), np.float32)
  typical = draw_log(settings.spot_px, rng)
  darkness = draw_log((0.05, 0.9), rng)
  for _ in range(int(draw_log((2, 60), rng))):
    width = typical * rng.lognormal(0, 0.3)
    x, y = rng.uniform(0, side_px, size=2)
    rows, columns, v, u = window(side_px, (y, x), 2.2 * width)
    u, v = u / width, v / width
    angle, stretch = rng.uniform(0, math.pi), rng.uniform(0.4, 1)
    along = u * math.cos(angle) + v * math.sin(angle)
    across = (v * math.cos(angle) - u * math.sin(angle)) / stretch
    spot = np.exp(-(along**2) - across**2)
    kind = rng.random()
    if kind < 0.25:
      # Black and white lobes, of a loop near the surface.
      spot = 2 * along * spot
    elif kind < 0.32:
      spot = -0.5 * spot
    total[rows, columns] -= (darkness * rng.lognormal(0, 0.4) * spot).astype(
      np.float32
    )
  return total


def window(
  side_px: int, centre: tuple[float, float], reach_px: float
) -> tuple[slice, slice, np.ndarray, np.ndarray]:
  """The pixels within a distance of a point (row, column).

  Args:
    side_px: of the micrograph.
    centre: row and column.
    reach_px: half the side of the window.

  Returns:
    Slices of rows and columns; distances down, [rows, 1], and to the right,
    [1, columns].
  """
  first = [max(0, math.floor(c - reach_px)) for c in centre]
  last = [max(0, min(side_px, math.ceil(c + reach_px))) for c in centre]
  down = np.arange(first[0], max(last[0], first[0])) - centre[0]
  right = np.arange(first[1], max(last[1], first[1])) - centre[1]
  rows, columns = map(slice, first, map(max, first, last))
  return rows, columns, down[:, None], right[None, :]


def _unit_coordinates(side_px: int) -> tuple[np.ndarray, np.ndarray]:
  """x [1, side] and y [side, 1], from -0.5 to 0.5."""
  line = (np.arange(side_px, dtype=np.float32) + 0.5) / side_px - 0.5
  return line[None, :], line[:, None]
