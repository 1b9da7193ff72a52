"""What a scanned surface shows beside its particles, and how it is scanned.

Lengths are in pixels, brightness is in units of the contrast of a typical
particle. All numbers are by eye.
"""

import dataclasses
import math
from typing import Annotated

import numpy as np
from jaxtyping import Float
from PIL import Image, ImageDraw
from scipy import ndimage

from defectseg_jax.bounds import Fraction, within
from defectseg_jax.simulation.domain.diffraction import window
from defectseg_jax.simulation.domain.draws import (
  Range,
  draw,
  draw_log,
  smooth_field,
)

Field = Float[np.ndarray, 'side side']


@dataclasses.dataclass(frozen=True)
class SurfaceSettings:
  """Scanned surfaces with particles; `config.domain.surface`.

  Attributes:
    diameter_nm: mean diameter; with that in pixels it gives the pixel size.
    bright_fraction: of the micrographs whose particles are bright.
    edge_px: width of the particles' edges.
    noise: standard deviation of a pixel over a typical particle's contrast.
    mottling: standard deviation of the matrix, likewise.
    relief_fraction: with rims on one side, where the detector stands aside.
    halo_fraction: with bright rims all around.
    facets_fraction: of the micrographs whose particles have faces.
    pairs_fraction: of the particles that have grown together with another.
    buried_fraction: of the micrographs with particles below the surface, which
      are blurred; they are not labelled.
    scratches_fraction: with scratches of polishing.
    cracks_fraction: with a crack or the border of another phase.
    debris_fraction: with bright debris.
    streaks_fraction: with streaks of charging along the scan.
    scan_lines_fraction: whose lines differ in brightness.
  """

  diameter_nm: Annotated[
    Range, within(1e-6, 1000000.0, 'it is in nanometres')
  ] = (40.0, 4000.0)
  bright_fraction: Fraction = 0.12
  edge_px: Annotated[Range, within(1e-6, 1000, 'it is a width in pixels')] = (
    0.5,
    3.5,
  )
  noise: Annotated[
    Range,
    within(1e-6, 100, "it is relative to the particles' contrast"),
  ] = (0.04, 1.0)
  mottling: Annotated[
    Range,
    within(1e-6, 100, "it is relative to the particles' contrast"),
  ] = (0.02, 0.6)
  relief_fraction: Fraction = 0.7
  halo_fraction: Fraction = 0.35
  facets_fraction: Fraction = 0.25
  pairs_fraction: Fraction = 0.1
  buried_fraction: Fraction = 0.55
  scratches_fraction: Fraction = 0.2
  cracks_fraction: Fraction = 0.12
  debris_fraction: Fraction = 0.3
  streaks_fraction: Fraction = 0.25
  scan_lines_fraction: Fraction = 0.6


def draw_ground(
  side_px: int, settings: SurfaceSettings, rng: np.random.Generator
) -> Field:
  """The matrix.

  Args:
    side_px: of the micrograph.
    settings: what it shows.
    rng: random numbers for everything.

  Returns:
    float32 [side_px, side_px], about 0.
  """
  ground = np.float32(draw_log(settings.mottling, rng)) * smooth_field(
    side_px,
    rng,
    finest_px=draw_log((16.0, 200.0), rng),
    steepness=draw((0.8, 2.2), rng),
  )
  if rng.random() < settings.cracks_fraction:
    ground += _crack(side_px, rng)
  if rng.random() < settings.scratches_fraction:
    ground += _scratches(side_px, rng)
  return ground


def draw_debris(
  side_px: int, settings: SurfaceSettings, rng: np.random.Generator
) -> Field:
  """What lies on top: bright grains, alone, in chains and in heaps.

  Args:
    side_px: of the micrograph.
    settings: how often there is some.
    rng: random numbers for everything.

  Returns:
    float32 [side_px, side_px], 0 where there is nothing.
  """
  layer = np.zeros((side_px, side_px), np.float32)
  if rng.random() >= settings.debris_fraction:
    return layer
  for _ in range(rng.integers(1, 7)):
    place = rng.uniform(0, side_px, size=2)
    heading = rng.uniform(0, 2 * math.pi)
    width = draw_log((0.8, 7.0), rng)
    bright = draw_log((0.4, 4.0), rng)
    for _ in range(int(draw_log((1.0, 9.0), rng))):
      _add_blob(layer, tuple(place), width * rng.lognormal(0, 0.3), bright, rng)
      heading += rng.normal(0, 0.5)
      step = width * rng.uniform(1.0, 3.5)
      place = place + step * np.array([math.sin(heading), math.cos(heading)])
  # Broad and faint ones: heavy matter far below the surface.
  if rng.random() < 0.5:
    width = draw_log((4.0, 25.0), rng)
    for _ in range(rng.integers(1, 15)):
      place = rng.uniform(0, side_px, size=2)
      bright = draw_log((0.1, 0.7), rng)
      _add_blob(layer, tuple(place), width * rng.lognormal(0, 0.3), bright, rng)
  return layer


