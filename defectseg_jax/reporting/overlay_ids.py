"""Ids of objects on a picture, a hundred thousand if need be."""

import functools

import numpy as np
from PIL import Image, ImageDraw, ImageFont

FONT_PX = 13
_NUMBER = (255, 255, 0)


def write_ids(
  picture: Image.Image,
  rows_px: np.ndarray,
  columns_px: np.ndarray,
  times: int,
) -> list[str]:
  """Writes the ids of objects, from 1 on, where they cover none before.

  Args:
    picture: is drawn on.
    rows_px, columns_px: of the middles, in pixels before it was enlarged.
    times: how many times it was enlarged.

  Returns:
    A line that says how many ids have no room; empty where all have.
  """
  size = np.array([picture.height, picture.width])
  taken = np.zeros(size, bool)
  left_out = 0
  for number, middle in enumerate(zip(rows_px, columns_px), start=1):
    text = str(number)
    place = np.rint((np.array(middle) + 0.5) * times).astype(int)
    half = np.array([FONT_PX, len(text) * _digit_px() + 1]) // 2
    low, high = np.maximum(place - half, 0), np.minimum(place + half, size)
    box = taken[low[0] : high[0], low[1] : high[1]]
    if box.any():
      left_out += 1
      continue
    box[:] = True
    _write_digits(picture, text, place)
  if not left_out:
    return []
  return [f'{left_out} of {len(rows_px)} numbers have no room']


def _write_digits(picture: Image.Image, text: str, middle: np.ndarray) -> None:
  """Yellow, with a black edge; text anew for each would take far longer."""
  left = middle[1] - len(text) * _digit_px() // 2
  for stroke_px, colour in ((1, (0, 0, 0)), (0, _NUMBER)):
    for place, digit in enumerate(text):
      mask = _digit(digit, stroke_px)
      corner = left + place * _digit_px() - 1, middle[0] - mask.height // 2
      picture.paste(colour, corner, mask)


@functools.cache
def _digit(digit: str, stroke_px: int) -> Image.Image:
  """How much of each pixel a digit covers, with a pixel of margin about it."""
  mask = Image.new('L', (_digit_px() + 2, FONT_PX + 2))
  middle = mask.width / 2, mask.height / 2
  ImageDraw.Draw(mask).text(
    middle, digit, 255, _font(), anchor='mm', stroke_width=stroke_px
  )
  return mask


@functools.cache
def _digit_px() -> int:
  return max(round(_font().getlength(digit)) for digit in '0123456789')


@functools.cache
def _font() -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
  return ImageFont.load_default(FONT_PX)
