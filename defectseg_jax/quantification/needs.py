"""Which numbers need an image's scale, and which the foil's thickness, too."""

import math
from collections.abc import Mapping
from typing import Any

# Of a number by the unit at the end of its name: lengths and areas in the
# image need the scale, what is per volume the thickness, too.
_SCALED = ('_nm', '_nm2', '_per_m', '_per_m2', '_per_m3')
_PER_VOLUME = ('_per_m2', '_per_m3')
# Per area of the image, not length of line per volume.
_PER_AREA = ('number_per_area_per_m2',)
# By what they are made of, which their names do not say.
_OF_THE_FOIL = (
  *('volume_fraction', 'swelling', 'diameter_mean_corrected_nm'),
  *('obstacle_spacing_nm', 'point_defect_path_nm'),
)


def why_missing(name: str, row: Mapping[str, Any]) -> str:
  """What a number cannot be given without.

  Args:
    name: of a number of a summary, or of an end of its interval.
    row: with the `pixel_size_nm` and `thickness_nm` of the image; None where
      they are not known. What the row does not say counts as known.

  Returns:
    A few words; '' where the number can be given.

  Examples:
    >>> foil = {'pixel_size_nm': 0.32, 'thickness_nm': None}
    >>> why_missing('number_density_per_m3', foil)
    'needs the thickness'
    >>> why_missing('diameter_mean_nm', foil)
    ''
  """
  for end in ('_low', '_high', '_counting'):
    name = name.removesuffix(end)
  of_foil = name in _OF_THE_FOIL or name.endswith('_mpa')
  per_volume = name.endswith(_PER_VOLUME) and name not in _PER_AREA
  needed = {
    'scale': ('pixel_size_nm', of_foil or name.endswith(_SCALED)),
    'thickness': ('thickness_nm', of_foil or per_volume),
  }
  missing = [
    what
    for what, (column, needs) in needed.items()
    if needs and row.get(column, math.nan) is None
  ]
  return f'needs the {" and the ".join(missing)}' if missing else ''
