"""How many more images would halve an interval, in words."""

import math
from collections.abc import Mapping
from typing import Any


def halved_by(row: Mapping[str, Any], name: str) -> str:
  """How many more images would halve a sample's interval, with their area.

  Args:
    row: of samples.csv.
    name: of the number.

  Returns:
    '' where nothing tells: of one image, and of no object.

  Examples:
    >>> row = {'images': 5, 'area_um2': 0.5, 'd': 7.0, 'd_images': 5}
    >>> halved_by({**row, 'd_more_images': 8}, 'd')
    '+8 images (0.8 µm²)'
    >>> halved_by({**row, 'd_more_images': None}, 'd')
    'not by images'
  """
  more = row[f'{name}_more_images']
  if more is None:
    told = row[f'{name}_images'] > 1 and row[name]
    return 'not by images' if told else ''
  area_um2 = more * row['area_um2'] / row['images']
  area = f' ({area_um2:.3g} µm²)' if math.isfinite(area_um2) else ''
  return f'+{more} image{"s" if more > 1 else ""}{area}'
