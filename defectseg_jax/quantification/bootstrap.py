"""Means of rows that are drawn again and again, with replacement."""

import functools
import threading
from collections.abc import Iterator

import numpy as np

# By eye: ends of intervals that vary little with the seed.
RESAMPLES = 2000
# Draws that are counted and multiplied at a time. They stay in the processor's
# cache, which takes half the time, and need little memory.
_AT_ONCE = 1 << 15
# Draws that are kept, a byte each, of the last few numbers of rows.
_MOST_KEPT = 1 << 24
_lock = threading.Lock()


def bootstrap_means(
  values: np.ndarray, *, resamples: int = RESAMPLES, seed: int = 0
) -> np.ndarray:
  """Means of n rows drawn from n rows: [resamples] or [resamples, k]."""
  n, values = len(values), np.asarray(values, float)
  # One product with how often each was drawn gives many means.
  parts = [times @ values for times in _times(n, resamples, seed)]
  return np.concatenate(parts) / n


def prepare_draws(n: int, *, resamples: int = RESAMPLES, seed: int = 0) -> None:
  """Draws from n rows now what is likely to be asked for next."""
  if n > 1 and _are_kept(n, resamples):
    _times(n, resamples, seed)


def _times(
  n: int, resamples: int, seed: int
) -> list[np.ndarray] | Iterator[np.ndarray]:
  if not _are_kept(n, resamples):
    return _draws(n, resamples, seed)
  # Who needs what another thread prepares waits, and does not draw it, too.
  with _lock:
    return _kept_draws(n, resamples, seed)


def _are_kept(n: int, resamples: int) -> bool:
  return n * resamples <= _MOST_KEPT


# As many as an image takes with one object more, and one less.
@functools.lru_cache(maxsize=5)
def _kept_draws(n: int, resamples: int, seed: int) -> list[np.ndarray]:
  """All draws: whoever corrects a mask measures it again and again."""
  return list(_draws(n, resamples, seed))


def _draws(n: int, resamples: int, seed: int) -> Iterator[np.ndarray]:
  """How often each of n rows was drawn: uint8 [some resamples, n] at a time.

  That one of many is drawn more than 255 times has a chance below 1 / 256!.
  """
  rng = np.random.default_rng(seed)
  # Products of other numbers of lines may differ in their last bit.
  few = max(4, _AT_ONCE // n // 4 * 4)
  first = n * np.arange(few)[:, None]
  for low in range(0, resamples, few):
    drawn = rng.integers(n, size=(min(few, resamples - low), n))
    drawn += first[: len(drawn)]
    counted = np.bincount(drawn.ravel(), minlength=drawn.size)
    yield counted.astype(np.uint8).reshape(drawn.shape)
