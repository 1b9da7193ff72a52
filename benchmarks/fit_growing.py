"""Fits the network that outlines an object from one click.

  python -m benchmarks.fit_growing --folder=FOLDER

from the root of the repository. Micrographs of the domains of voids and of
precipitates are simulated, of seeds that no benchmark reports on, and go
through the networks that come with the program; they are kept in FOLDER, and
are not made again there. Objects that stand alone are clicked on at random
places of their inner half. The network of
`defectseg_jax/review/outline_network.py` learns how far away their outline is
in each direction. Its weights are written over those that the program comes
with; the same seed gives the same weights on the same kind of machine.
"""

import importlib
import pathlib
import sys
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from safetensors.numpy import save_file
from scipy import ndimage
from skimage import measure as regions

from benchmarks import report
from defectseg_jax.review import growing, polar
from defectseg_jax.review import outline_network as network

SIDE_PX = 384
# Seeds: in some of the micrographs nothing is too faint to be labelled, as in
# those that are judged by; in the others, some is.
_JUDGED, _OTHERS = range(500, 512), 1000
# Of a micrograph, lest one with many small objects decides.
_MOST_OBJECTS = 15
_CLICKS = 2
# As of the benchmark; objects that touch a little are learned from, too.
_LEAST_PX, _SOLID, _DEPTH = 12, 0.85, 0.4
# How far from the true sample it is nearly as good, in samples.
_SPREAD = 1.0
# Parts of a batch that have no network, nothing outlined, and the grey values
# the other way round. By eye.
_NO_NETWORK, _NO_OTHERS, _NEGATIVE = 0.3, 0.3, 0.25
# Objects are enlarged or made smaller by so many samples at most; by eye.
_SHIFT = 5
_BATCH, _LEARNING_RATE = 32, 8e-3


class Examples(NamedTuple):
  """Clicked objects.

  Attributes:
    maps: float32 [N, angles, samples, 3]: image, network's map, other objects.
    outlines: float32 [N, angles], the sample at which the object ends.
  """

  maps: np.ndarray
  outlines: np.ndarray


def main() -> int:
  """Simulates, fits and writes; the exit code."""
  parser = report.create_parser(__doc__)
  parser.add_argument('--folder', type=pathlib.Path, required=True)
  parser.add_argument('--micrographs', type=int, default=40)
  parser.add_argument('--steps', type=int, default=700)
  parser.add_argument('--output', type=pathlib.Path, default=growing.WEIGHTS)
  flags = parser.parse_args()
  print(report.line(report.machine() | report.versions('numpy', 'jax')))
  flags.folder.mkdir(parents=True, exist_ok=True)
  others = range(_OTHERS, _OTHERS + flags.micrographs)
  found = []
  for defect in ('voids', 'precipitates'):
    # Precipitates are more on a micrograph, so that fewer will do.
    fewer = defect == 'precipitates'
    seeds = [*_JUDGED, *(one for one in others if one % 3 or not fewer)]
    _simulate(flags.folder, defect, seeds)
    for seed in seeds:
      with np.load(_path(flags.folder, defect, seed)) as made:
        found += _examples(made, seed)
  maps, outlines = zip(*found, strict=True)
  print(f'{len(found)} clicks', flush=True)
  examples = Examples(np.stack(maps), np.stack(outlines))
  weights = _fit(examples, flags.steps)
  save_file(weights, flags.output)
  return 0


def _path(folder: pathlib.Path, defect: str, seed: int) -> pathlib.Path:
  return folder / f'{defect}_{seed}.npz'


def _simulate(folder: pathlib.Path, defect: str, seeds: list[int]) -> None:
  """Makes those micrographs that are not there."""
  import defectseg_jax as ds
  from defectseg_jax.simulation import foil_parameters
  from defectseg_jax.simulation.domain.patches import simulate_patch
  from defectseg_jax.simulation.domain.settings import domain_settings

  config = importlib.import_module(f'configs.{defect}')
  fields = config.get_config('scale=general').to_dict()
  run = ds.load_network(defect)
  for seed in seeds:
    path = _path(folder, defect, seed)
    if path.exists():
      continue
    patch = simulate_patch(
      domain_settings(fields['domain']),
      foil_parameters(fields['foil']),
      defect=defect,
      side_px=SIDE_PX,
      seed=(9, seed),
      to_judge_by=seed in _JUDGED,
    )
    found = run.predict(
      ds.Micrograph(
        pixels=patch.pixels, name='x', pixel_size_nm=patch.pixel_size_nm
      )
    )
    unfinished = path.with_suffix('.unfinished.npz')
    np.savez(
      unfinished,
      pixels=patch.pixels,
      mask=patch.mask,
      counts=patch.counts,
      prob=found.probabilities,
      found=found.mask,
    )
    unfinished.replace(path)


