"""TIFF files -> frames and their scale."""

import lzma
import pathlib
import struct
import zlib
from collections.abc import Sequence

import numpy as np
import tifffile

from defectseg_jax.errors import InputError, file_error
from defectseg_jax.micrographs.formats import pixel_size
from defectseg_jax.micrographs.formats.frame import Frame, check_size
from defectseg_jax.micrographs.formats.integrity import tiff as integrity

# What tifffile and its decoders raise on files that are damaged, or that need
# a decoder which is not installed.
_TIFFFILE_ERRORS = (
  tifffile.TiffFileError,
  ArithmeticError,
  AssertionError,  # its own, on a sample format that it does not know
  EOFError,
  LookupError,
  NotImplementedError,
  OSError,
  RuntimeError,
  TypeError,
  ValueError,
  lzma.LZMAError,
  struct.error,
  zlib.error,
)

# DigitalMicrograph's own tags: unit and scale of x and of y.
_DM_UNITS, _DM_SCALES = (65003, 65004), (65009, 65010)

_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _PALETTE = 0, 1, 2, 3
_DAMAGED = 'copy or export it again'


def read_tiff(path: pathlib.Path) -> list[Frame]:
  """All images of a TIFF file: pages, ImageJ stacks, BigTIFF.

  Pages that the file marks as reduced copies of others (thumbnails) are left
  out. Values are as stored; the Orientation tag is not applied.

  Args:
    path: the file.

  Returns:
    A frame for each image.

  Raises:
    InputError: the file is no TIFF, is cut off, lacks pixels, is compressed in
      a way that needs a package which is not installed, or has colours other
      than grey, palette or RGB; and whatever `pixel_size` refuses.
  """
  directories = integrity.directory_count(path)
  try:
    # As OME, tifffile would look for other files and fill in zeros for those
    # that it does not find. Only the pages of this file are wanted.
    with tifffile.TiffFile(path, is_ome=False) as file:
      if len(file.pages) < directories:
        raise file_error(
          path,
          f'only {len(file.pages)} of {directories} pages can be read',
          _DAMAGED,
        )
      pixel_size_nm = _pixel_size_nm(file, path)
      frames = []
      for series in _full_size_series(file.series):
        frames.extend(_series_frames(series, pixel_size_nm, path))
      _check_frame_count(file, frames, path)
      return frames
  except InputError:
    raise
  except _TIFFFILE_ERRORS as error:
    if 'imagecodecs' in str(error):
      raise file_error(
        path,
        f'its compression cannot be undone here ({error})',
        'save it uncompressed or with zlib (deflate), or install imagecodecs',
      ) from error
    raise file_error(
      path, f'it is damaged or cut off ({error})', _DAMAGED
    ) from error


def _full_size_series(
  all_series: Sequence[tifffile.TiffPageSeries],
) -> Sequence[tifffile.TiffPageSeries]:
  """Without reduced copies (thumbnails), unless there is nothing else."""
  full_size = [
    series for series in all_series if not series.keyframe.is_reduced
  ]
  return full_size or all_series


def _series_frames(
  series: tifffile.TiffPageSeries,
  pixel_size_nm: float | None,
  path: pathlib.Path,
) -> list[Frame]:
  page = series.keyframe
  check_size(path, height=page.imagelength, width=page.imagewidth)
  _check_photometric(page, path)
  _check_segments(series, path)
  values = series.asarray()
  axes = series.axes
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
  return [
    Frame(
      values,
      palette=palette,
      white_is_zero=page.photometric == _WHITE_IS_ZERO,
      pixel_size_nm=pixel_size_nm,
    )
    for values in stack
  ]


def _palette(page: tifffile.TiffPage, path: pathlib.Path) -> np.ndarray:
  """[entries, 3] in 0 to 255. TIFF stores them as 16 bits."""
  if page.colormap is None:
    raise file_error(path, 'its palette is missing', _DAMAGED)
  palette = np.asarray(page.colormap).T
  # Some programs wrote 8 bits where the standard has 16.
  return palette >> 8 if palette.max() > 255 else palette


def _check_photometric(page: tifffile.TiffPage, path: pathlib.Path) -> None:
  known = (_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _PALETTE)
  if page.photometric not in known:
    raise file_error(
      path,
      f'its colours are {page.photometric!r}',
      'save it in grey or in RGB',
    )


def _check_segments(
  series: tifffile.TiffPageSeries, path: pathlib.Path
) -> None:
  """Refuses a file if strips or tiles are missing or behind its end."""
  size = path.stat().st_size
  if series.dataoffset is not None:
    # All pages in one run (ImageJ's large stacks have no other record of them).
    ends = [series.dataoffset + series.size * series.dtype.itemsize]
    missing = 0
  else:
    ends, missing = [], 0
    for page in series.pages:
      if page is None:
        missing += 1
        continue
      offsets, counts = page.dataoffsets, page.databytecounts
      segments = int(np.prod(series.keyframe.chunked))
      missing += max(segments - min(len(offsets), len(counts)), 0)
      for offset, count in zip(offsets, counts, strict=False):
        missing += offset == 0 or count == 0
        ends.append(offset + count)
  if missing or max(ends, default=0) > size:
    raise file_error(
      path,
      f'the TIFF is cut off: {missing} of its strips or tiles were not written,'
      f' the last ends at byte {max(ends, default=0)} of {size}',
      _DAMAGED,
    )


def _check_frame_count(
  file: tifffile.TiffFile, frames: list[Frame], path: pathlib.Path
) -> None:
  promised = (file.imagej_metadata or {}).get('images', 1)
  if len(frames) < promised:
    raise file_error(
      path,
      f'it holds {len(frames)} images where ImageJ wrote {promised}',
      _DAMAGED,
    )


def _pixel_size_nm(file: tifffile.TiffFile, path: pathlib.Path) -> float | None:
  page = file.pages.first
  x_per_unit = _rational(page, 'XResolution')
  y_per_unit = _rational(page, 'YResolution')
  if page.description.rstrip('\0 \n\r\t').endswith('OME>'):
    return pixel_size.ome_pixel_size_nm(page.description, path=path)
  if file.is_imagej:
    return pixel_size.imagej_pixel_size_nm(
      file.imagej_metadata or {},
      x_per_unit=x_per_unit,
      y_per_unit=y_per_unit,
      path=path,
    )
  if all(tag in page.tags for tag in _DM_SCALES):
    x_scale, y_scale = (float(page.tags[tag].value) for tag in _DM_SCALES)
    x_unit, y_unit = (str(page.tags.valueof(tag, '')) for tag in _DM_UNITS)
    return pixel_size.digitalmicrograph_pixel_size_nm(
      x_scale, y_scale, x_unit=x_unit, y_unit=y_unit, path=path
    )
  return pixel_size.plain_tiff_pixel_size_nm(
    # The standard's default is the inch, but only where the tag is missing.
    int(page.tags.valueof('ResolutionUnit', 2)),
    x_per_unit=x_per_unit,
    y_per_unit=y_per_unit,
    path=path,
  )


def _rational(page: tifffile.TiffPage, tag: str) -> float | None:
  value = page.tags.valueof(tag)
  if value is None:
    return None
  numerator, denominator = value
  return numerator / denominator if denominator else 0.0
