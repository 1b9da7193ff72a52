"""How much each image weighs in the mean over images."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

_BY_OBJECTS = (
  'diameter_mean_nm',
  'diameter_mean_px',
  'diameter_std_nm',
)
_BY_AREA = (
  'area_fraction',
  'number_per_area_per_m2',
  'line_length_per_area_per_m',
)
_BY_VOLUME = ('volume_fraction', 'swelling')
_PER_VOLUME = ('_per_m3', '_per_m2')


class Weights(NamedTuple):
  """Of the images, for one number.

  Attributes:
    by: what they are, in a word; '' where every image weighs the same.
    values: [images], above 0; NaN where an image has none.
  """

  by: str
  values: np.ndarray


def image_weights(name: str, rows: Sequence[Mapping[str, Any]]) -> Weights:
  """The weights that make of a mean over images a number of all of them.

  The mean of densities, each weighted by the volume it is of, is the total
  count over the total volume. The mean of mean diameters, each weighted by the
  objects it is of, is the mean over all objects.

  Args:
    name: of a number of a summary.
    rows: of summary.csv, with `height_px`, `width_px`, `valid_fraction`,
      `pixel_size_nm`, `thickness_nm` and, of particles, `count_whole`.

  Returns:
    Volume of foil for what is per volume, area for what is per area, objects
    for diameters; 1 for all else, as counts and scores. Where the scale of an
    image is not known, areas are those in pixels.

  Examples:
    >>> image = {'height_px': 10, 'width_px': 20, 'valid_fraction': 0.5}
    >>> foil = {'pixel_size_nm': 2.0, 'thickness_nm': 100.0}
    >>> image_weights('number_density_per_m3', [{**image, **foil}])
    Weights(by='volume', values=array([40000.]))
    >>> image_weights('area_fraction', [image | {'pixel_size_nm': None}])
    Weights(by='area in pixels', values=array([100.]))
  """
  if name in _BY_OBJECTS:
    return Weights('objects', _column(rows, 'count_whole'))
  if name in _BY_AREA:
    area_nm2 = _area_px(rows) * _column(rows, 'pixel_size_nm') ** 2
    if np.isnan(area_nm2).any():
      return Weights('area in pixels', _area_px(rows))
    return Weights('area', area_nm2)
  if name in _BY_VOLUME or name.endswith(_PER_VOLUME):
    side_nm, depth_nm = (
      _column(rows, column) for column in ('pixel_size_nm', 'thickness_nm')
    )
    return Weights('volume', _area_px(rows) * side_nm**2 * depth_nm)
  return Weights('', np.ones(len(rows)))


def weights_text(weights: Mapping[str, Weights]) -> str:
  """In a sentence, by what images weigh; '' where all weigh the same.

  Args:
    weights: by name of the number.
  """
  if not any(one.by for one in weights.values()):
    return ''
  areas = [one.by for one in weights.values() if one.by.startswith('area')]
  of_areas = f'what is per area by {areas[0]}, ' if areas else ''
  of_foils = ''
  if any(one.by == 'volume' for one in weights.values()):
    of_foils = 'what is per volume by volume of foil, '
  return (
    f'In the mean, images weigh by what they show: {of_foils}{of_areas}'
    'diameters by objects; counts and scores are plain means. Of densities and '
    'mean diameters that is the total over the total. Intervals hold how the '
    'images differ, by the standard deviation that stands with the mean.'
  )


def _column(rows: Sequence[Mapping[str, Any]], name: str) -> np.ndarray:
  """float [images]; NaN for what is not known."""
  values = (row.get(name) for row in rows)
  return np.array([math.nan if one is None else one for one in values], float)


def _area_px(rows: Sequence[Mapping[str, Any]]) -> np.ndarray:
  sides = (_column(rows, name) for name in ('height_px', 'width_px'))
  height, width = sides
  return height * width * _column(rows, 'valid_fraction')