def _examples(made: Any, seed: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
  """Maps and outline of each click on a micrograph."""
  rng = np.random.default_rng(seed)
  labels = np.asarray(regions.label(made['mask'], connectivity=2))
  found = np.asarray(regions.label(made['found'], connectivity=2))
  uncounted = np.unique(labels[~made['counts']])
  whole = [
    one
    for one in regions.regionprops(labels)
    if one.area >= _LEAST_PX
    and one.solidity >= _SOLID
    and one.label not in uncounted
  ]
  chosen = rng.permutation(len(whole))[:_MOST_OBJECTS]
  image = polar.blur_by_radius(made['pixels'].astype(np.float32))
  belief = polar.sharp(made['prob'].astype(np.float32))
  for one in (whole[index] for index in chosen):
    inside = labels == one.label
    others = (found > 0) & ~np.isin(found, np.unique(found[inside]))
    maps = [image, belief, polar.sharp(others.astype(np.float32))]
    truth = polar.sharp(inside.astype(np.float32))
    for middle in _middles(inside, one, rng):
      seen = [polar.log_polar(each, middle) for each in maps]
      yield np.stack(seen, axis=-1), _ends(polar.log_polar(truth, middle))


def _middles(
  inside: np.ndarray, one: Any, rng: np.random.Generator
) -> Iterator[tuple[float, float]]:
  """Clicks, and about the middle: there it is looked from in the end."""
  depth = np.asarray(ndimage.distance_transform_edt(np.pad(inside, 1)))
  depth = depth[1:-1, 1:-1]
  places = np.argwhere(depth >= _DEPTH * depth.max())
  found = [places[rng.integers(len(places))] + 0.5 for _ in range(_CLICKS)]
  beside_px = 0.08 * np.sqrt(one.area / np.pi)
  found.append(np.array(one.centroid) + 0.5 + rng.normal(0, beside_px, 2))
  for row, column in np.clip(found, 0.01, SIDE_PX - 0.01):
    yield float(row), float(column)


def _ends(inside: np.ndarray) -> np.ndarray:
  """The sample at which each ray leaves an object, between samples."""
  found = np.full(len(inside), polar.SAMPLES - 1, np.float32)
  for angle, ray in enumerate(inside):
    beyond = np.flatnonzero(ray < 0.5)
    if len(beyond):
      last = int(beyond[0])
      found[angle] = last
      if last:
        before = ray[last - 1]
        found[angle] += (before - 0.5) / (before - ray[last]) - 1
  return found


def _fit(examples: Examples, steps: int) -> dict[str, np.ndarray]:
  """The weights."""
  import jax
  import jax.numpy as jnp
  import optax

  def loss(weights: Any, seen: Any, outlines: Any) -> Any:
    likely = jax.nn.log_softmax(network.logits(weights, seen), axis=-1)
    off = (jnp.arange(polar.SAMPLES) - outlines[..., None]) / _SPREAD
    wanted = jax.nn.softmax(-0.5 * off**2, axis=-1)
    return -(wanted * likely).sum(axis=-1).mean()

  optimizer = optax.adam(optax.cosine_onecycle_schedule(steps, _LEARNING_RATE))

  @jax.jit
  def step(weights: Any, state: Any, seen: Any, outlines: Any) -> Any:
    value, slope = jax.value_and_grad(loss)(weights, seen, outlines)
    change, state = optimizer.update(slope, state)
    return optax.apply_updates(weights, change), state, value

  rng = np.random.default_rng(0)
  weights: Any = {
    name: rng.normal(0, (1 / shape[0]) ** 0.5, shape).astype(np.float32)
    if len(shape) == 2
    else np.zeros(shape, np.float32)
    for name, shape in network.weight_shapes().items()
  }
  state, losses = optimizer.init(weights), []
  for number in range(1, steps + 1):
    weights, state, value = step(weights, state, *_batch(examples, rng))
    losses.append(float(value))
    if number % 100 == 0:
      print(f'step {number}: loss {np.mean(losses[-100:]):.3f}', flush=True)
  return {name: np.asarray(one) for name, one in weights.items()}


def _batch(
  examples: Examples, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
  """Features and outlines of random clicks, turned and mirrored."""
  chosen = rng.integers(len(examples.maps), size=_BATCH)
  turns = rng.integers(polar.ANGLES, size=(_BATCH, 1))
  ways = rng.choice([-1, 1], size=(_BATCH, 1))
  angles = (turns + ways * np.arange(polar.ANGLES)) % polar.ANGLES
  shifts = rng.integers(-_SHIFT, _SHIFT + 1, size=(_BATCH, 1))
  samples = np.clip(np.arange(polar.SAMPLES) - shifts, 0, polar.SAMPLES - 1)
  maps = examples.maps[
    chosen[:, None, None], angles[:, :, None], samples[:, None]
  ]
  image, belief, others = np.moveaxis(maps, -1, 0)
  kept = rng.random((3, _BATCH, 1, 1))
  belief = belief * (kept[0] >= _NO_NETWORK)
  others = others * (kept[1] >= _NO_OTHERS)
  image = image * np.where(kept[2] < _NEGATIVE, -1, 1)
  outlines = examples.outlines[chosen[:, None], angles] + shifts
  return network.features(image, belief, others), outlines


if __name__ == '__main__':
  sys.exit(main())
