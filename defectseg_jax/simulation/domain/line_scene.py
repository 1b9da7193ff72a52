"""Dislocations of a micrograph, as curves in pixels with a depth in the foil.

All numbers are by eye, after micrographs of deformed and irradiated steels.
"""

import dataclasses
import math
from typing import Annotated

import numpy as np

from defectseg_jax.bounds import Fraction, within
from defectseg_jax.simulation.choices import make_choice
from defectseg_jax.simulation.domain.draws import Range, draw, draw_log
from defectseg_jax.simulation.pixel_grid import unit_steps

# Distance between the points of a curve, in pixels.
_STEP_PX = 2.5
# No more curves than this in a micrograph.
_MOST = 140
# How soft the edges of loops without a hole are, over their width.
_SOFT = (0.1, 0.6)
# Larger ones have a hole, or nobody could tell them from a bend of the foil.
_DARK_INSIDE_PX = 50.0


@dataclasses.dataclass(frozen=True)
class LineSettings:
  """Dislocations in TEM; `config.domain.lines`.

  Attributes:
    darkness: of a typical line, in the exponent of the intensity.
    loops_fraction: of the micrographs with loops beside lines.
    loops_only_fraction: of those that have loops and no lines.
    loop_px: diameter of loops.
    filled_loops_fraction: of the micrographs with loops, those in which strain
      darkens the inside of all of them: dark spots without a hole.
    pile_ups_fraction: with many lines side by side.
    networks_fraction: with lines that meet in nodes.
    faults_fraction: with stacking faults, whose fringes are no lines.
    double_fraction: whose lines have double images.
    dotted_fraction: whose lines beat with their depth in the foil.
    faint_fraction: of the lines that are nearly out of contrast.
  """

  darkness: Annotated[
    Range, within(1e-6, 10, 'it is in the exponent of the intensity')
  ] = (0.12, 1.6)
  loops_fraction: Fraction = 0.35
  loops_only_fraction: Fraction = 0.25
  loop_px: Annotated[
    Range, within(1e-6, 2000, 'it is a diameter in pixels')
  ] = (6.0, 90.0)
  filled_loops_fraction: Fraction = 0.65
  pile_ups_fraction: Fraction = 0.4
  networks_fraction: Fraction = 0.25
  faults_fraction: Fraction = 0.12
  double_fraction: Fraction = 0.2
  dotted_fraction: Fraction = 0.4
  faint_fraction: Fraction = 0.06


@dataclasses.dataclass(frozen=True, eq=False)
class Curve:
  """One dislocation.

  Attributes:
    points: [points, 2], x and y in pixels; the first is the last of a loop.
    depth: [points], from 0 at one surface of the foil to 1 at the other.
    width_px: width of its image at half height; of a filled loop, of its edge.
    strength: of its contrast, 1 for a typical one.
    filled: a loop whose image has no hole.
  """

  points: np.ndarray
  depth: np.ndarray
  width_px: float
  strength: float
  filled: bool = False

  @property
  def length_px(self) -> float:
    """In projection."""
    return float(np.linalg.norm(np.diff(self.points, axis=0), axis=1).sum())


def draw_curves(
  side_px: int,
  settings: LineSettings,
  *,
  width_px: float,
  relative_std: float,
  covered: float,
  rng: np.random.Generator,
) -> list[Curve]:
  """Lines, pile-ups, networks and loops until images cover a fraction.

  Args:
    side_px: of the micrograph.
    settings: which kinds there are.
    width_px: mean width of the lines' images.
    relative_std: of their widths.
    covered: fraction of the area.
    rng: random numbers for everything.

  Returns:
    The curves, some of which leave the micrograph.
  """
  choose = make_choice(_draw_weights(settings, rng))
  directions = rng.uniform(0, math.pi, size=int(rng.integers(1, 4)))
  waviness = draw_log((0.003, 0.3), rng)
  loop_px = draw_log(settings.loop_px, rng)
  tilt = rng.uniform(0.15, 1)
  dark_inside = (
    rng.random() < settings.filled_loops_fraction and loop_px < _DARK_INSIDE_PX
  )
  softness = draw(_SOFT, rng)
  missing = covered * side_px**2
  curves: list[Curve] = []
  while missing > 0 and len(curves) < _MOST:
    kind = choose(rng)
    if kind == 'loop':
      found = [_loop(side_px, loop_px, tilt, width_px, rng)]
    elif kind == 'network':
      found = _network(side_px, waviness + 0.05, rng)
    else:
      many = int(rng.integers(3, 16)) if kind == 'pile-up' else 1
      found = _lines(side_px, many, directions, waviness, rng)
    for points, depth in found:
      width = width_px * max(0.4, 1 + relative_std * rng.normal())
      hole = hole_px(points) if kind == 'loop' else 0.0
      filled = kind == 'loop' and (dark_inside or hole < 2.4 * width)
      curve = Curve(
        points=points,
        depth=depth,
        width_px=max(width, softness * hole) if filled else width,
        strength=_draw_strength(settings, rng),
        filled=filled,
      )
      curves.append(curve)
      missing -= max(
        _inside(points, side_px) * curve.length_px * curve.width_px, 30.0
      )
  return curves


