"""Images that were enlarged after they were recorded: empty magnification.

A program that enlarges invents pixels between those of the camera. A network
takes smooth noise and wide edges for what they are not. So such an image is
brought back to the pixels that it was made from before a network sees it.
"""

import dataclasses

import numpy as np
from jaxtyping import Bool, Float
from PIL import Image
from scipy import ndimage

from defectseg_jax.prediction.regions import number_regions

# All limits are by eye, from simulated foils that eight programs' ways had
# enlarged, and 60 real micrographs, some of which were enlarged before they
# were published.
# The part in the middle that is looked at, and the least that tells.
_LARGEST_SIDE_PX, _LEAST_SIDE_PX = 1024, 64
# Nearer to 1 the change is small, and further away nothing was tried.
_LEAST, _LARGEST = 1.4, 6.6
# A line of the spectrum: natural logarithm, and over the others. Images as
# recorded reach 3 times the others; enlarged ones 14 and more.
_AMPLITUDE, _OVER_OTHERS = 0.1, 10.0
# JPEG has blocks of so many pixels, and lines at all multiples.
_JPEG_PX = 8
_OVER_JPEG = 3.0
# Of the power within the band that the pixels of the camera fill, what may be
# above it.
_EMPTY_BAND = 0.06
# Columns that repeat their neighbours: their differences, over the others'.
_REPEATED = 1e-3
# A smooth curve is taken out of a profile by a mean over so many pixels.
_SMOOTH_PX = 25

Grey = Float[np.ndarray, 'h w']


@dataclasses.dataclass(frozen=True)
class Enlargement:
  """How an image was enlarged.

  Attributes:
    factor: pixels of the image for each that was recorded, along a side.
    repeated: whether pixels were repeated, and not interpolated.
  """

  factor: float
  repeated: bool = False


def find_enlargement(pixels: Grey | np.ndarray) -> Enlargement | None:
  """Tells whether an image was enlarged, from its grey values alone.

  Interpolated pixels differ from their neighbours otherwise than recorded ones
  do, and they come at even distances: the mean differences along rows and
  columns have a line at that period. Since a program that reduces an image
  leaves such lines, too, the power spectrum must be empty above what the
  recorded pixels can hold. Blur of a microscope has no such lines.

  Args:
    pixels: [H, W].

  Returns:
    None where it was not enlarged, by less than 1.4 or more than 6.6, or where
    noise or compression hides it.

  References:
    A. C. Gallagher, Detection of linear and cubic interpolation in JPEG
    compressed images, Canadian Conf. on Computer and Robot Vision (2005).

  Examples:
    >>> recorded = np.random.default_rng(0).normal(size=(100, 100))
    >>> find_enlargement(recorded)
    >>> find_enlargement(np.kron(recorded, np.ones((2, 2))))
    Enlargement(factor=2.0, repeated=True)
  """
  part = _middle(np.asarray(pixels))
  if len(part) < _LEAST_SIDE_PX or part.min() == part.max():
    return None
  repeats = min(_repeated_share(one) for one in (part, part.T))
  if repeats > 1 - 1 / _LEAST:
    factor = _nearly_whole(1 / (1 - repeats), len(part))
    return Enlargement(factor, True) if factor <= _LARGEST else None
  frequency = _line(part)
  if frequency is None:
    return None
  # A line at 1/3 is that of a factor of 3, or of 3/2, whose own line at 2/3
  # no pixels can show.
  for inverse in (frequency, 1 - frequency):
    factor = _nearly_whole(1 / inverse, len(part))
    if _LEAST <= factor <= _LARGEST and _is_empty_above(part, factor):
      return Enlargement(factor)
  return None


def bring_back(pixels: Grey | np.ndarray, enlargement: Enlargement) -> Grey:
  """The pixels that an image was made from, as nearly as they can be known.

  Means over as many pixels as one became blur once more what interpolation had
  blurred. Both together are a quadratic B-spline through the recorded pixels,
  if interpolation was linear; so these are its coefficients.

  Args:
    pixels: [H, W].
    enlargement: from `find_enlargement`.

  Returns:
    float32 [h, w]. A last row or column that is not whole is left out.

  References:
    M. Unser, Splines: a perfect fit for signal and image processing, IEEE
    Signal Process. Mag. 16(6), 22 (1999).
  """
  factor = enlargement.factor
  rows, columns = (max(1, int(side / factor + 1e-6)) for side in pixels.shape)
  image = Image.fromarray(np.ascontiguousarray(pixels, np.float32))
  means = np.asarray(
    image.resize(
      (columns, rows),
      Image.Resampling.BOX,
      box=(0, 0, columns * factor, rows * factor),
    )
  )
  if enlargement.repeated:
    return means
  return np.asarray(ndimage.spline_filter(means, order=2), np.float32)


def enlarge_again(
  values: Grey | np.ndarray, factor: float, shape: tuple[int, ...]
) -> Grey:
  """Brings values at the recorded pixels to those of the enlarged image.

  Args:
    values: [h, w], of an image from `bring_back`.
    factor: by which it had been enlarged.
    shape: H, W of the enlarged image.

  Returns:
    float32 [H, W], interpolated between the middles of pixels; beyond the
    outermost ones it is constant.
  """
  wider = np.pad(np.asarray(values, np.float32), 1, mode='edge')
  height, width = (side / factor for side in shape)
  return np.asarray(
    Image.fromarray(wider).resize(
      (shape[1], shape[0]),
      Image.Resampling.BILINEAR,
      box=(1, 1, 1 + width, 1 + height),
    )
  )


