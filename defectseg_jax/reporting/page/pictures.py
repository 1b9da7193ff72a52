"""Layers of a picture to data URIs of bounded size."""

import base64
import io
import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

# The longest side; a page of 20 images stays below 25 MB.
LONGEST_PX = 1400
# By eye: the largest JPEG, and the most colours of a picture kept as PNG.
_MOST_BYTES = 600_000
_QUALITIES = (85, 75, 60, 40, 20)
_MOST_COLOURS = 8
_FIGURE_DPI = 110


def data_uri(pixels: np.ndarray) -> str:
  """An image for `src` or `href`, scaled down if it is large.

  Args:
    pixels: uint8 [H, W] or [H, W, 3].

  Returns:
    A PNG where there are few colours, as in a mask, which stay what they are;
    else a JPEG.
  """
  picture = Image.fromarray(pixels)
  colours = picture.getcolors(_MOST_COLOURS)
  times = min(1.0, LONGEST_PX / max(picture.size))
  # Not `thumbnail`, which would first copy what may be a gigabyte.
  small = picture.resize(
    [max(1, round(times * side)) for side in picture.size],
    Image.Resampling.BOX,
  )
  if colours is None:
    return _uri('jpeg', _jpeg(small))
  few = small.convert('RGB').quantize(
    palette=_palette([colour for _, colour in colours]),
    dither=Image.Dither.NONE,
  )
  return png_uri(few)


def figure_uri(figure: Figure, *, colours: int) -> str:
  """A figure for `src`, as a PNG of so many colours."""
  stream = io.BytesIO()
  figure.savefig(stream, dpi=_FIGURE_DPI)
  return png_uri(Image.open(stream).convert('RGB').quantize(colours))


def png_uri(picture: Image.Image) -> str:
  """A picture without loss."""
  stream = io.BytesIO()
  picture.save(stream, 'PNG', optimize=True)
  return _uri('png', stream.getvalue())


def _jpeg(picture: Image.Image) -> bytes:
  """At the best quality that is not too large, as noise is at most of them."""
  for quality in _QUALITIES:
    stream = io.BytesIO()
    picture.save(stream, 'JPEG', quality=quality, optimize=True)
    if stream.tell() <= _MOST_BYTES:
      break
  return stream.getvalue()


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