def _draw_weights(
  settings: LineSettings, rng: np.random.Generator
) -> dict[str, float]:
  """How often a curve is of which kind; their sum is 1."""
  loops_only = rng.random() < settings.loops_only_fraction
  kinds = {
    'line': True,
    'pile-up': rng.random() < settings.pile_ups_fraction,
    'network': rng.random() < settings.networks_fraction,
    'loop': rng.random() < settings.loops_fraction,
  }
  if loops_only:
    kinds = dict.fromkeys(kinds, False) | {'loop': True}
  weights = np.array(list(kinds.values())) * rng.uniform(0.2, 1, 4)
  weights /= weights.sum()
  return dict(zip(kinds, weights.tolist(), strict=True))


def _draw_strength(settings: LineSettings, rng: np.random.Generator) -> float:
  """Of a line's contrast; some are nearly out of contrast."""
  faint = rng.random() < settings.faint_fraction
  return rng.uniform(0.02, 0.25) if faint else rng.lognormal(-0.05, 0.3)


def _inside(points: np.ndarray, side_px: int) -> float:
  """The part of a curve that is in the micrograph."""
  return float(((points >= 0) & (points < side_px)).all(axis=1).mean())


def hole_px(points: np.ndarray) -> float:
  """Smallest diameter of a loop.

  Args:
    points: [points, 2], x and y of its curve in pixels.

  Returns:
    Twice the least distance of the curve from its middle.

  Examples:
    >>> corners = np.array([[-5.0, 0], [0, 2], [5, 0], [0, -2]])
    >>> hole_px(corners)
    4.0
  """
  centred = points - points.mean(axis=0)
  return float(2 * np.hypot(*centred.T).min())


def _lines(
  side_px: int,
  count: int,
  directions: np.ndarray,
  waviness: float,
  rng: np.random.Generator,
) -> list[tuple[np.ndarray, np.ndarray]]:
  """One line; or several that glide side by side, closer at one end."""
  angle = rng.choice(directions) + 0.12 * rng.normal()
  along = np.array([math.cos(angle), math.sin(angle)])
  across = np.array([-along[1], along[0]])
  length = draw_log((0.12 * side_px, 2.2 * side_px), rng)
  middle = rng.uniform(-0.1, 1.1, size=2) * side_px
  bow = 0.25 * length * rng.normal() * float(rng.random() < 0.4)
  slip = rng.normal(0, 0.3)
  spacing = draw_log((6.0, 40.0), rng)
  flat = rng.random() < 0.4
  first, last = rng.uniform(0, 1, size=2).tolist() if flat else (0.0, 1.0)
  found = []
  for k in range(count):
    place = middle + spacing * k * (1 + 0.06 * k) * (across + slip * along)
    half = 0.5 * length * (rng.uniform(0.75, 1.2) if count > 1 else 1) * along
    points = _wavy(place - half, place + half, waviness, bow, rng)
    found.append((points, np.linspace(first, last, len(points))))
  return found


def _network(
  side_px: int, waviness: float, rng: np.random.Generator
) -> list[tuple[np.ndarray, np.ndarray]]:
  """Nodes, each joined to the two that are nearest."""
  spread = draw_log((0.08, 0.5), rng) * side_px
  count = int(rng.integers(5, 14))
  nodes = rng.uniform(0, side_px, size=2) + spread * rng.normal(size=(count, 2))
  found = []
  for k, node in enumerate(nodes):
    for other in np.argsort(np.hypot(*(nodes - node).T))[1:3]:
      if other > k or rng.random() < 0.3:
        points = _wavy(node, nodes[other], waviness, 0.0, rng)
        found.append((points, np.full(len(points), rng.uniform(0.1, 0.9))))
  return found


def _loop(
  side_px: int,
  loop_px: float,
  tilt: float,
  width_px: float,
  rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
  """A closed curve; a line if it is seen edge-on."""
  radius = max(loop_px * rng.lognormal(0, 0.3), width_px) / 2
  angle = np.linspace(0, 2 * math.pi, max(16, int(6.3 * radius / _STEP_PX)))
  wave = 1 + 0.08 * rng.normal() * np.cos(2 * angle + rng.uniform(0, 6.3))
  flat = np.stack([np.cos(angle), tilt * np.sin(angle)]) * radius * wave
  turn = rng.choice([0.3, 1.4, 2.4]) + rng.normal(0, 0.2)
  turned = np.array(
    [[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]]
  )
  points = (turned @ flat).T + rng.uniform(0, side_px, size=2)
  points[-1] = points[0]
  return points, np.full(len(points), rng.uniform())


def _wavy(
  start: np.ndarray,
  end: np.ndarray,
  waviness: float,
  bow_px: float,
  rng: np.random.Generator,
) -> np.ndarray:
  """From start to end, bent sideways by a few smooth waves."""
  chord = end - start
  length = max(float(np.hypot(*chord)), 1.0)
  t = unit_steps(max(4, math.ceil(length / _STEP_PX)))
  waves = [
    (
      math.pi * k,
      waviness * length / k**1.5 * rng.normal(),
      draw((0, 0.5), rng),
    )
    for k in range(1, 4 + int(length / 40))
  ]
  number, height, phase = np.array([(math.pi, bow_px, 0.0), *waves]).T[
    ..., None
  ]
  bend = (height * np.sin(number * t + phase)).sum(axis=0)
  sideways = np.array([-chord[1], chord[0]]) / length
  return start + t[:, None] * chord + bend[:, None] * sideways