def enlarge_objects(
  mask: Bool[np.ndarray, 'h w'],
  probabilities: Grey,
  threshold: float,
  factor: float,
  shape: tuple[int, ...],
) -> Bool[np.ndarray, 'H W']:
  """Brings objects to the pixels of the enlarged image, one for one.

  An outline lies where interpolated probabilities cross the threshold. Between
  two objects they must not, and where they would break one up, it has the
  outline of its pixels.

  Args:
    mask: of an image from `bring_back`; corners connect.
    probabilities: of the same.
    threshold: of probabilities.
    factor: by which the image had been enlarged.
    shape: of the enlarged image.
  """
  labels, count = number_regions(mask)
  over = probabilities >= threshold
  far = np.where(labels > 0, labels, count + 1)
  between = ndimage.maximum_filter(labels, 3) > ndimage.minimum_filter(far, 3)
  outside = np.where(over | between, 0, probabilities)
  # Holes that were filled stay filled.
  inside = np.where(over, probabilities, 1)
  large = enlarge_again(np.where(mask, inside, outside), factor, shape)
  found, pieces = number_regions(large >= threshold)
  rows, columns = (
    np.minimum(((np.arange(side) + 0.5) / factor).astype(int), last - 1)
    for side, last in zip(shape, mask.shape, strict=True)
  )
  nearest = labels[rows[:, None], columns]
  owners = np.zeros(pieces + 1, int)
  np.maximum.at(owners, found.ravel(), nearest.ravel())
  owners[0] = 0
  per_object = np.bincount(owners[1:], minlength=count + 1)
  broken = np.flatnonzero(per_object != 1)
  whole = enlarge_again(np.isin(labels, broken[broken > 0]), factor, shape)
  return (owners > 0)[found] | (whole >= 0.5)


def _middle(pixels: np.ndarray) -> np.ndarray:
  """A square from the middle."""
  side = min(_LARGEST_SIDE_PX, *pixels.shape)
  top, left = ((length - side) // 2 for length in pixels.shape)
  part = pixels[top : top + side, left : left + side]
  return np.ascontiguousarray(part, np.float32)


def _differences(part: np.ndarray, order: int) -> np.ndarray:
  """By column, the mean of absolute differences to the next ones."""
  return np.abs(np.diff(part, n=order, axis=1)).mean(axis=0)


def _repeated_share(part: np.ndarray) -> float:
  """How many of the columns repeat the one before."""
  steps = _differences(part, 1)
  return float((steps <= _REPEATED * steps.max()).mean())


def _line(part: np.ndarray) -> float | None:
  """The frequency, in 1/px, of the strongest line along both axes."""
  # Where two axes differ by less than the width of a line, it is the same.
  down, across = (_spectrum(one) for one in (part.T, part))
  both = np.minimum(
    *(ndimage.maximum_filter1d(one, 3) for one in (down, across))
  )
  frequencies = np.fft.rfftfreq(len(part))
  asked = frequencies >= 1 / _LARGEST
  others = float(np.median(both[asked]))
  place = int(np.argmax(np.where(asked, both, 0)))
  found, width = frequencies[place], 1.5 / len(part)
  least = max(_AMPLITUDE, _OVER_OTHERS * others)
  block = found * _JPEG_PX
  if abs(block - round(block)) < _JPEG_PX * width:
    of_blocks = np.abs(frequencies - 1 / _JPEG_PX) < width
    least = max(least, _OVER_JPEG * float(both[of_blocks].max()))
  if both[place] < least:
    return None
  # The line is a few bins wide: its centre is known better than to a bin.
  near = np.abs(frequencies - found) < 2 * width
  weights = (down + across)[near] ** 2
  return float((frequencies[near] * weights).sum() / weights.sum())


def _spectrum(part: np.ndarray) -> np.ndarray:
  """Amplitudes of the logarithm of differences along rows, by frequency.

  First differences tell what second ones do not where recorded pixels lie in
  the middle between two pixels, and the other way round where they lie on one.
  """
  side = len(part)
  window = np.hanning(side + 2)[1:-1]
  found = np.zeros(side // 2 + 1)
  for order in (1, 2):
    profile = np.pad(_differences(part, order), (0, order), mode='edge')
    floor = 1e-6 * float(profile.max()) + 1e-30
    profile = np.log(np.maximum(profile, floor))
    profile -= ndimage.uniform_filter1d(profile, _SMOOTH_PX, mode='nearest')
    amplitudes = 2 * np.abs(np.fft.rfft(profile * window)) / window.sum()
    found = np.maximum(found, amplitudes)
  return found


def _nearly_whole(factor: float, side: int) -> float:
  """A whole number where the image is too small to tell it from one."""
  whole = round(factor)
  if whole and abs(1 / factor - 1 / whole) < 2 / side:
    return float(whole)
  return factor


def _is_empty_above(part: np.ndarray, factor: float) -> bool:
  """Whether there is nothing above the frequencies that pixels were recorded.

  Along rows, of waves that are as short down the columns as recorded pixels
  can show: there noise outweighs the specimen.
  """
  window = np.hanning(len(part))
  waves = np.fft.rfft2((part - part.mean()) * window[:, None] * window)
  down = np.abs(np.fft.fftfreq(len(part))) * factor
  across = np.fft.rfftfreq(len(part)) * factor
  power = np.abs(waves[(down >= 0.25) & (down <= 0.5)]) ** 2
  within = power[:, (across >= 0.25) & (across <= 0.5)]
  above = power[:, (across >= 0.65) & (across <= 1)]
  return bool(np.median(above) <= _EMPTY_BAND * np.median(within))
