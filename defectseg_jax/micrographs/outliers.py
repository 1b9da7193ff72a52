"""Pixels that no specimen makes: X-ray spikes, hot and dead pixels, columns.

A pixel is an outlier if it passes three tests:

  far       it is farther from the median of its 3 x 3 pixels than noise can be.
            Whatever the noise is, Gaussian, of Poisson or a mixture of both,
            its tails are log-concave: they fall at least as fast as an
            exponential. So the straight line through the logarithms of two
            fractions, that of pixels beyond the quantile 0.9 and that beyond
            0.99, bounds all rarer ones from above (Bagnoli and Bergstrom 2005).
            It is followed to one pixel in 10^9: about 9 standard deviations of
            Gaussian noise, and some counts at low dose
  sharp     its neighbours stay on the ground. What a lens images is blurred by
            it, what a detector makes is not (van Dokkum 2001)
  alone     few pixels hang together, or they lie in one line along rows or
            columns; and it stands out of the noise around it, too

References:
  M. Bagnoli and T. Bergstrom, Log-concave probability and its applications,
  Economic Theory 26, 445 (2005).
  P. G. van Dokkum, Cosmic-ray rejection by Laplacian edge detection, Publ.
  Astron. Soc. Pacific 113, 1420 (2001).
"""

import numpy as np
from scipy import ndimage

from defectseg_jax.micrographs.medians import median_of_nine
from defectseg_jax.micrographs.strips import strips

# Fractions of pixels that the tail of the noise is known from.
_QUANTILES = (0.9, 0.99)
# From one pixel in 10^2 to one in 10^9: an image of 32768 x 32768 has as many.
_DECADES = 7
# Pixels that tell the noise: as good as all of them.
_SAMPLE_PX = 1 << 20
# Of the outlier's height, what its neighbours may have: of one pixel, and of
# several. By eye: a point that a Gaussian of 0.7 pixels blurs has more, in the
# middle of a pixel or between four; and micrographs are blurrier.
_FLANK, _FLANK_OF_SEVERAL = 0.2, 0.1
# By eye: what an X-ray photon lights up, more of which would be an object.
_MOST_PX = 4
# Median absolute deviations of the 5 x 5 pixels around; 10 standard deviations
# of Gaussian noise.
_LOCAL = 10 * 1.4826
# Of a line, the part that must be far for the whole to be an outlier; by eye.
_OF_LINE = 0.5
# By eye: smaller images do not tell their noise.
_LEAST_SIDE_PX = 16
_NEIGHBOURS = np.ones((3, 3), bool)
# Replaced by the median of this square's other pixels.
_REACH = 2


