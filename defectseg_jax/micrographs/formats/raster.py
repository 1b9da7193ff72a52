"""PNG, JPEG, BMP and NPY files -> frames."""

import dataclasses
import pathlib
from collections.abc import Iterator
from typing import Any

import numpy as np
from PIL import BmpImagePlugin, Image, JpegImagePlugin, PngImagePlugin

from defectseg_jax.errors import file_error
from defectseg_jax.micrographs.formats import orientation
from defectseg_jax.micrographs.formats.frame import Frame, check_size
from defectseg_jax.micrographs.formats.integrity import png
from defectseg_jax.micrographs.formats.orientation import upright

_PNG_SIGNATURE = b'\x89PNG\r\n\x1a\n'
_JPEG_SIGNATURE = b'\xff\xd8\xff'
_BMP_SIGNATURE = b'BM'


def read_picture(path: pathlib.Path) -> list[Frame]:
  """The one image of a PNG, JPEG or BMP file, by its content, not its suffix.

  Args:
    path: the file.

  Returns:
    A list of one frame: bool (1 bit), uint8 or 16-bit grey [H, W], palette
    indices [H, W], or channels [H, W, 2 to 4].

  Raises:
    InputError: the file is neither of them, cut off, an animation, of 16
      bits in each of several channels, or in inks (CMYK).
  """
  with path.open('rb') as file:
    head = file.read(26)
  # Image.open would refuse large images by a limit that is global to Pillow.
  # The plugins that it chooses from have no limit; `check_size` is ours.
  if head.startswith(_PNG_SIGNATURE):
    plugin = PngImagePlugin.PngImageFile
  elif head.startswith(_JPEG_SIGNATURE):
    plugin = JpegImagePlugin.JpegImageFile
  elif head.startswith(_BMP_SIGNATURE):
    plugin = BmpImagePlugin.BmpImageFile
  else:
    raise file_error(
      path,
      f'it begins with {head[:8]!r} and is neither PNG, JPEG nor BMP',
      'export it as PNG or TIFF',
    )
  # Byte 24 of a PNG is its bit depth, byte 25 its kind (0 grey, 3 palette).
  # Pillow would cut 16-bit colour to 8 bits without a word.
  if plugin is PngImagePlugin.PngImageFile and head[24:26] in (
    b'\x10\x02',
    b'\x10\x04',
    b'\x10\x06',
  ):
    raise file_error(
      path,
      'it is a PNG of 16 bits in each of several channels',
      'save it as 16-bit grey PNG or as TIFF',
    )
  if plugin is PngImagePlugin.PngImageFile:
    png.check_png(path)
  with plugin(path) as image:
    check_size(path, height=image.height, width=image.width)
    count = getattr(image, 'n_frames', 1)
    if count > 1:
      raise file_error(
        path, f'it is an animation of {count} images', 'save one of them'
      )
    image.load()
    frame = _pillow_frame(image, path)
    values = upright(frame.values, _orientation(image), path)
    return [dataclasses.replace(frame, values=values)]


def _orientation(image: Image.Image) -> Any:
  """What Exif says; nothing where it is damaged, which harms no pixel."""
  try:
    return image.getexif().get(orientation.TAG)
  except Exception:
    # Of a damaged block Pillow raises exceptions of any kind.
    return None


def _pillow_frame(image: Image.Image, path: pathlib.Path) -> Frame:
  transparent = 'transparency' in image.info
  if image.mode == 'P':
    kind = 'RGBA' if transparent else 'RGB'
    if transparent:
      image.apply_transparency()
    palette = np.array(image.getpalette(kind), np.uint8)
    return Frame(np.array(image), palette=palette.reshape(-1, len(kind)))
  if transparent and image.mode in ('1', 'L', 'RGB'):
    # One colour is declared transparent. As a channel, it is checked as one.
    image = image.convert('RGBA' if image.mode == 'RGB' else 'LA')
  if image.mode not in ('1', 'L', 'LA', 'RGB', 'RGBA', 'I') and (
    not image.mode.startswith('I;16')
  ):
    raise file_error(
      path, f'its colour mode is {image.mode}', 'save it in grey or in RGB'
    )
  return Frame(np.array(image))


def read_npy(path: pathlib.Path) -> Iterator[Frame]:
  """The images of an NPY file.

  Args:
    path: of an array [H, W], or [frames, H, W].

  Yields:
    A frame [H, W] for each image, mapped to the file.

  Raises:
    InputError: the file is no NPY file, cut off, not of numbers, or of
      another shape. Three axes with four or fewer along the last are taken for
      colour, and refused.
  """
  try:
    # Mapped, because mapping compares the header with the size of the file.
    array = np.lib.format.open_memmap(path, mode='r')
  except Exception as error:
    # Of a header that is damaged it raises exceptions of any kind.
    remedy = 'write it with numpy.save from an array of numbers'
    if path.name.endswith('_seg.npy'):
      # A dictionary of Python objects, which may run any program when read.
      remedy = 'export PNG or TIFF from Cellpose (File, Save masks), not this'
    raise file_error(
      path, f'it is no NPY file of numbers, or cut off ({error})', remedy
    ) from error
  if array.dtype.kind not in 'biuf':
    raise file_error(
      path,
      f'its array is of {array.dtype}',
      'write it with numpy.save from an array of numbers',
    )
  is_colour = array.ndim == 3 and array.shape[-1] <= 4 < array.shape[0]
  if array.ndim not in (2, 3) or array.size == 0 or is_colour:
    raise file_error(
      path,
      f'its array has shape {array.shape}',
      'save grey pixels as [H, W] or [frames, H, W]',
    )
  stack = array if array.ndim == 3 else array[np.newaxis]
  check_size(path, height=stack.shape[1], width=stack.shape[2])
  yield from map(Frame, stack)
