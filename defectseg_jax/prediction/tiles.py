"""A micrograph of any size through a network of one compiled shape.

The micrograph is mirrored outwards by a halo no smaller than the network's
receptive radius, and cut into overlapping tiles whose cores cover it. A core
sees all that it depends on, so that the stitched result is the whole image's,
whatever the tile; zeros that the network pads inside never reach it. Memory
beyond the image and the result is that of a few batches of tiles.
"""

import collections
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

# Above 1024 halos are a fifth of a tile at most, and memory grows.
CORES_PX = (256, 512, 1024)

# In every layer of a single batch a CPU's cores wait for each other; of several
# at a time one always has work.
BATCHES_IN_FLIGHT = 4


def tile_starts(length_px: int, core_px: int, multiple_px: int) -> list[int]:
  """First pixels of the fewest cores that cover a length, evenly spaced.

  Args:
    length_px: at least `core_px`; a multiple of `multiple_px`.
    core_px: the length that one tile covers; a multiple of `multiple_px`.
    multiple_px: all starts are multiples of it, for the pooling grid of a tile
      must lie on that of the whole image.

  Returns:
    Ascending starts, the first 0 and the last `length_px - core_px`.
  """
  count = -(-length_px // core_px)
  last = (length_px - core_px) // multiple_px
  return [
    multiple_px * round(last * i / max(count - 1, 1)) for i in range(count)
  ]


def fastest_core_px(
  shape: tuple[int, int],
  *,
  receptive_field_radius_px: int,
  multiple_px: int,
  choices_px: Sequence[int] = CORES_PX,
) -> int:
  """The core whose tiles have the fewest pixels in all.

  Large cores share their halos; small ones waste less on a small image.

  Args:
    shape: of the image.
    receptive_field_radius_px: of the network.
    multiple_px: what a tile's side must be a multiple of.
    choices_px: from which to choose; each is compiled for once.

  Returns:
    One of the choices.
  """
  halo = _rounded_up(receptive_field_radius_px, multiple_px)

  def pixels(choice):
    core = _rounded_up(choice, multiple_px)
    down, along = (-(-length // core) for length in shape)
    return down * along * (core + 2 * halo) ** 2

  return min(choices_px, key=pixels)


def probability_map(
  pixels: np.ndarray,
  probabilities_of: Callable[[np.ndarray], np.ndarray],
  *,
  core_px: int,
  batch_size: int,
  receptive_field_radius_px: int,
  multiple_px: int,
  on_tiles: Callable[[int, int], None] = lambda done, count: None,
) -> np.ndarray:
  """The probability of a defect at every pixel.

  Args:
    pixels: float32 [H, W], preprocessed; any size.
    probabilities_of: from float32 [batch_size, S, S, 1] to the same shape;
      called by several threads at a time.
    core_px: side of a tile's core, rounded up to a multiple of `multiple_px`.
    batch_size: tiles in a batch; the last batch is filled with zeros.
    receptive_field_radius_px: of the network.
    multiple_px: what S must be a multiple of.
    on_tiles: called after each batch with the tiles done and their number.

  Returns:
    float32 [H, W].
  """
  core = _rounded_up(core_px, multiple_px)
  halo = _rounded_up(receptive_field_radius_px, multiple_px)
  covered = [max(core, _rounded_up(n, multiple_px)) for n in pixels.shape]
  corners = [
    (top, left)
    for top in tile_starts(covered[0], core, multiple_px)
    for left in tile_starts(covered[1], core, multiple_px)
  ]
  side = core + 2 * halo

  def predicted(group):
    batch = np.zeros((batch_size, side, side, 1), np.float32)
    for tile, corner in zip(batch, group, strict=False):
      tile[..., 0] = _mirrored(pixels, corner, halo, side)
    return np.asarray(probabilities_of(batch))[:, halo:-halo, halo:-halo, 0]

  groups = [
    corners[first : first + batch_size]
    for first in range(0, len(corners), batch_size)
  ]
  result = np.empty(pixels.shape, np.float32)
  done = 0
  for group, tiles in _in_flight(predicted, groups):
    for tile, (top, left) in zip(tiles, group, strict=False):
      inside = result[top : top + core, left : left + core]
      inside[:] = tile[: inside.shape[0], : inside.shape[1]]
    done += len(group)
    on_tiles(done, len(corners))
  return result


def _in_flight(function: Callable, arguments: Sequence) -> Iterator[tuple]:
  """Pairs of an argument and its result, in order; a few at work at a time."""
  waiting = collections.deque()
  with ThreadPoolExecutor(BATCHES_IN_FLIGHT) as threads:
    for argument in arguments:
      if len(waiting) == BATCHES_IN_FLIGHT:
        first, future = waiting.popleft()
        yield first, future.result()
      waiting.append((argument, threads.submit(function, argument)))
    for argument, future in waiting:
      yield argument, future.result()


def _mirrored(pixels, corner, halo, side):
  """A square of the image, mirrored at the edges as often as it takes."""
  rows, columns = (
    _reflected(start - halo + np.arange(side), length)
    for start, length in zip(corner, pixels.shape, strict=True)
  )
  return pixels[rows[:, None], columns]


def _reflected(places, length):
  """Where mirrors at both edges put a place: ... 1 0 0 1 ... n-1 n-1 ..."""
  places = places % (2 * length)
  return np.minimum(places, 2 * length - 1 - places)


def _rounded_up(length, multiple):
  return -(-length // multiple) * multiple
