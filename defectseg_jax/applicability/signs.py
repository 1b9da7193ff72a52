"""Signs, to be seen without labels, of how well a network does on an image.

- confidence: mean probability of the mask's pixels; least_confidence: of
  the objects, the quarter of least mean probability ends there;
- unsure_area: pixels of probability 0.2 to 0.8, over those of the mask;
- expected_dice: Dice of the mask if probabilities are calibrated;
- firmness: Dice of the mask at the threshold and half way up to 1;
- sure_fraction: of the pixels over the threshold, those in the mask;
- steadiness: Dice of the mask and the mask again;
- object_steadiness: of the objects, those with half of their area in both;
- noisy_steadiness, noisy_object_steadiness: likewise with noise added;
- contrast_over_noise: of objects to their surroundings, the median;
- signed_contrast: likewise over the image's standard deviation; below 0
  where objects are dark;
- texture_ratio: standard deviation within objects over that around them;
- edge_ratio: gradient along outlines over that of the image;
- noise_fraction: standard deviation of the noise over that of the image;
- fine_correlation, coarse_correlation: of pixels 2 and 8 apart;
- skewness: of the grey values;
- periodicity: logarithm of the largest peak of the power spectrum over its
  mean at that frequency: large of lattices;
- log_diameter_px: logarithm of the median diameter, in the network's
  pixels; size_spread: of the logarithms;
- log_count: logarithm of 1 + the number of objects;
- area_fraction: of the mask;
- compactness: median of area over that of the circle around the object;
- spacing_spread: standard deviation over mean of distances between nearest
  objects: small in a lattice.
"""

import math
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import numpy as np
import scipy

from defectseg_jax.quantification.particles.components import label_regions

# By eye: the area around an object with which it is compared, in pixels.
_RING_PX = 4
# More are not needed for a median, and each costs.
_MOST_OBJECTS = 2000

NAMES = (
  'confidence',
  'least_confidence',
  'unsure_area',
  'expected_dice',
  'firmness',
  'sure_fraction',
  'steadiness',
  'object_steadiness',
  'noisy_steadiness',
  'noisy_object_steadiness',
  'contrast_over_noise',
  'signed_contrast',
  'texture_ratio',
  'edge_ratio',
  'noise_fraction',
  'fine_correlation',
  'coarse_correlation',
  'skewness',
  'periodicity',
  'log_diameter_px',
  'size_spread',
  'log_count',
  'area_fraction',
  'compactness',
  'spacing_spread',
)


def image_signs(
  pixels: np.ndarray,
  mask: np.ndarray,
  probabilities: np.ndarray,
  mask_again: np.ndarray,
  mask_in_noise: np.ndarray,
  *,
  threshold: float,
  zoom: float = 1.0,
) -> dict[str, float]:
  """What can be seen of an image and of what a network says of it.

  Args:
    pixels: [H, W], as in the file.
    mask: bool [H, W], what the network found.
    probabilities: float32 [H, W], of each pixel.
    mask_again: bool [H, W], what it found in the same image, turned and
      reduced a little.
    mask_in_noise: bool [H, W], likewise with noise added.
    threshold: from which a pixel is taken for defect.
    zoom: pixels of the network for each of the image.

  Returns:
    A number for each of `NAMES`; the head of this file says which.
  """
  grey = np.asarray(pixels, np.float32)
  spread = float(grey.std()) or 1.0
  labels, count = label_regions(mask)
  over = probabilities >= threshold
  high = probabilities >= (1 + threshold) / 2
  inside = float(probabilities[mask].sum())
  # NumPy and SciPy leave the interpreter to others while they work.
  with ThreadPoolExecutor(2) as threads:
    contrasts = threads.submit(_contrasts, grey, labels, count, spread)
    statistics = threads.submit(_grey_statistics, grey, spread)
    edge_ratio = threads.submit(_edge_ratio, grey, mask)
  return {
    **_confidences(probabilities, labels, count, threshold),
    'unsure_area': _unsure_area(probabilities, mask),
    'expected_dice': _ratio(
      2 * inside, mask.sum() + float(probabilities.sum())
    ),
    'firmness': _dice(over, high),
    'sure_fraction': _ratio(mask.sum(), (over | mask).sum()),
    'steadiness': _dice(mask, mask_again),
    'object_steadiness': _kept_objects(labels, count, mask_again),
    'noisy_steadiness': _dice(mask, mask_in_noise),
    'noisy_object_steadiness': _kept_objects(labels, count, mask_in_noise),
    'edge_ratio': edge_ratio.result(),
    **contrasts.result(),
    **statistics.result(),
    **_object_statistics(labels, count, mask, zoom),
  }


