"""How many bars a histogram of sizes has, in figures and on the page."""

import math

import numpy as np

# By eye: one far-off size asks for thousands of bars, and more than these
# cannot be told apart.
MOST_BINS = 100


def bin_count(sizes_nm: np.ndarray) -> int:
  """The number of bins: that of Sturges or of Freedman and Diaconis.

  Of n sizes with the interquartile range IQR, the larger of

    log2(n) + 1   and   (max - min) / (2 IQR / n^(1/3)),

  rounded up, but at most `MOST_BINS`, which is 100. Where half of the sizes
  are equal the IQR is 0, and Sturges' rule stands alone. `bins='auto'` of
  NumPy 2.5 is another rule: it has at most about 2 sqrt(n) bins.

  Args:
    sizes_nm: [n], n at least 1.

  Returns:
    The number of bins of equal width from the smallest size to the largest.

  Raises:
    ValueError: there are no sizes.

  Examples:
    Sixteen sizes, 1 to 16 nm: Sturges asks for 5 bins, Freedman and Diaconis
    for 15 / (2 7.5 / 2.52) = 2.5.

    >>> bin_count(np.arange(1.0, 17.0))
    5

  References:
    Sturges, J. Am. Stat. Assoc. 21, 65 (1926),
    doi:10.1080/01621459.1926.10502161.
    Freedman & Diaconis, Z. Wahrscheinlichkeitstheorie verw. Gebiete 57, 453
    (1981), doi:10.1007/BF01025868.
  """
  sizes_nm = np.asarray(sizes_nm, float)
  count = len(sizes_nm)
  if not count:
    raise ValueError('sizes_nm is empty; give at least one size')
  bins = math.log2(count) + 1
  upper, lower = np.percentile(sizes_nm, (75, 25))
  if upper > lower:
    width_nm = 2 * float(upper - lower) / count ** (1 / 3)
    bins = max(bins, float(np.ptp(sizes_nm)) / width_nm)
  return math.ceil(min(bins, MOST_BINS))
