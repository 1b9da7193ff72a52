"""Means of rows that are drawn again and again, with replacement."""

import functools
from collections.abc import Iterator

import numpy as np

# Both by eye: ends of intervals that vary little with the seed, and some MiB.
RESAMPLES = 2000
_DRAWS_AT_ONCE = 1 << 20
# As many are counted at a time: they stay in the processor's cache, which takes
# two thirds of the time.
_COUNTED_AT_ONCE = 1 << 15
# Draws that are kept, 2 bytes each, of the last few numbers of rows.
_MOST_KEPT = 1 << 22


def bootstrap_means(
  values: np.ndarray, *, resamples: int = RESAMPLES, seed: int = 0
) -> np.ndarray:
  """Means of n rows drawn from n rows: [resamples] or [resamples, k]."""
  n, values = len(values), np.asarray(values, float)
  draws = _kept_draws if n * resamples <= _MOST_KEPT else _draws
  parts = [times @ values for times in draws(n, resamples, seed)]
  return np.concatenate(parts) / n


@functools.lru_cache(maxsize=4)
def _kept_draws(n: int, resamples: int, seed: int) -> list[np.ndarray]:
  """All draws: whoever corrects a mask measures it again and again."""
  return list(_draws(n, resamples, seed))


def _draws(n: int, resamples: int, seed: int) -> Iterator[np.ndarray]:
  """How often each of n rows was drawn: [some resamples, n] at a time."""
  rng = np.random.default_rng(seed)
  # In parts: all draws of 50,000 particles together need 800 MB.
  size, few = (max(1, most // n) for most in (_DRAWS_AT_ONCE, _COUNTED_AT_ONCE))
  for low in range(0, resamples, size):
    lines = min(size, resamples - low)
    times = np.empty((lines, n), np.uint16 if n < 1 << 16 else np.int64)
    for first in range(0, lines, few):
      part = times[first : first + few]
      drawn = rng.integers(n, size=part.shape)
      # One product with them then gives all means.
      drawn += n * np.arange(len(part))[:, None]
      counted = np.bincount(drawn.ravel(), minlength=part.size)
      part[:] = counted.reshape(part.shape)
    yield times