def scan(
  picture: Field,
  noise: float,
  settings: SurfaceSettings,
  rng: np.random.Generator,
) -> Field:
  """Noise, lines of different brightness, and streaks of charging.

  Args:
    picture: [side, side].
    noise: standard deviation of a pixel.
    settings: how often there is what.
    rng: random numbers for everything.

  Returns:
    float32 [side, side].
  """
  side = picture.shape[0]
  grain = rng.standard_normal(picture.shape, np.float32)
  if rng.random() < 0.5:
    # Enlarged or smoothed by software; or a slow amplifier.
    down = draw_log((0.2, 1.2), rng)
    right = down if rng.random() < 0.5 else draw_log((0.3, 2.0), rng)
    grain = ndimage.gaussian_filter(grain, (down, right), truncate=3)
    grain /= max(float(grain.std()), 1e-6)
  # Few electrons come from where it is dark.
  dimmer = np.clip(1 + np.float32(rng.uniform(0, 0.25)) * picture, 0.4, 2)
  result = picture + np.float32(noise) * grain * dimmer
  if rng.random() < settings.scan_lines_fraction:
    # The brightness of a line drifts along it.
    knots = rng.standard_normal((side, int(rng.integers(2, 9))))
    lines = ndimage.zoom(knots, (1, side / knots.shape[1]), order=1)
    strength = noise * draw_log((0.05, 0.9), rng)
    result += (strength * np.asarray(lines)).astype(np.float32)
  if rng.random() < settings.streaks_fraction:
    result += _streaks(side, rng)
  return result.astype(np.float32)


def _streaks(side_px: int, rng: np.random.Generator) -> Field:
  """Lines that become bright or dark somewhere, and recover."""
  layer = np.zeros((side_px, side_px), np.float32)
  for _ in range(rng.integers(1, 20)):
    first = int(rng.integers(side_px))
    start = int(rng.integers(-side_px // 2, side_px - 8))
    length = draw_log((10.0, 3.0 * side_px), rng)
    columns = np.arange(max(start, 0), side_px)
    thick = int(rng.integers(1, 5))
    layer[first : first + thick, columns] += draw((-0.5, 1.0), rng) * np.exp(
      -(columns - start) / length
    )
  return layer


def _crack(side_px: int, rng: np.random.Generator) -> Field:
  """A wide dark crack, or a phase of another brightness beyond a border."""
  line = (np.arange(side_px, dtype=np.float32) + 0.5) / side_px - 0.5
  angle = rng.uniform(0, 2 * math.pi)
  across = line[None, :] * math.cos(angle) + line[:, None] * math.sin(angle)
  wave = 0.03 * smooth_field(side_px, rng, finest_px=draw_log((20, 90), rng))
  place = (across - rng.uniform(-0.5, 0.5) + wave) * side_px
  sharp = draw_log((0.7, 3.0), rng)
  beyond = 1 / (1 + np.exp(np.clip(-place / sharp, -30, 30)))
  if rng.random() < 0.5:
    width = draw_log((2.0, side_px / 3), rng)
    beyond *= 1 / (1 + np.exp(np.clip((place - width) / sharp, -30, 30)))
    strength = -draw_log((0.3, 3.0), rng)
  else:
    strength = draw((-1.0, 1.0), rng)
  return (strength * beyond).astype(np.float32)


def _scratches(side_px: int, rng: np.random.Generator) -> Field:
  """Long thin lines, bright or dark, most of them in one direction."""
  picture = Image.new('F', (side_px, side_px))
  pen = ImageDraw.Draw(picture)
  main = rng.uniform(0, math.pi)
  for _ in range(rng.integers(1, 9)):
    angle = main + rng.normal() * rng.choice([0.05, 0.6])
    middle = rng.uniform(0, side_px, size=2)
    half = side_px * rng.uniform(0.1, 1.0)
    reach = half * np.array([math.cos(angle), math.sin(angle)])
    pen.line(
      [tuple((middle - reach).tolist()), tuple((middle + reach).tolist())],
      fill=draw((-0.9, 0.7), rng),
      width=int(rng.integers(1, 4)),
    )
  return ndimage.gaussian_filter(
    np.asarray(picture, np.float32), draw((0.5, 1.5), rng), truncate=2
  )


def _add_blob(
  layer: np.ndarray,
  place: tuple[float, float],
  width_px: float,
  bright: float,
  rng: np.random.Generator,
) -> None:
  rows, columns, v, u = window(layer.shape[0], place, 2.5 * width_px)
  angle, stretch = rng.uniform(0, math.pi), rng.uniform(0.5, 1)
  along = u * math.cos(angle) + v * math.sin(angle)
  across = (v * math.cos(angle) - u * math.sin(angle)) / stretch
  layer[rows, columns] += (
    bright * np.exp(-(along**2 + across**2) / width_px**2)
  ).astype(np.float32)