def _confidences(
  probabilities: np.ndarray, labels: np.ndarray, count: int, threshold: float
) -> dict[str, float]:
  if not count:
    return {'confidence': threshold, 'least_confidence': threshold}
  means = np.asarray(
    scipy.ndimage.mean(probabilities, labels, np.arange(1, count + 1))
  )
  return {
    'confidence': float(probabilities[labels > 0].mean()),
    'least_confidence': float(np.quantile(means, 0.25)),
  }


def _unsure_area(probabilities: np.ndarray, mask: np.ndarray) -> float:
  unsure = (probabilities > 0.2) & (probabilities < 0.8)
  return float(np.log1p(unsure.sum() / max(int(mask.sum()), 1)))


def _edge_ratio(grey: np.ndarray, mask: np.ndarray) -> float:
  edge = mask ^ scipy.ndimage.binary_erosion(mask, np.ones((3, 3), bool))
  if not edge.any():
    return 0.0
  down, across = np.gradient(scipy.ndimage.gaussian_filter(grey, 1.0))
  gradient = np.hypot(down, across)
  return float(gradient[edge].mean() / max(float(gradient.mean()), 1e-9))


def _ratio(part: Any, whole: Any) -> float:
  return float(part) / float(whole) if whole else 0.0


def _dice(first: np.ndarray, second: np.ndarray) -> float:
  """2 |A and B| / (|A| + |B|); 1 if both are empty."""
  total = int(first.sum()) + int(second.sum())
  return 2 * int((first & second).sum()) / total if total else 1.0


def _kept_objects(labels: np.ndarray, count: int, again: np.ndarray) -> float:
  areas = np.bincount(labels.ravel(), minlength=count + 1)[1:]
  shared = np.bincount(labels[again], minlength=count + 1)[1:]
  return float((2 * shared >= areas).mean()) if count else 1.0


def _contrasts(
  grey: np.ndarray, labels: np.ndarray, count: int, spread: float
) -> dict[str, float]:
  """Of objects to the ring around them that no object has."""
  names = 'contrast_over_noise', 'signed_contrast', 'texture_ratio'
  if not count:
    return dict.fromkeys(names, 0.0)
  ring, owner = _ring(labels)
  values, numbers = grey[ring].astype(np.float64), np.arange(1, count + 1)
  around = np.bincount(owner, minlength=count + 1)[1:]
  with np.errstate(divide='ignore', invalid='ignore'):
    mean = np.bincount(owner, values, minlength=count + 1)[1:] / around
    square = np.bincount(owner, values**2, minlength=count + 1)[1:] / around
    noise = np.sqrt(np.maximum(square - mean**2, 0))
  contrast = np.asarray(scipy.ndimage.mean(grey, labels, numbers)) - mean
  inside = np.asarray(scipy.ndimage.standard_deviation(grey, labels, numbers))
  known = around > 0
  if not known.any():
    return dict.fromkeys(names, 0.0)
  over = np.abs(contrast[known]) / np.maximum(noise[known], 1e-3 * spread)
  return {
    'contrast_over_noise': float(np.minimum(np.median(over), 20.0)),
    'signed_contrast': float(np.median(contrast[known])) / spread,
    'texture_ratio': float(
      np.median(inside[known] / np.maximum(noise[known], 1e-3 * spread))
    ),
  }


