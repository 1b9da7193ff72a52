"""TIFF files -> frames."""

import math
import pathlib
from collections.abc import Iterator

import numpy as np
import tifffile

from defectseg_jax.errors import file_error
from defectseg_jax.micrographs.formats import orientation
from defectseg_jax.micrographs.formats.frame import (
  Frame,
  check_size,
  check_total,
)
from defectseg_jax.micrographs.formats.integrity import tiff as integrity
from defectseg_jax.micrographs.formats.pixel_size import StatedScale
from defectseg_jax.micrographs.formats.tiff_scale import page_scales

_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _PALETTE, _YCBCR = 0, 1, 2, 3, 6
_JPEG = 7
# TIFF 5.0's way to mark a reduced copy, which TIFF 6.0 replaced.
_OLD_SUBFILE_TYPE, _OLD_REDUCED = 255, 2
_DAMAGED = 'copy or export it again'


def read_tiff(path: pathlib.Path) -> Iterator[Frame]:
  """All images of a TIFF file: its pages one by one, ImageJ stacks, BigTIFF.

  Pages that the file marks as reduced copies of others (thumbnails, the levels
  of a pyramid) or as masks of transparency are left out. Values are as stored,
  turned as the Orientation tag says.

  Args:
    path: the file.

  Yields:
    A frame for each image.

  Raises:
    InputError: the file is no TIFF, is cut off, lacks pixels, is compressed in
      a way that cannot be undone, or has colours other than grey, palette or
      RGB; and whatever `tiff_scale` refuses.
  """
  directories = integrity.directory_count(path)
  # As OME or Micro-Manager's, tifffile would look for other files and fill in
  # zeros for those that it does not find. Only the pages of this file are
  # wanted.
  with tifffile.TiffFile(
    path, is_ome=False, is_mmstack=False, is_ndtiff=False
  ) as file:
    if len(file.pages) < directories:
      raise file_error(
        path,
        f'only {len(file.pages)} of {directories} pages can be read',
        _DAMAGED,
      )
    count = 0
    for frame in _frames(file, path):
      yield frame
      count += 1
    promised = (file.imagej_metadata or {}).get('images', 1)
    if count < promised:
      raise file_error(
        path,
        f'it holds {count} images where ImageJ wrote {promised}',
        _DAMAGED,
      )


def _frames(file: tifffile.TiffFile, path: pathlib.Path) -> Iterator[Frame]:
  pages = [page.aspage() for page in file.pages]
  for page in pages:
    # Before anything is multiplied: the sides come from the file.
    check_size(path, height=page.imagelength, width=page.imagewidth)
  total_bytes = sum(page.nbytes for page in pages)
  check_total(path, total_bytes=total_bytes, file_bytes=file.filehandle.size)
  scales = page_scales(file, pages, path)
  images = [
    (page, scale) for page, scale in zip(pages, scales) if not _is_copy(page)
  ]
  # ImageJ's stacks of more than 4 GB, and MetaMorph's: one directory, and the
  # other images behind the first.
  if len(pages) == 1 and file.filehandle.size >= 2 * pages[0].nbytes:
    series = file.series[0]
    if series.size > math.prod(pages[0].shape):
      _check_page(pages[0], path)
      _check_stack(series, path)
      # Mapped, so that one image after the other is read.
      stack = np.memmap(
        path,
        np.dtype(file.byteorder + series.dtype.char),
        mode='r',
        offset=series.dataoffset or 0,
        shape=series.shape,
      )
      yield from _page_frames(pages[0], stack, series.axes, scales[0], path)
      return
  # Not tifffile's series: it takes a page of half the side for a pyramid's,
  # whatever the file says.
  for page, scale in images or zip(pages, scales):
    _check_page(page, path)
    # Mapped where it can be: whoever asked reads it from the file.
    values = page.asarray(out='memmap' if page.is_memmappable else None)
    yield from _page_frames(page, values, page.axes, scale, path)


def _is_copy(page: tifffile.TiffPage) -> bool:
  """Whether the file says that a page shows what another one shows."""
  old_type = page.tags.valueof(_OLD_SUBFILE_TYPE)
  return page.is_reduced or page.is_mask or old_type == _OLD_REDUCED