def find_outliers(pixels: np.ndarray) -> np.ndarray:
  """Which pixels are outliers, bright or dark.

  Args:
    pixels: [H, W], finite.

  Returns:
    bool [H, W].

  Examples:
    >>> pixels = np.random.default_rng(0).poisson(50, (64, 64))
    >>> pixels[20, 30] = 900
    >>> np.argwhere(find_outliers(pixels)).tolist()
    [[20, 30]]
  """
  found = np.zeros(pixels.shape, bool)
  if min(pixels.shape) < _LEAST_SIDE_PX:
    return found
  pixels = pixels.astype(np.float32, copy=False)
  heights = _heights(pixels)
  step = max(1, pixels.size // _SAMPLE_PX)
  # An odd step, so that it does not stay on the columns of a lattice.
  sample = slice(None, None, step | 1)
  level = _grey_level(pixels.ravel()[sample])
  # One limit for both signs: at low dose the dark side has hardly a tail.
  limit = max(_limit(sign * heights.ravel()[sample], level) for sign in (1, -1))
  for sign in (1, -1):
    candidates = sign * heights > limit
    if candidates.any():
      found |= _sharp_and_alone(sign * pixels, sign * heights, candidates)
  return found


def replace_outliers(pixels: np.ndarray, outliers: np.ndarray) -> np.ndarray:
  """The image with outliers replaced by the median of their neighbours.

  Args:
    pixels: [H, W].
    outliers: bool [H, W], as `find_outliers` gives them.

  Returns:
    [H, W], a copy of the same type: of the other pixels of the 5 x 5 around,
    the middle one. Of an even number it is the lower one, so that whole grey
    levels stay whole.

  Examples:
    >>> pixels = np.full((3, 3), 7)
    >>> pixels[1, 1] = 900
    >>> replace_outliers(pixels, pixels > 99)[1]
    array([7, 7, 7])
  """
  replaced = pixels.copy()
  height, width = pixels.shape
  for row, column in np.argwhere(outliers):
    around = (
      slice(max(0, row - _REACH), min(height, row + _REACH + 1)),
      slice(max(0, column - _REACH), min(width, column + _REACH + 1)),
    )
    others = np.sort(pixels[around][~outliers[around]])
    replaced[row, column] = others[(len(others) - 1) // 2]
  return replaced


def _heights(pixels: np.ndarray) -> np.ndarray:
  """What each pixel is above the median of its 3 x 3: float32 [H, W]."""
  heights = np.empty(pixels.shape, np.float32)
  for rows in strips(pixels.shape):
    top = max(rows.start - 1, 0)
    # Mirrored without its edge: a hot first column must not look like two.
    medians = median_of_nine(pixels[top : rows.stop + 1])
    count = min(rows.stop, len(pixels)) - rows.start
    first = rows.start - top
    heights[rows] = pixels[rows] - medians[first : first + count]
  return heights


def _grey_level(sample: np.ndarray) -> float:
  """The smallest step between two grey values; 0 of a constant image."""
  values = np.unique(sample)
  return float(np.diff(values).min()) if len(values) > 1 else 0.0


def _limit(heights: np.ndarray, level: float) -> float:
  """The height that noise passes in one of 10^9 pixels, or fewer."""
  near, far = np.quantile(heights, _QUANTILES)
  return float(far + _DECADES * max(far - near, level))


def _sharp_and_alone(
  pixels: np.ndarray, heights: np.ndarray, candidates: np.ndarray
) -> np.ndarray:
  """bool [H, W]: those of the candidates, all of them bright, that are."""
  found = _lines(pixels, heights, candidates)
  found |= _lines(pixels.T, heights.T, candidates.T).T
  labels = np.empty(candidates.shape, np.int32)
  ndimage.label(candidates & ~found, _NEIGHBOURS, output=labels)
  for number, box in enumerate(ndimage.find_objects(labels), start=1):
    region = labels[box] == number
    if np.count_nonzero(region) > _MOST_PX and min(region.shape) > 1:
      continue
    wide = tuple(
      slice(max(0, part.start - _REACH), part.stop + _REACH) for part in box
    )
    inside = labels[wide] == number
    if _stands_out(pixels[wide], inside):
      found[box] |= region
  return found


def _stands_out(pixels: np.ndarray, region: np.ndarray) -> bool:
  """Whether a region is sharp, and high above the noise around it.

  Args:
    pixels: [h, w], of the region and its surroundings.
    region: bool [h, w].
  """
  around = pixels[~region]
  ground = float(np.median(around))
  height = float(pixels[region].max()) - ground
  touching = ndimage.binary_dilation(region, _NEIGHBOURS) & ~region
  noise = float(np.median(np.abs(around - ground)))
  flank = _FLANK if np.count_nonzero(region) == 1 else _FLANK_OF_SEVERAL
  return bool(
    pixels[touching].max() - ground <= flank * height
    and height > _LOCAL * noise
  )


def _lines(
  pixels: np.ndarray, heights: np.ndarray, candidates: np.ndarray
) -> np.ndarray:
  """bool [H, W]: whole columns most of whose pixels are candidates."""
  found = np.zeros(candidates.shape, bool)
  share = candidates.mean(axis=0)
  for column in np.flatnonzero(share > _OF_LINE):
    height = float(np.median(heights[:, column]))
    ground = float(np.median(pixels[:, column])) - height
    # Of the first column, the next two.
    first = min(max(column - 1, 0), candidates.shape[1] - 3)
    flanks = [
      float(np.median(pixels[:, beside])) - ground
      for beside in range(first, first + 3)
      if beside != column
    ]
    if max(flanks) <= _FLANK * height:
      found[:, column] = True
  return found