def _ring(labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
  """Pixels around objects, bool [H, W]; and the object nearest to each."""
  rows, columns = cast(
    np.ndarray,
    scipy.ndimage.distance_transform_edt(
      labels == 0, return_distances=False, return_indices=True
    ),
  )
  # Squares of distances are whole numbers, and need no root.
  down, across = np.ogrid[: labels.shape[0], : labels.shape[1]]
  square = np.square(rows - down)
  square += np.square(columns - across)
  ring = (square > 1) & (square <= (1 + _RING_PX) ** 2)
  return ring, labels[rows[ring], columns[ring]]


def _grey_statistics(grey: np.ndarray, spread: float) -> dict[str, float]:
  unit = (grey - grey.mean()) / spread
  # The Laplacian of differences hides all but noise (J. Immerkaer, Computer
  # Vision and Image Understanding 64, 300 (1996)).
  laplacian = scipy.ndimage.convolve(
    unit, np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]])
  )
  noise = 1.4826 * float(np.median(np.abs(laplacian))) / 6
  clipped = np.clip(unit, -5, 5)
  return {
    'noise_fraction': min(noise, 2.0),
    'fine_correlation': _correlation(unit, 2),
    'coarse_correlation': _correlation(unit, 8),
    'periodicity': _periodicity(unit),
    # A power of floats takes thirty times as long as products.
    'skewness': float(np.clip((clipped * clipped * clipped).mean(), -3.0, 3.0)),
  }


def _periodicity(unit: np.ndarray) -> float:
  height, width = unit.shape
  window = np.hanning(height)[:, None] * np.hanning(width)
  power = np.abs(np.fft.rfft2(unit * window)) ** 2
  frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width))
  # Periods of 3 to 64 pixels, in rings.
  ring = np.rint(frequency * min(height, width) / 2).astype(int)
  mean = np.bincount(ring.ravel(), power.ravel()) / np.maximum(
    np.bincount(ring.ravel()), 1
  )
  asked = (frequency > 1 / 64) & (frequency < 1 / 3)
  largest = (power / np.maximum(mean[ring], 1e-12))[asked].max(initial=1.0)
  return float(np.log10(largest))


def _correlation(unit: np.ndarray, apart_px: int) -> float:
  pairs = (
    unit[:, apart_px:] * unit[:, :-apart_px],
    unit[apart_px:] * unit[:-apart_px],
  )
  # A strip that is narrower than that has no such pairs across.
  return sum(float(one.mean()) if one.size else 0.0 for one in pairs) / 2


def _object_statistics(
  labels: np.ndarray, count: int, mask: np.ndarray, zoom: float
) -> dict[str, float]:
  found = {
    'log_count': math.log(1 + count),
    'area_fraction': float(mask.mean()),
  }
  if not count:
    none = ('log_diameter_px', 'size_spread', 'compactness')
    return {**found, **dict.fromkeys(none, 0.0), 'spacing_spread': 0.5}
  areas = np.bincount(labels.ravel(), minlength=count + 1)[1:]
  diameters = np.log(2 * np.sqrt(areas / np.pi) * zoom)
  rows, columns = np.nonzero(labels)
  owners = labels[rows, columns]
  centres = np.stack(
    [
      np.bincount(owners, one, minlength=count + 1)[1:] / areas
      for one in (rows, columns)
    ],
    axis=1,
  )
  away = np.hypot(*(np.stack([rows, columns], axis=1) - centres[owners - 1]).T)
  farthest = np.zeros(count)
  np.maximum.at(farthest, owners - 1, away)
  return {
    **found,
    'log_diameter_px': float(np.median(diameters)),
    'size_spread': float(diameters.std()),
    'compactness': float(np.median(areas / (np.pi * (farthest + 0.7) ** 2))),
    'spacing_spread': _spacing_spread(centres[:_MOST_OBJECTS]),
  }


def _spacing_spread(centres: np.ndarray) -> float:
  """0.52 of points at random, 0 of a lattice."""
  if len(centres) < 4:
    return 0.5
  distances = scipy.spatial.KDTree(centres).query(centres, k=2)[0][:, 1]
  return float(distances.std() / max(distances.mean(), 1e-9))
