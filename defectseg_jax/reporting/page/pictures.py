"""Layers of a picture to data URIs of bounded size."""

import base64
import functools
import io
import itertools
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

# Of all pictures of a page, before base64: so that one of 500 images stays
# below 60 MB, and one of 30 is not bounded.
_PAGE_BYTES = 24_000_000
# By eye: the most of one picture, and the most colours of one kept as PNG.
_MOST_BYTES = 600_000
_MOST_COLOURS = 8
# By eye: the first layer, the micrograph, is what others are compared with.
_FIRST_WEIGHT = 3
# The longest side in pixels, and the quality of a JPEG, the best first. Noise,
# as most micrographs have it, is the first to go.
_STEPS = (
  *((1400, quality) for quality in (85, 75, 60, 40)),
  *((side_px, q) for side_px in (1000, 700, 500, 350, 250) for q in (60, 40)),
  (250, 20),
)
LONGEST_PX = _STEPS[0][0]
_FIGURE_DPI = 110


def layer_uris(
  layers: Mapping[str, np.ndarray], *, images: int
) -> tuple[dict[str, str], int]:
  """Layers for `href`, smaller where the page has many images.

  Args:
    layers: uint8 [H, W] or [H, W, 3] by name, the first seen first.
    images: of the page.

  Returns:
    Data URIs by name; and how many pixels the longest side of the first has.
  """
  weights = [_FIRST_WEIGHT, *[1] * (len(layers) - 1)][: len(layers)]
  share = _PAGE_BYTES / images / max(sum(weights), 1)
  uris, longest_px = {}, 0
  for weight, (name, pixels) in zip(weights, layers.items(), strict=True):
    most_bytes = min(_MOST_BYTES, round(weight * share))
    uris[name], side_px = _uri_within(pixels, most_bytes)
    longest_px = longest_px or side_px
  return uris, longest_px


def data_uri(pixels: np.ndarray) -> str:
  """An image for `src` or `href`, scaled down if it is large.

  Args:
    pixels: uint8 [H, W] or [H, W, 3].

  Returns:
    A PNG where there are few colours, as in a mask, which stay what they are;
    else a JPEG.
  """
  return _uri_within(pixels, _MOST_BYTES)[0]


def _uri_within(pixels: np.ndarray, most_bytes: int) -> tuple[str, int]:
  """The best that is not too large, or the smallest; and its longest side."""
  picture = Image.fromarray(pixels)
  colours = picture.getcolors(_MOST_COLOURS)

  @functools.cache
  def reduced(longest_px: int) -> Image.Image:
    times = min(1.0, longest_px / max(picture.size))
    width, height = (max(1, round(times * side)) for side in picture.size)
    # Not `thumbnail`, which would first copy what may be a gigabyte.
    return picture.resize((width, height), Image.Resampling.BOX)

  @functools.cache
  def content(longest_px: int, quality: int) -> bytes:
    if colours is None:
      return _jpeg(reduced(longest_px), quality)
    few = [colour for _, colour in colours]
    return _png(_few_colours(reduced(longest_px), few))

  def fits(number: int) -> bool:
    return len(content(*_STEPS[number])) <= most_bytes

  # Each is smaller than the one before. Of a page with few images the first
  # does; of one with thousands one of the last.
  last = len(_STEPS) - 1
  number = 0 if fits(0) else bisect_left(range(last), True, lo=1, key=fits)
  kind = 'jpeg' if colours is None else 'png'
  longest_px = max(reduced(_STEPS[number][0]).size)
  return _uri(kind, content(*_STEPS[number])), longest_px


def figure_uri(figure: Figure, *, colours: int) -> str:
  """A figure for `src`, as a PNG of so many colours."""
  stream = io.BytesIO()
  figure.savefig(stream, dpi=_FIGURE_DPI)
  return png_uri(Image.open(stream).convert('RGB').quantize(colours))


def png_uri(picture: Image.Image) -> str:
  """A picture without loss."""
  return _uri('png', _png(picture))


def _png(picture: Image.Image) -> bytes:
  stream = io.BytesIO()
  picture.save(stream, 'PNG', optimize=True)
  return stream.getvalue()


def _jpeg(picture: Image.Image, quality: int) -> bytes:
  stream = io.BytesIO()
  picture.save(stream, 'JPEG', quality=quality, optimize=True)
  return stream.getvalue()


def _few_colours(picture: Image.Image, colours: Sequence[Any]) -> Image.Image:
  return picture.convert('RGB').quantize(
    palette=_palette(colours), dither=Image.Dither.NONE
  )


def _palette(colours: Sequence[Any]) -> Image.Image:
  """The colours and, for edges that were scaled down, what is between two."""
  colours = [np.broadcast_to(np.array(c, float), 3) for c in colours]
  between = [
    (1 - share) * one + share * other
    for one, other in itertools.combinations(colours, 2)
    for share in (0.25, 0.5, 0.75)
  ]
  every = np.vstack([*colours, *between]).round().astype(np.uint8)
  palette = Image.new('P', (1, 1))
  # PIL fills the rest with black, which may not be among the colours.
  filled = np.vstack([every, np.tile(every[:1], (256 - len(every), 1))])
  palette.putpalette(filled.ravel().tolist())
  return palette


def _uri(kind: str, content: bytes) -> str:
  return f'data:image/{kind};base64,{base64.b64encode(content).decode()}'
