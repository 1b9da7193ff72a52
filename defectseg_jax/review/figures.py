"""A figure of one image as it is corrected now: outlines and a scale bar."""

import numpy as np

from defectseg_jax.errors import InputError
from defectseg_jax.review.document import Document

KINDS = ('png', 'svg')

# By eye: smaller images are enlarged to about this, for the bar's letters, and
# larger ones made smaller, since no page shows more.
_LEAST_SIDE_PX, _MOST_SIDE_PX = 1024, 4096
_DOTS_PER_INCH = 100
_LETTERS_PT = 16.0


def figure(document: Document, kind: str) -> bytes:
  """Draws an image as it is corrected now.

  The same document gives the same bytes. What is not labelled is hatched, and
  what is no specimen is darker.

  Args:
    document: the image.
    kind: png or svg.

  Returns:
    The content of the file.

  Raises:
    InputError: another kind.
  """
  if kind not in KINDS:
    raise InputError(f'{kind}: is no kind of figure; choose png or svg')
  # They bring matplotlib, which nothing else of a review needs.
  from defectseg_jax.reporting.figures.micrograph import micrograph_figure
  from defectseg_jax.reporting.figures.printing import figure_content

  with document.lock:
    pixels, ids = document.pixels, document.ids.copy()
    regions = document.regions.copy()
  longest = max(ids.shape)
  drawn_px = min(max(longest, _LEAST_SIDE_PX), _MOST_SIDE_PX)
  made = micrograph_figure(
    pixels,
    ids,
    pixel_size_nm=document.pixel_size_nm,
    width_in=ids.shape[1] * drawn_px / longest / _DOTS_PER_INCH,
    letters_pt=_LETTERS_PT,
    most_px=_MOST_SIDE_PX,
    valid=_specimen(regions),
    unlabelled=regions == 1,
  )
  return figure_content(made, kind, dpi=_DOTS_PER_INCH)


def _specimen(regions: np.ndarray) -> np.ndarray | None:
  valid = regions != 2
  return None if valid.all() or not valid.any() else valid
