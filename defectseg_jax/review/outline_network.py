"""Where the outline of an object is likely to run: a network of 4,700 weights.

It sees the object in polar coordinates, and gives for each angle how likely the
outline is at each radius. It learned outlines of simulated voids and
precipitates, dark and bright; `python -m benchmarks.fit_growing` makes its
weights again. NumPy is enough for it: a click is answered before JAX would have
compiled.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

# Of each image what is inside of a radius is compared with what is outside,
# over so many samples.
_OVER = (1, 2, 4, 8, 16)
# Values of the image are cut off at so many mean deviations.
_MOST = 4.0
# So many numbers are given for each place, and so many kept of each layer.
FEATURES, WIDTH = 48, 16
# How far apart the samples are that a layer compares.
DILATIONS = (2, 6, 2)


def weight_shapes() -> dict[str, tuple[int, ...]]:
  """Of each weight, by its name."""
  shapes: dict[str, tuple[int, ...]] = {
    'first': (FEATURES, WIDTH),
    'first_bias': (WIDTH,),
    'last': (WIDTH, 1),
  }
  for layer in range(len(DILATIONS)):
    shapes[f'layer_{layer}'] = (5 * WIDTH, WIDTH)
    shapes[f'bias_{layer}'] = (WIDTH,)
  return shapes


def features(
  image: np.ndarray, probabilities: np.ndarray, others: np.ndarray
) -> np.ndarray:
  """What is told of each place.

  Args:
    image: [N, angles, samples].
    probabilities: likewise, of a network's map; 0 without any.
    others: likewise, 1 on objects that are outlined already.

  Returns:
    float32 [N, angles, samples, FEATURES].
  """
  image = image - np.median(image, axis=(1, 2), keepdims=True)
  image = image / (np.abs(image).mean(axis=(1, 2), keepdims=True) + 1e-9)
  image = np.clip(image, -_MOST, _MOST)
  radius = np.broadcast_to(np.linspace(-1, 1, image.shape[-1]), image.shape)
  here = np.stack(
    [
      *(image, _inside(image), *_steps(image, _OVER)),
      *(probabilities, _inside(probabilities)),
      *_steps(probabilities, _OVER[:-1]),
      *(others, _inside(others), radius),
    ],
    axis=-1,
    dtype=np.float32,
  )
  near = sum(np.roll(here, turn, axis=1) for turn in (-2, -1, 0, 1, 2)) / 5
  around = np.broadcast_to(here.mean(axis=1, keepdims=True), here.shape)
  return np.concatenate([here, near, around], axis=-1, dtype=np.float32)


def _inside(polar: np.ndarray) -> np.ndarray:
  """The mean up to each sample."""
  return np.cumsum(polar, axis=-1) / np.arange(1, polar.shape[-1] + 1)


def _steps(polar: np.ndarray, over: tuple[int, ...]) -> list[np.ndarray]:
  """What is inside of each radius minus what is outside."""
  samples = polar.shape[-1]
  sums = np.cumsum(polar, axis=-1, dtype=float)
  sums = np.concatenate([np.zeros_like(sums[..., :1]), sums], axis=-1)
  place, found = np.arange(samples), []
  for count in over:
    low = np.maximum(place - count, 0)
    high = np.minimum(place + count, samples)
    inner = (sums[..., place] - sums[..., low]) / np.maximum(place - low, 1)
    outer = (sums[..., high] - sums[..., place]) / np.maximum(high - place, 1)
    step = inner - outer
    # Nothing is inside of the first one.
    step[..., 0] = 0
    found.append(step)
  return found


def logits(weights: Mapping[str, Any], seen: Any) -> Any:
  """How likely the outline is at each place, before the softmax over radii.

  Args:
    weights: arrays by name, as in `weight_shapes`.
    seen: [N, angles, samples, FEATURES], of NumPy or of JAX.

  Returns:
    [N, angles, samples], of the same kind.
  """
  xp = seen.__array_namespace__()
  hidden = xp.maximum(seen @ weights['first'] + weights['first_bias'], 0)
  for layer, dilation in enumerate(DILATIONS):
    change = _context(hidden, dilation) @ weights[f'layer_{layer}']
    hidden = hidden + xp.maximum(change + weights[f'bias_{layer}'], 0)
  return (hidden @ weights['last'])[..., 0]


def _context(hidden: Any, dilation: int) -> Any:
  """Each place, those inside, outside and beside of it, and all around."""
  xp = hidden.__array_namespace__()
  samples = hidden.shape[2]
  aside = ((0, 0), (0, 0), (dilation, dilation), (0, 0))
  wide = xp.pad(hidden, aside, mode='edge')
  beside = xp.roll(hidden, 1, axis=1) + xp.roll(hidden, -1, axis=1)
  around = xp.broadcast_to(hidden.mean(axis=1, keepdims=True), hidden.shape)
  inner, outer = wide[:, :, :samples], wide[:, :, 2 * dilation :]
  return xp.concatenate([hidden, inner, outer, beside / 2, around], axis=-1)
