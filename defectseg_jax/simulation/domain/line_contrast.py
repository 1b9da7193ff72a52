"""What dislocations do to a beam: dark lines in bright field.

In two-beam bright field a line's image lies to one side of it, beats with its
depth in the foil, most of all near the surfaces, and may be double. All numbers
are by eye.
"""

import dataclasses
import math
from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float
from PIL import Image, ImageDraw
from scipy import ndimage

from defectseg_jax.simulation.domain.draws import draw, draw_log
from defectseg_jax.simulation.domain.line_scene import Curve, LineSettings
from defectseg_jax.simulation.parameters import LABEL_WIDTH_PX

# Width at half height over standard deviation of a Gaussian: 2 sqrt(2 ln 2).
_WIDTH_PER_STD = 2.355


@dataclasses.dataclass(frozen=True)
class Diffraction:
  """How the lines of a micrograph look.

  Attributes:
    beats: oscillations of the contrast from surface to surface; 0 for none.
    beating: their amplitude, up to 1.
    swing: sideways swing of the image with them, over the image's width.
    double: strength of a second image; 0 for none.
    apart: distance of the two, over the image's width.
    no_contrast: how much weaker a loop is along a line through its middle.
  """

  beats: float
  beating: float
  swing: float
  double: float
  apart: float
  no_contrast: float


def draw_diffraction(
  settings: LineSettings,
  thickness_per_width: float,
  rng: np.random.Generator,
) -> Diffraction:
  """One beam condition.

  Args:
    settings: how often lines are dotted or double.
    thickness_per_width: thickness of the foil over the width of the images,
      which is about a third of the extinction distance.
    rng: random numbers for everything.

  Returns:
    How lines look.
  """
  dotted = rng.random() < settings.dotted_fraction
  double = rng.random() < settings.double_fraction
  return Diffraction(
    beats=thickness_per_width / 3,
    beating=draw((0.4, 1.0), rng) if dotted else draw((0.0, 0.15), rng),
    swing=draw((0.0, 0.4), rng),
    double=draw((0.4, 1.0), rng) if double else 0.0,
    apart=draw((1.2, 2.5), rng),
    no_contrast=draw((0.0, 1.0), rng) if rng.random() < 0.5 else 0.0,
  )


def paint_lines(
  side_px: int,
  curves: Sequence[Curve],
  diffraction: Diffraction,
  rng: np.random.Generator,
) -> Float[np.ndarray, '{side_px} {side_px}']:
  """The lines' images: about 1 in the middle of a typical one.

  Args:
    side_px: of the micrograph.
    curves: the dislocations.
    diffraction: how they look.
    rng: random numbers for what differs from line to line.

  Returns:
    float32 [side_px, side_px], 0 or more.
  """
  total = np.zeros((side_px, side_px), np.float32)
  # Stronger ones over fainter ones; in three groups of similar width.
  groups = np.array_split(
    sorted(range(len(curves)), key=lambda k: curves[k].width_px), 3
  )
  for group in groups:
    ordered = sorted((curves[k] for k in group), key=lambda c: c.strength)
    rings = [curve for curve in ordered if not curve.filled]
    blobs = [curve for curve in ordered if curve.filled]
    if rings:
      std_px = float(np.mean([c.width_px for c in rings])) / _WIDTH_PER_STD
      sharp = _draw_rings(side_px, rings, diffraction, rng)
      height = np.float32(math.sqrt(2 * math.pi) * std_px)
      total += height * ndimage.gaussian_filter(sharp, std_px, truncate=3)
    if blobs:
      std_px = float(np.mean([c.width_px for c in blobs])) / _WIDTH_PER_STD
      picture = Image.new('F', (side_px, side_px))
      pen = ImageDraw.Draw(picture)
      for curve in blobs:
        pen.polygon(_corners(curve.points), fill=1.4 * curve.strength)
      blurred = np.asarray(picture, np.float32)
      total += ndimage.gaussian_filter(blurred, 1.3 * std_px, truncate=3)
  return total


