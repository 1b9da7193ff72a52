"""A micrograph with its objects outlined and numbered, pixel for pixel."""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from defectseg_jax.quantification import (
  Measurement,
  MeasurementSettings,
  QualityWarning,
  kind_of,
)
from defectseg_jax.quantification.dislocations.line_intercepts import grid_lines
from defectseg_jax.reporting.overlay_ids import FONT_PX, write_ids

COUNTED = (64, 224, 208)
NOT_COUNTED = (255, 165, 0)
TEST_LINE = (90, 140, 255)
_WARNING = (200, 0, 0)
# By eye: numbers fit beside small objects in a picture of this side.
_LEAST_SIDE_PX = 1024
_MOST_TIMES = 4
# By eye: larger pictures are more than most programs open.
_MOST_SIDE_PX = 4096
# What is no specimen, so that letters can still be read.
_DARKER = np.uint8(2)


def grey_levels(
  image: np.ndarray, *, valid: np.ndarray | None = None
) -> np.ndarray:
  """A micrograph as a screen shows it: from 0 to 255 without its extremes.

  Args:
    image: [H, W].
    valid: bool [H, W], True on specimen, whose greys are to be told apart; the
      rest is shown darker. None where all is.

  Returns:
    uint8 [H, W].

  Examples:
    >>> grey_levels(np.array([[100.0, 150.0, 200.0]])).tolist()
    [[0, 127, 255]]
  """
  image = np.asarray(image, np.float32)
  seen = image if valid is None else image[valid]
  if not seen.size:
    seen = image
  grey = grey_between(image, *grey_range(seen))
  return grey if valid is None else np.where(valid, grey, grey // _DARKER)


def grey_range(seen: np.ndarray) -> tuple[float, float]:
  """The greys that are shown black and white: percentiles that are by eye.

  Args:
    seen: pixels of an image, of any shape.
  """
  low, high = np.percentile(np.asarray(seen, np.float32), (0.5, 99.5))
  return low, high


def grey_between(image: np.ndarray, low: float, high: float) -> np.ndarray:
  """A micrograph, or a part of it, as a screen shows it.

  Args:
    image: [H, W].
    low, high: what is shown black, and what white.

  Returns:
    uint8 [H, W].
  """
  if image.dtype == np.uint8 and image.size > 256:
    # The same for each pixel of a grey, in a tenth of the time.
    return grey_between(np.arange(256, dtype=np.uint8), low, high)[image]
  image = np.asarray(image, np.float32)
  share = (image - low) / max(high - low, np.finfo(np.float32).tiny)
  return (np.clip(share, 0, 1) * 255).astype(np.uint8)


def overlay(
  image: np.ndarray | None,
  labels: np.ndarray,
  *,
  rows_px: np.ndarray,
  columns_px: np.ndarray,
  counted: np.ndarray,
  test_lines: tuple[np.ndarray, np.ndarray] | None = None,
  valid: np.ndarray | None = None,
  caption: Sequence[str] = (),
  warnings: Sequence[str] = (),
) -> Image.Image:
  """Draws outlines and ids: turquoise objects are counted, orange ones not.

  Args:
    image: [H, W], the micrograph; None draws the objects in grey on black.
    labels: int [H, W], the object's id, from 1, at each pixel; 0 elsewhere.
    rows_px, columns_px: where to write the ids; [objects].
    counted: bool [objects].
    test_lines: rows and columns of a grid, drawn faintly; or None.
    valid: bool [H, W], True on specimen; the rest is shown darker.
    caption: lines of text above the picture.
    warnings: more of them, in red.

  Returns:
    RGB; small images are enlarged by a whole number, for their ids, and of
    large ones every second pixel, or fewer, is taken.

  Examples:
    >>> labels = np.zeros((64, 64), np.int32)
    >>> labels[20:40, 10:30] = 1
    >>> at = {'rows_px': np.array([29.5]), 'columns_px': np.array([19.5])}
    >>> picture = overlay(None, labels, **at, counted=np.array([True]))
    >>> picture.size, picture.getpixel((4 * 10, 4 * 20)) == COUNTED
    ((256, 256), True)
  """
  step = -(-max(labels.shape) // _MOST_SIDE_PX)
  if step > 1:
    labels = labels[::step, ::step]
    image = None if image is None else image[::step, ::step]
    valid = None if valid is None else valid[::step, ::step]
    rows_px, columns_px = rows_px / step, columns_px / step
    if test_lines is not None:
      rows, columns = test_lines
      test_lines = np.unique(rows // step), np.unique(columns // step)
  pixels = _as_rgb(image, labels, valid)
  if test_lines is not None:
    rows, columns = test_lines
    pixels[rows] = _blend(pixels[rows], TEST_LINE)
    pixels[:, columns] = _blend(pixels[:, columns], TEST_LINE)
  _draw_outlines(pixels, labels, counted)
  picture = Image.fromarray(pixels)
  times = min(_MOST_TIMES, -(-_LEAST_SIDE_PX // max(picture.size)))
  if times > 1:
    picture = picture.resize(
      (picture.width * times, picture.height * times), Image.Resampling.NEAREST
    )
  words = [*caption, *write_ids(picture, rows_px, columns_px, times)]
  return _with_text(picture, words, warnings)


def _as_rgb(
  image: np.ndarray | None, labels: np.ndarray, valid: np.ndarray | None
) -> np.ndarray:
  grey = (labels > 0) * np.uint8(90)
  if image is not None:
    grey = grey_levels(image, valid=valid)
  return np.repeat(grey[..., None], 3, axis=2)


def _foil_text(thickness_nm: float | None, surface: bool) -> str:
  if surface:
    return ', surface'
  return f', foil of {thickness_nm:g} nm' if thickness_nm else ', no thickness'


def measurement_overlay(
  found: Measurement,
  image: np.ndarray | None,
  *,
  name: str,
  pixel_size_nm: float | None,
  thickness_nm: float | None,
  settings: MeasurementSettings,
  warnings: Sequence[QualityWarning] = (),
) -> Image.Image:
  """The overlay of what was measured in one image.

  Args:
    found: in its mask.
    image: [H, W], the micrograph, or None.
    name: of the image.
    pixel_size_nm: side of a pixel; None where it is not known.
    thickness_nm: of the foil; likewise.
    settings: how it was measured.
    warnings: about the image, besides those of the measurement.

  Returns:
    As `overlay`.
  """
  grid = None
  if kind_of(settings.defect).has_test_lines:
    grid = grid_lines(
      found.labels.shape, spacing_px=settings.quantification.spacing_px
    )
  return overlay(
    image,
    found.labels,
    valid=found.valid,
    rows_px=found.objects['row_px'],
    columns_px=found.objects['column_px'],
    counted=found.counted,
    test_lines=grid,
    caption=[
      f'{name}: '
      + (f'{pixel_size_nm:g} nm a pixel' if pixel_size_nm else 'no scale')
      + _foil_text(thickness_nm, settings.surface)
    ],
    warnings=[one.message for one in (*warnings, *found.warnings)],
  )


def _blend(pixels: np.ndarray, colour: tuple[int, int, int]) -> np.ndarray:
  """By eye: a third of the colour is seen and hides nothing."""
  return (0.65 * pixels + 0.35 * np.array(colour)).astype(np.uint8)


def _draw_outlines(
  pixels: np.ndarray, labels: np.ndarray, counted: np.ndarray
) -> None:
  colours = np.array([NOT_COUNTED, COUNTED], np.uint8)
  colours = colours[np.concatenate([[False], counted]).astype(int)]
  outline = _outline(labels)
  pixels[outline] = colours[labels[outline]]


def _outline(labels: np.ndarray) -> np.ndarray:
  """Pixels of objects with another object or background beside them."""
  padded = np.pad(labels, 1)
  middle = padded[1:-1, 1:-1]
  inside = np.ones(labels.shape, bool)
  for row, column in ((0, 1), (2, 1), (1, 0), (1, 2)):
    height, width = labels.shape
    inside &= padded[row : row + height, column : column + width] == middle
  return (labels > 0) & ~inside


def _with_text(
  picture: Image.Image, caption: Sequence[str], warnings: Sequence[str]
) -> Image.Image:
  lines = [(text, 'black') for text in caption]
  lines += [(f'WARNING: {text}', _WARNING) for text in warnings]
  if not lines:
    return picture
  font = ImageFont.load_default(FONT_PX + 3)
  line_px = 2 * FONT_PX
  width = max(
    picture.width, *(int(font.getlength(text)) + 16 for text, _ in lines)
  )
  top = line_px * len(lines) + 8
  whole = Image.new('RGB', (width, picture.height + top), 'white')
  whole.paste(picture, (0, top))
  draw = ImageDraw.Draw(whole)
  for number, (text, colour) in enumerate(lines):
    draw.text((8, 6 + number * line_px), text, fill=colour, font=font)
  return whole
