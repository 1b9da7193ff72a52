"""Kernel ridge regression of few samples, in a page of NumPy."""

import dataclasses
import itertools

import numpy as np

# Widths of the kernel over the root of the number of coordinates, and noise
# over the variance of what is foretold; the best is taken.
_WIDTHS = (0.5, 0.8, 1.2, 1.8, 2.7)
_NOISES = (0.03, 0.1, 0.3, 1.0)


@dataclasses.dataclass(frozen=True, eq=False)
class Regression:
  """A fitted regression.

  Attributes:
    places: float64 [n, coordinates], of the samples.
    mean: of what is foretold.
    coefficients: [n].
    width: of the kernel.
    without_itself: [n], what is foretold of each sample by the others.
  """

  places: np.ndarray
  mean: float
  coefficients: np.ndarray
  width: float
  without_itself: np.ndarray

  def foretell(self, places: np.ndarray) -> np.ndarray:
    """[m], at places [m, coordinates]."""
    kernel = _kernel(distances(places, self.places), self.width)
    return self.mean + kernel @ self.coefficients


def best_regression(
  places: np.ndarray, values: np.ndarray, noise: np.ndarray
) -> Regression:
  """The regression that foretells samples best which it has not seen.

  Args:
    places: float64 [n, coordinates], of about unit variance.
    values: [n], to be foretold.
    noise: [n], relative variance of the scatter of each.

  References:
    Rasmussen and Williams, Gaussian Processes for Machine Learning (2006),
    equations 2.25 and 5.12 (a sample left out, without fitting again).
  """
  apart = distances(places, places)
  scale = np.sqrt(places.shape[1])
  fits = [
    _fit(places, apart, values, noise=noise * level, width=width * scale)
    for width, level in itertools.product(_WIDTHS, _NOISES)
  ]
  return min(
    fits,
    key=lambda one: np.average(
      (one.without_itself - values) ** 2, weights=1 / noise
    ),
  )


def distances(first: np.ndarray, second: np.ndarray) -> np.ndarray:
  """Euclidean: [m, n] of places [m, coordinates] and [n, coordinates]."""
  return np.linalg.norm(first[:, None] - second[None], axis=2)


def _fit(
  places: np.ndarray,
  apart: np.ndarray,
  values: np.ndarray,
  *,
  noise: np.ndarray,
  width: float,
) -> Regression:
  mean = float(np.average(values, weights=1 / noise))
  inverse = np.linalg.inv(_kernel(apart, width) + np.diag(noise))
  coefficients = inverse @ (values - mean)
  return Regression(
    places,
    mean,
    coefficients,
    width,
    values - coefficients / np.diagonal(inverse),
  )


def _kernel(apart: np.ndarray, width: float) -> np.ndarray:
  return np.exp(-((apart / width) ** 2) / 2)
