"""Objects in a mask, and the areas of polygons around them."""

import numpy as np
from scipy import ndimage


def four_objects():
  """A disc, a ring, a diagonal line, a square at the corner; and their ids."""
  mask = np.zeros((60, 80), bool)
  row, column = np.ogrid[:60, :80]
  mask[(row - 15) ** 2 + (column - 15) ** 2 <= 64] = True
  distance = (row - 40) ** 2 + (column - 40) ** 2
  mask[(distance <= 100) & (distance > 25)] = True
  mask[[5, 6, 7], [60, 61, 62]] = True
  mask[50:, 70:] = True
  return mask, ndimage.label(mask, np.ones((3, 3)))[0]


def signed_area(polygon):
  """Of a polygon (x, y), above 0 if it is clockwise in an image (Gauss)."""
  x, y = np.asarray(polygon, float).T
  return (x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2
