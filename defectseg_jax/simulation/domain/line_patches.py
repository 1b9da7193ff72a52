"""Dislocations in TEM: two-beam bright field and weak-beam dark field."""

import math
from collections.abc import Sequence

import numpy as np
from scipy import ndimage

from defectseg_jax.simulation.domain.camera import digitise, record
from defectseg_jax.simulation.domain.diffraction import (
  BackgroundSettings,
  diffraction_contrast,
)
from defectseg_jax.simulation.domain.draws import draw, draw_log, smooth_field
from defectseg_jax.simulation.domain.line_contrast import (
  draw_diffraction,
  label_lines,
  paint_faults,
  paint_lines,
)
from defectseg_jax.simulation.domain.line_scene import (
  Curve,
  draw_curves,
  hole_px,
)
from defectseg_jax.simulation.domain.patch import Patch
from defectseg_jax.simulation.domain.settings import DomainSettings

# The eye follows a line for so many pixels; by eye.
_FOLLOWED_PX = 24.0
# Structures of the background count like this part of noise; by eye.
_CLUTTER = 0.15
# Intensity of the matrix in dark field over that of a line; by eye.
_DARK_MATRIX = (0.02, 0.5)
# Lines in weak-beam dark field are narrower, by this factor; by eye.
_NARROWER = 0.7
# Contours and boundaries are wider than so many times a line's image, or nobody
# could tell them apart; by eye.
_WIDER = 3.0
# Standard deviation of fine mottling, in the exponent; by eye.
_FINE = (0.005, 0.12)
# Darkest line, in the exponent; by eye.
_DARKEST = 2.2
# A faint line's surroundings that do not count, in pixels on each side.
_ASIDE_PX = 3


def draw_dislocations(
  domain: DomainSettings,
  side_px: int,
  rng: np.random.Generator,
  *,
  weak_beam: bool,
) -> Patch:
  """A foil with dislocations.

  Args:
    domain: what is drawn from; the objects' diameter is the width of a line's
      image.
    side_px: of the patch.
    rng: random numbers for everything.
    weak_beam: dark field, where lines are bright; else bright field.

  Returns:
    The patch. Lines too faint to be seen do not count.
  """
  objects, lines = domain.objects, domain.lines
  width_px = draw_log(objects.diameter_px, rng)
  curves = (
    []
    if rng.random() < objects.empty_fraction
    else draw_curves(
      side_px,
      lines,
      width_px=width_px * (_NARROWER if weak_beam else 1),
      relative_std=draw(objects.relative_std, rng),
      covered=draw_log(objects.covered_fraction, rng),
      rng=rng,
    )
  )
  diffraction = draw_diffraction(
    lines, draw_log(objects.thickness_per_diameter, rng), rng
  )
  images = paint_lines(side_px, curves, diffraction, rng)
  faults = np.zeros_like(images)
  if rng.random() < lines.faults_fraction:
    faults = paint_faults(side_px, curves, rng)
  widest_px = _widest_px(curves, width_px)
  ground = faults + _draw_ground(side_px, widest_px, domain.background, rng)
  images *= np.float32(draw_log(lines.darkness, rng))
  empty, intensity = _intensities(images, ground, weak_beam, rng)
  signal, relative = record(intensity, domain.camera, rng)
  mean = float(intensity.mean())
  change = np.abs(intensity - empty) / mean
  seen = _visible(curves, change, empty / mean, relative, objects.visible_ratio)
  pairs = list(zip(curves, seen, strict=True))
  mask = label_lines(side_px, [c for c, shown in pairs if shown])
  faint = label_lines(
    side_px, [c for c, shown in pairs if not shown], margin_px=_ASIDE_PX
  )
  return Patch(
    pixels=digitise(signal, domain.camera, rng),
    mask=mask,
    counts=mask | ~faint,
    pixel_size_nm=draw_log(objects.diameter_nm, rng) / width_px,
    diameter_px=width_px,
  )


def _widest_px(curves: Sequence[Curve], width_px: float) -> float:
  """Of the lines' images, or a quarter of what the largest dark spot is."""
  spots = [hole_px(curve.points) / 4 for curve in curves if curve.filled]
  return max(width_px, *spots) if spots else width_px


def _draw_ground(
  side_px: int,
  width_px: float,
  settings: BackgroundSettings,
  rng: np.random.Generator,
) -> np.ndarray:
  """Diffraction contrast that is wider than any line, and fine mottling."""
  ground = diffraction_contrast(side_px, settings, rng)
  # Of two boxes; a Gaussian as wide takes ten times as long.
  window = 2 * math.ceil(_WIDER * width_px) + 5
  for _ in range(2):
    ground = ndimage.uniform_filter(ground, window)
  fine = smooth_field(
    side_px, rng, finest_px=draw_log((3.0, 30.0), rng), steepness=0.7
  )
  return ground + np.float32(draw_log(_FINE, rng)) * fine


def _intensities(
  images: np.ndarray,
  ground: np.ndarray,
  weak_beam: bool,
  rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
  """Intensity without lines, and with them."""
  # Lines fade where the foil bends out of its beam condition.
  bent = smooth_field(images.shape[0], rng, finest_px=90.0)
  images = images * np.clip(1 + np.float32(0.3) * bent, 0.4, 2)
  if weak_beam:
    matrix = np.float32(draw_log(_DARK_MATRIX, rng)) * np.exp(ground)
    return matrix, matrix + np.minimum(images, 3)
  empty = np.exp(ground)
  # No line is darker than the beam is weak.
  return empty, empty * np.exp(-_DARKEST * np.tanh(images / _DARKEST))


def _visible(
  curves: Sequence[Curve],
  change: np.ndarray,
  empty: np.ndarray,
  noise: float,
  ratio: float,
) -> list[bool]:
  """Whether each line stands out of the noise of averages along it."""
  side = change.shape[0]
  smooth = ndimage.uniform_filter(change, 3)
  rough = ndimage.uniform_filter(empty, 5) - ndimage.uniform_filter(empty, 21)
  clutter = np.sqrt(ndimage.uniform_filter(rough**2, 41))
  found = []
  for curve in curves:
    points = (
      np.array([curve.points.mean(axis=0)]) if curve.filled else curve.points
    )
    places = np.rint(points[:: max(1, len(points) // 60)]).astype(int)
    within = ((places >= 0) & (places < side)).all(axis=1)
    if not within.any():
      found.append(False)
      continue
    x, y = places[within].T
    contrast = float(smooth[y, x].mean())
    averaged = noise / np.sqrt(max(1.0, curve.width_px) * _FOLLOWED_PX)
    clutters = _CLUTTER * float(clutter[y, x].mean())
    found.append(contrast >= ratio * float(np.hypot(averaged, clutters)))
  return found