def paint_faults(
  side_px: int, curves: Sequence[Curve], rng: np.random.Generator
) -> Float[np.ndarray, '{side_px} {side_px}']:
  """Fringes of stacking faults that lie beside some lines.

  Args:
    side_px: of the micrograph.
    curves: beside which they may lie.
    rng: random numbers for everything.

  Returns:
    float32 [side_px, side_px], an exponent of the intensity.
  """
  total = np.zeros((side_px, side_px), np.float32)
  lines = [c for c in curves if np.hypot(*(c.points[-1] - c.points[0])) > 30]
  down, right = np.ogrid[:side_px, :side_px]
  for _ in range(min(len(lines), int(rng.integers(1, 4)))):
    curve = lines[rng.integers(len(lines))]
    along = curve.points[-1] - curve.points[0]
    along = along / np.hypot(*along)
    wide = draw_log((15.0, 90.0), rng)
    turn = rng.uniform(0.7, 2.4)
    aside = wide * np.array(
      [
        along[0] * math.cos(turn) - along[1] * math.sin(turn),
        along[0] * math.sin(turn) + along[1] * math.cos(turn),
      ]
    )
    area = Image.new('F', (side_px, side_px))
    corners = np.concatenate([curve.points, curve.points[::-1] + aside])
    ImageDraw.Draw(area).polygon(_corners(corners), fill=1.0)
    across = -right * along[1] + down * along[0]
    period = wide * abs(math.sin(turn)) / rng.integers(2, 8)
    fringes = np.cos(2 * math.pi * across / max(period, 3.0)) - 0.3
    total += (draw_log((0.08, 0.6), rng) * np.asarray(area) * fringes).astype(
      np.float32
    )
  return ndimage.gaussian_filter(total, 1.0, truncate=2)


def label_lines(
  side_px: int, curves: Sequence[Curve], *, margin_px: int = 0
) -> Bool[np.ndarray, '{side_px} {side_px}']:
  """Lines as wide as the paper's labels; loops without a hole are filled.

  Args:
    side_px: of the micrograph.
    curves: to label.
    margin_px: added on each side.

  Returns:
    bool [side_px, side_px].
  """
  picture = Image.new('L', (side_px, side_px))
  pen = ImageDraw.Draw(picture)
  wide = LABEL_WIDTH_PX + 2 * margin_px
  radius = wide / 2 - 1
  for curve in curves:
    corners = _corners(curve.points)
    if curve.filled:
      pen.polygon(corners, fill=1)
    if not curve.filled or margin_px:
      pen.line(corners, fill=1, width=wide)
    if margin_px:
      # Round where it bends; Pillow's own joints take ten times as long.
      for x, y in corners[1:-1]:
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=1)
  return np.asarray(picture) > 0


def _draw_rings(
  side_px: int,
  curves: Sequence[Curve],
  diffraction: Diffraction,
  rng: np.random.Generator,
) -> np.ndarray:
  """Lines of one pixel: their weight for each pixel of length."""
  picture = Image.new('F', (side_px, side_px))
  pen = ImageDraw.Draw(picture)
  zero = rng.uniform(0, math.pi)
  for curve in curves:
    step = np.diff(curve.points, axis=0)
    unit = step / np.maximum(np.hypot(*step.T), 1e-6)[:, None]
    depth = (curve.depth[1:] + curve.depth[:-1]) / 2
    wave = 2 * math.pi * diffraction.beats * depth + rng.uniform(0, 6.3)
    near = np.exp(-4 * np.minimum(depth, 1 - depth))
    beating = diffraction.beating * (0.4 + 0.6 * near)
    weight = curve.strength * (1 - beating * (1 + np.cos(wave)) / 2)
    if np.array_equal(curve.points[0], curve.points[-1]):
      heading = np.arctan2(unit[:, 1], unit[:, 0])
      weight = weight * (
        1 - diffraction.no_contrast * np.cos(heading - zero) ** 2
      )
    # A line of pixels has fewer of them for its length if it is oblique.
    weight = weight / np.abs(unit).max(axis=1).clip(0.5)
    sideways = unit[:, ::-1] * [-1, 1] * curve.width_px
    swing = diffraction.swing * np.sin(wave)[:, None] * sideways
    images = [(swing, 1.0)]
    if diffraction.double:
      apart = 0.5 * diffraction.apart * sideways
      images = [(swing - apart, diffraction.double), (swing + apart, 1.0)]
    for shift, share in images:
      begin = (curve.points[:-1] + shift).tolist()
      end = (curve.points[1:] + shift).tolist()
      for a, b, w in zip(begin, end, (share * weight).tolist(), strict=True):
        # What `pen.line` does, in a fifth of its time.
        pen.draw.draw_lines((*a, *b), pen.draw.draw_ink(w), 1)
  return np.asarray(picture, np.float32)


def _corners(points: np.ndarray) -> list[tuple[float, float]]:
  return [(float(x), float(y)) for x, y in points]
