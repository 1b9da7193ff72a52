"""A micrograph of any size through a network of one compiled shape.

The micrograph is mirrored outwards by a halo no smaller than the radius of the
network's receptive field, and cut into overlapping tiles whose cores cover it.
A tile holds all pixels that its core depends on. The stitched result is
therefore that of the whole image, whatever the tile; zeros that the network
pads never reach it. Memory beyond the image and the result is that of a few
batches of tiles.
"""

import collections
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import numpy as np
from jaxtyping import Float, Integer

# By eye: above 1024 halos are a fifth of a tile at most, and memory grows. They
# are few where a network is compiled for each.
CORES_PX = (256, 512, 1024)

# In every layer of a single batch a CPU's cores wait for each other. Of several
# batches at a time one always has work. Four is by eye.
BATCHES_IN_FLIGHT = 4

# The first row and column of a tile's core.
Corner = tuple[int, int]

_Argument = TypeVar('_Argument')
_Result = TypeVar('_Result')


def tile_starts(length_px: int, core_px: int, multiple_px: int) -> list[int]:
  """First pixels of the fewest cores that cover a length, evenly spaced.

  Args:
    length_px: at least `core_px`; a multiple of `multiple_px`.
    core_px: the length that one tile covers; a multiple of `multiple_px`.
    multiple_px: all starts are multiples of it, because the pooling grid of a
      tile must lie on that of the whole image.

  Returns:
    Ascending starts, the first 0 and the last `length_px - core_px`.

  Examples:
    >>> tile_starts(200, 64, 8)
    [0, 48, 88, 136]
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
  choices_px: Sequence[int],
) -> int:
  """The core whose tiles have the fewest pixels in all.

  Large cores share their halos; small ones reach less beyond a small image.

  Args:
    shape: of the image.
    receptive_field_radius_px: of the network.
    multiple_px: what a tile's side must be a multiple of.
    choices_px: from which to choose.

  Returns:
    One of the choices.

  Examples:
    >>> reach = {'receptive_field_radius_px': 51, 'multiple_px': 8}
    >>> fastest_core_px((500, 500), choices_px=CORES_PX, **reach)
    512
    >>> fastest_core_px((200, 2048), choices_px=CORES_PX, **reach)
    256
  """
  halo = _round_up(receptive_field_radius_px, multiple_px)

  def pixels(choice: int) -> int:
    core = _round_up(choice, multiple_px)
    down, along = (-(-length // core) for length in shape)
    return down * along * (core + 2 * halo) ** 2

  return min(choices_px, key=pixels)


def probability_map(
  pixels: Float[np.ndarray, 'h w'],
  probabilities_of: Callable[[np.ndarray], np.ndarray],
  *,
  core_px: int,
  batch_size: int,
  receptive_field_radius_px: int,
  multiple_px: int,
  on_tiles: Callable[[int, int], None] = lambda done, count: None,
) -> Float[np.ndarray, 'h w']:
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

  Examples:
    With a function of single pixels in place of a network:

    >>> pixels = np.arange(6000, dtype=np.float32).reshape(60, 100) / 6000
    >>> found = probability_map(
    ...   pixels, np.sqrt, core_px=32, batch_size=2,
    ...   receptive_field_radius_px=8, multiple_px=8,
    ... )
    >>> found.shape, bool((found == np.sqrt(pixels)).all())
    ((60, 100), True)
  """
  core = _round_up(core_px, multiple_px)
  halo = _round_up(receptive_field_radius_px, multiple_px)

  def predict(corners: Sequence[Corner]) -> np.ndarray:
    side = core + 2 * halo
    batch = np.zeros((batch_size, side, side, 1), np.float32)
    for tile, corner in zip(batch, corners, strict=False):
      tile[..., 0] = _mirror_tile(pixels, corner, halo, side)
    inner = slice(halo, halo + core)
    return np.asarray(probabilities_of(batch))[:, inner, inner, 0]

  corners = _tile_corners(pixels.shape, core, multiple_px)
  starts = range(0, len(corners), batch_size)
  groups = [corners[start : start + batch_size] for start in starts]
  result = np.empty(pixels.shape, np.float32)
  done = 0
  for group, tiles in _results_in_order(predict, groups):
    for tile, (top, left) in zip(tiles, group, strict=False):
      inside = result[top : top + core, left : left + core]
      inside[:] = tile[: inside.shape[0], : inside.shape[1]]
    done += len(group)
    on_tiles(done, len(corners))
  return result


def _tile_corners(
  shape: tuple[int, ...], core: int, multiple_px: int
) -> list[Corner]:
  """First row and column of the core of every tile, row by row."""
  height, width = (max(core, _round_up(n, multiple_px)) for n in shape)
  return [
    (top, left)
    for top in tile_starts(height, core, multiple_px)
    for left in tile_starts(width, core, multiple_px)
  ]


def _results_in_order(
  function: Callable[[_Argument], _Result], arguments: Sequence[_Argument]
) -> Iterator[tuple[_Argument, _Result]]:
  """Pairs of an argument and its result; a few are computed at a time."""
  waiting: collections.deque[tuple[_Argument, Future[_Result]]]
  waiting = collections.deque()
  with ThreadPoolExecutor(BATCHES_IN_FLIGHT) as threads:
    for argument in arguments:
      if len(waiting) == BATCHES_IN_FLIGHT:
        first, future = waiting.popleft()
        yield first, future.result()
      waiting.append((argument, threads.submit(function, argument)))
    for argument, future in waiting:
      yield argument, future.result()


def _mirror_tile(
  pixels: Float[np.ndarray, 'h w'], corner: Corner, halo: int, side: int
) -> Float[np.ndarray, '{side} {side}']:
  """A square of the image, mirrored at the edges as often as it takes."""
  rows, columns = (
    _reflect(start - halo + np.arange(side), length)
    for start, length in zip(corner, pixels.shape, strict=True)
  )
  return pixels[rows[:, None], columns]


def _reflect(
  places: Integer[np.ndarray, ' n'], length: int
) -> Integer[np.ndarray, ' n']:
  """Where mirrors at both edges put a place: ... 1 0 0 1 ... n-1 n-1 ..."""
  places = places % (2 * length)
  return np.minimum(places, 2 * length - 1 - places)


def _round_up(length: int, multiple: int) -> int:
  return -(-length // multiple) * multiple
