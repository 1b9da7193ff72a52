"""An image, and what is known of it.

What the room offers is imported from here. That is quick: SciPy, scikit-image
and tifffile are loaded when a function that needs them is first asked for, and
RosettaSciIO when a file of a microscope's own program is read.

Examples:
  >>> from defectseg_jax import micrographs
  >>> foil = micrographs.Micrograph(
  ...     [[0, 1], [1, 0]], name='foil', pixel_size_nm=0.5
  ... )
  >>> settings = micrographs.PreprocessingSettings(background='none')
  >>> micrographs.preprocess(foil.pixels, settings)
  array([[-1.,  1.],
         [ 1., -1.]], dtype=float32)
"""

from typing import TYPE_CHECKING

from defectseg_jax.lazy import make_getattr
from defectseg_jax.micrographs.micrograph import Micrograph
from defectseg_jax.micrographs.settings import PreprocessingSettings

if TYPE_CHECKING:
  from defectseg_jax.micrographs.calibration_table import (
    Calibration,
    read_calibration_table,
  )
  from defectseg_jax.micrographs.files import image_files
  from defectseg_jax.micrographs.masks import read_mask
  from defectseg_jax.micrographs.preprocessing import (
    invert_contrast,
    normalise_variance,
    preprocess,
    subtract_background,
  )
  from defectseg_jax.micrographs.reading import (
    read_micrograph,
    read_micrographs,
  )
  from defectseg_jax.micrographs.writing import write_mask, write_tiff

__all__ = [
  'Calibration',
  'Micrograph',
  'PreprocessingSettings',
  'image_files',
  'invert_contrast',
  'normalise_variance',
  'preprocess',
  'read_calibration_table',
  'read_mask',
  'read_micrograph',
  'read_micrographs',
  'subtract_background',
  'write_mask',
  'write_tiff',
]

# The module of each name that is loaded when it is first asked for.
_MODULES = {
  'Calibration': 'calibration_table',
  'image_files': 'files',
  'invert_contrast': 'preprocessing',
  'normalise_variance': 'preprocessing',
  'preprocess': 'preprocessing',
  'read_calibration_table': 'calibration_table',
  'read_mask': 'masks',
  'read_micrograph': 'reading',
  'read_micrographs': 'reading',
  'subtract_background': 'preprocessing',
  'write_mask': 'writing',
  'write_tiff': 'writing',
}


__getattr__ = make_getattr(__name__, _MODULES)


def __dir__() -> list[str]:
  return sorted({*globals(), *__all__})
