"""What files say of their scale and is not believed, said with the numbers."""

import dataclasses
from collections.abc import Iterator, Mapping

from defectseg_jax.quantification.plausibility import QualityWarning
from defectseg_jax.sessions.calibration import Scale


def with_doubts(scale: Scale, doubts: Mapping[str, str]) -> Scale:
  """The scale of an image, with a warning for each doubt.

  Args:
    scale: what the user gave, else what the files state.
    doubts: by file, a frame's `scale_doubt`; '' for none.

  Examples:
    >>> unknown = Scale(None, 100.0, '', '--thickness_nm')
    >>> doubts = {'foil.tif': "its scale is given in 'degree'"}
    >>> with_doubts(unknown, doubts).warnings[0].message
    "foil.tif: its scale is given in 'degree'; give --pixel_size_nm"
  """
  return dataclasses.replace(
    scale, warnings=(*scale.warnings, *_warnings(scale, doubts))
  )


def _warnings(
  scale: Scale, doubts: Mapping[str, str]
) -> Iterator[QualityWarning]:
  for file, doubt in doubts.items():
    if not doubt:
      continue
    if scale.pixel_size_nm is None:
      remedy = 'give --pixel_size_nm'
    elif scale.pixel_size_from in doubts:
      remedy = f'see whether {scale.pixel_size_nm:g} nm a pixel is right'
    else:
      remedy = (
        f'{scale.pixel_size_from} says {scale.pixel_size_nm:g} nm a pixel, and'
        ' is used'
      )
    yield QualityWarning('scale_in_doubt', f'{file}: {doubt}; {remedy}')
