"""What each page of a TIFF says of its scale."""

import pathlib
from collections.abc import Sequence

import tifffile

from defectseg_jax.micrographs.formats.microscope_tags import (
  RESOLUTIONS,
  microscope_scales,
  rational,
)
from defectseg_jax.micrographs.formats.ome import ome_scales
from defectseg_jax.micrographs.formats.pixel_size import (
  NOTHING,
  StatedScale,
  agreed_scale,
  imagej_scale,
  plain_resolution_scale,
)

_RESOLUTION_UNIT = 296


def page_scales(
  file: tifffile.TiffFile,
  pages: Sequence[tifffile.TiffPage],
  path: pathlib.Path,
) -> list[StatedScale]:
  """The scale of each page, by all that the file says of it.

  Tags of microscopes' programs, OME's and ImageJ's metadata must agree. The
  plain resolution counts where nobody else knows.

  Args:
    file: that is open.
    pages: all of them.
    path: the file, for messages.

  Returns:
    A scale for each page.

  Raises:
    InputError: a diffraction pattern, pixels that are not square, or OME
      metadata that are no XML.
  """
  description = pages[0].description.rstrip('\0 \n\r\t')
  of_ome = [NOTHING] * len(pages)
  if description.endswith('OME>'):
    of_ome = ome_scales(description, len(pages), path=path)
  scales = []
  for page, ome in zip(pages, of_ome):
    x, y = (rational(page, tag) for tag in RESOLUTIONS)
    stated = dict(microscope_scales(page, path))
    stated['OME'] = ome
    if file.is_imagej:
      stated['ImageJ'] = imagej_scale(
        file.imagej_metadata or {}, x_per_unit=x, y_per_unit=y, path=path
      )
    scale = agreed_scale(stated)
    # ImageJ counts pixels of its own unit by the same tags.
    if scale == NOTHING and not file.is_imagej and ome == NOTHING:
      scale = plain_resolution_scale(
        # The standard's default is the inch, but only without the tag.
        int(page.tags.valueof(_RESOLUTION_UNIT, 2)),
        x_per_unit=x,
        y_per_unit=y,
        path=path,
      )
    scales.append(scale)
  return scales
