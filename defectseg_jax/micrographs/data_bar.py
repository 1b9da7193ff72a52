"""The bar of letters that a microscope's program draws along an image.

In a drawing most pixels are as their neighbours; in what a detector counts few
are. A bar is the lines along one side of an image in which neighbours are
equal, if it begins at once, holds letters, and the rest has no such lines.
"""

import numpy as np

# All limits are by eye.
# Lines of a bar: how many at least, and which part of the image at most.
_LEAST_LINES, _LARGEST_PART = 8, 0.4
# Equal neighbours, as parts of a line: from where on a line speaks for a bar;
# the mean of the bar; the median of all other lines; and the step between.
_LINE, _BAR, _REST, _STEP = 0.5, 0.6, 0.35, 0.3
_LINES_OF_STEP = 3
# Letters: which part of a bar is far from its most common grey value, and how
# far that is, as a part of the image's range.
_LETTERS, _FAR = 0.002, 0.3
# What compression of a photograph changes in a drawing, of 255 grey levels.
_JPEG_LEVELS = 2


def bar_lines(pixels: np.ndarray, *, of_8_bits: bool) -> int:
  """How many of the first rows are a data bar.

  Args:
    pixels: [H, W]; turned so that the side in question is at the top.
    of_8_bits: what `has_8_bits` says of the image: then it is a photograph that
      compression may have changed.

  Returns:
    Their number; 0 where there is no bar.

  Examples:
    >>> pixels = np.random.default_rng(0).poisson(50, (80, 64))
    >>> pixels[:12] = 0
    >>> pixels[4:8, 10:50:3] = 90
    >>> bar_lines(pixels, of_8_bits=has_8_bits(pixels))
    12
  """
  if min(pixels.shape) < 2 * _LEAST_LINES:
    return 0
  found = _lines_of_equals(pixels, 0)
  if not found and of_8_bits:
    found = _lines_of_equals(pixels, _JPEG_LEVELS)
  return found if found and _has_letters(pixels, found) else 0


def has_8_bits(pixels: np.ndarray) -> bool:
  """Whether all grey values are whole ones of 0 to 255.

  Examples:
    >>> has_8_bits(np.array([[0, 255]])), has_8_bits(np.array([[0.5]]))
    (True, False)
  """
  return bool(
    pixels.min() >= 0 and pixels.max() <= 255 and (pixels % 1 == 0).all()
  )


def _lines_of_equals(pixels: np.ndarray, levels: float) -> int:
  """How many of the first rows are drawn, up to so many grey levels."""
  with np.errstate(invalid='ignore'):
    equal = (np.abs(np.diff(pixels, axis=1)) <= levels).mean(axis=1)
  # The sum is largest where the last line is that speaks for a bar: letters in
  # between may speak against it.
  lines = int(np.argmax(np.cumsum(equal - _LINE))) + 1
  bar, rest = equal[:lines], equal[lines:]
  if not _LEAST_LINES <= lines <= _LARGEST_PART * len(pixels):
    return 0
  step = bar[-_LINES_OF_STEP:].mean() - rest[:_LINES_OF_STEP].mean()
  drawn = bar.mean() >= _BAR and np.median(rest) <= _REST and step >= _STEP
  return lines if drawn else 0


def _has_letters(pixels: np.ndarray, lines: int) -> bool:
  bar = pixels[:lines]
  bar = bar[np.isfinite(bar)]
  if not bar.size:
    return False
  values, counts = np.unique(bar, return_counts=True)
  far = np.abs(bar - values[counts.argmax()]) >= _FAR * _range(pixels)
  return bool(far.mean() >= _LETTERS)


def _range(pixels: np.ndarray) -> float:
  """Of the grey values, without spikes."""
  finite = pixels[np.isfinite(pixels)]
  low, high = np.quantile(finite, (0.001, 0.999))
  return float(high - low)