def _page_frames(
  page: tifffile.TiffPage,
  values: np.ndarray,
  axes: str,
  scale: StatedScale,
  path: pathlib.Path,
) -> list[Frame]:
  if 'Y' not in axes or 'X' not in axes:
    raise file_error(
      path, f'its axes are {axes}', 'save grey pixels, one page an image'
    )
  # S are the samples of a pixel; whatever else there is (time, depth, channel,
  # page) makes a stack.
  last = 'YXS' if 'S' in axes else 'YX'
  first = [axis for axis in range(len(axes)) if axes[axis] not in last]
  order = first + [axes.index(axis) for axis in last]
  values = values.transpose(order)
  stack = values.reshape(-1, *values.shape[len(first) :])
  palette = None
  if page.photometric == _PALETTE:
    palette = _palette(page, path)
    # Of 1 bit, too: True would choose all colours.
    stack = stack.view(np.uint8) if stack.dtype == bool else stack
  turn = page.tags.valueof(orientation.TAG)
  return [
    Frame(
      orientation.upright(values, turn, path),
      palette=palette,
      white_is_zero=page.photometric == _WHITE_IS_ZERO,
      pixel_size_nm=scale.pixel_size_nm,
      scale_doubt=scale.doubt,
    )
    for values in stack
  ]


def _palette(page: tifffile.TiffPage, path: pathlib.Path) -> np.ndarray:
  """[entries, 3] in 0 to 255. TIFF stores them as 16 bits."""
  if page.colormap is None:
    raise file_error(path, 'its palette is missing', _DAMAGED)
  palette = np.asarray(page.colormap).T
  if len(palette) != 2**page.bitspersample:
    raise file_error(
      path,
      f'its palette has {len(palette)} colours for {page.bitspersample} bits',
      _DAMAGED,
    )
  # Some programs wrote 8 bits where the standard has 16.
  return palette >> 8 if palette.max() > 255 else palette


def _check_page(page: tifffile.TiffPage, path: pathlib.Path) -> None:
  _check_photometric(page, path)
  _check_compression(page, path)
  _check_segments(page, path)


def _check_photometric(page: tifffile.TiffPage, path: pathlib.Path) -> None:
  known = (_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _PALETTE)
  # JPEG's colours, which become RGB as they are decoded.
  is_jpeg = page.photometric == _YCBCR and page.compression == _JPEG
  if page.photometric not in known and not is_jpeg:
    raise file_error(
      path,
      f'its colours are {page.photometric!r}',
      'save it in grey or in RGB',
    )
  if page.photometric == _PALETTE and page.samplesperpixel > 1:
    raise file_error(
      path,
      f'it has a palette, and {page.samplesperpixel} samples a pixel',
      _DAMAGED,
    )


def _check_compression(page: tifffile.TiffPage, path: pathlib.Path) -> None:
  """Refuses a file that nothing here can decode, by the name of its way."""
  try:
    tifffile.TIFF.DECOMPRESSORS[page.compression]
    tifffile.TIFF.UNPREDICTORS[page.predictor]
  except (KeyError, ImportError) as error:
    raise file_error(
      path,
      f'its compression cannot be undone here ({page.compression!r},'
      f' predictor {page.predictor!r})',
      'save it uncompressed, or with LZW or zlib (deflate)',
    ) from error


def _check_segments(page: tifffile.TiffPage, path: pathlib.Path) -> None:
  """Refuses a file if strips or tiles are missing or behind its end."""
  offsets, counts = page.dataoffsets, page.databytecounts
  segments = math.prod(page.chunked)
  missing = max(segments - min(len(offsets), len(counts)), 0)
  missing += sum(
    offset == 0 or count == 0
    for offset, count in zip(offsets, counts, strict=False)
  )
  ends = (sum(one) for one in zip(offsets, counts, strict=False))
  size = page.parent.filehandle.size
  _check_end(path, size, end=max(ends, default=0), missing=missing)


def _check_stack(series: tifffile.TiffPageSeries, path: pathlib.Path) -> None:
  """Refuses a stack in one run that the file does not have to its end."""
  end = (series.dataoffset or 0) + series.size * series.dtype.itemsize
  size = series.keyframe.parent.filehandle.size
  _check_end(path, size, end=end, missing=0)


def _check_end(
  path: pathlib.Path, size: int, *, end: int, missing: int
) -> None:
  if missing or end > size:
    raise file_error(
      path,
      f'the TIFF is cut off: {missing} of its strips or tiles were not written,'
      f' the last ends at byte {end} of {size}',
      _DAMAGED,
    )
