"""Where an image shows specimen: not in frames, data bars, or missing pixels.

Vacuum beside a foil is not found: a smooth, bright region may as well be a
void. A mask by hand says where it is.
"""

from typing import NamedTuple

import numpy as np

from defectseg_jax.micrographs.data_bar import bar_lines, has_8_bits
from defectseg_jax.micrographs.frames import (
  Box,
  filled_regions,
  inside_of_frame,
)


class Specimen(NamedTuple):
  """Where the specimen is, and what lies beside it.

  Attributes:
    valid: bool [H, W], True on specimen.
    beside: what is no specimen, in words; empty where all is.
  """

  valid: np.ndarray
  beside: tuple[str, ...]


def find_specimen(pixels: np.ndarray) -> Specimen:
  """Finds frames, data bars and filled regions.

  Args:
    pixels: [H, W]; NaN where there is nothing.

  Returns:
    The specimen; what is NaN is none, and not among `beside`.

  Examples:
    >>> pixels = np.random.default_rng(0).poisson(50, (64, 96))
    >>> pixels[:, :10] = 0
    >>> find_specimen(pixels).beside
    ('columns 0 to 9 (of one grey value, 0)',)
  """
  box = slice(0, pixels.shape[0]), slice(0, pixels.shape[1])
  beside: list[str] = []
  # A frame may lie around a bar, and hide its lines from a side.
  for inside_of in (_inside_of_bars, _inside_of_frame, _inside_of_bars):
    box, words = inside_of(pixels, box)
    beside += words
  valid = np.zeros(pixels.shape, bool)
  valid[box] = np.isfinite(pixels[box])
  # As a copy, since NaN needs floats.
  rest = np.where(valid, pixels, np.nan)
  for region, value in filled_regions(rest):
    valid &= ~region
    beside.append(
      f'{describe_place(region)} (a filled region of one grey value, {value:g})'
    )
  return Specimen(valid, tuple(beside))


def describe_place(where: np.ndarray) -> str:
  """The rows and columns that marked pixels lie in, in words.

  Args:
    where: bool [H, W], not all False.

  Examples:
    >>> where = np.zeros((4, 6), bool)
    >>> where[3] = True
    >>> describe_place(where)
    'row 3'
  """
  height, width = where.shape
  rows, columns = np.flatnonzero(where.any(axis=1)), where.any(axis=0)
  columns = np.flatnonzero(columns)
  parts = [
    _lines('row', rows[0], rows[-1] + 1) if len(rows) < height else '',
    _lines('column', columns[0], columns[-1] + 1)
    if len(columns) < width
    else '',
  ]
  return ', '.join(filter(None, parts)) or 'all over the image'


def _lines(what: str, first: int, after: int) -> str:
  if after == first + 1:
    return f'{what} {first}'
  return f'{what}s {first} to {after - 1}'


def _beside(outer: Box, inner: Box) -> list[str]:
  """The lines between two boxes, in words."""
  found = []
  for what, out, into in zip(('row', 'column'), outer, inner, strict=True):
    for first, after in ((out.start, into.start), (into.stop, out.stop)):
      if after > first:
        found.append(_lines(what, first, after))
  return found


def _inside_of_frame(pixels: np.ndarray, outer: Box) -> tuple[Box, list[str]]:
  (rows, columns), values = inside_of_frame(pixels[outer])
  top, left = outer[0].start, outer[1].start
  inner = (
    slice(top + rows.start, top + rows.stop),
    slice(left + columns.start, left + columns.stop),
  )
  if not values:
    return outer, []
  named = ', '.join(f'{value:g}' for value in values)
  return inner, [
    f'{lines} (of one grey value, {named})' for lines in _beside(outer, inner)
  ]


def _inside_of_bars(pixels: np.ndarray, outer: Box) -> tuple[Box, list[str]]:
  rows, columns = outer
  part = pixels[outer]
  of_8_bits = has_8_bits(part)
  found = [
    bar_lines(view, of_8_bits=of_8_bits)
    for view in (part, part[::-1], part.T, part.T[::-1])
  ]
  top, bottom, left, right = found
  inner = (
    slice(rows.start + top, rows.stop - bottom),
    slice(columns.start + left, columns.stop - right),
  )
  return inner, [f'{lines} (a data bar)' for lines in _beside(outer, inner)]
