"""Whether two sessions were drawn by the same network, applied alike."""

import dataclasses
import hashlib
from collections.abc import Mapping

import numpy as np

from defectseg_jax.runs.settings import RunSettings


def network_identity(
  settings: RunSettings,
  arrays: Mapping[str, np.ndarray],
  *,
  threshold: float,
  least_peak: float,
  orientations: int,
) -> str:
  """A checksum of the weights, and of how they are applied.

  Args:
    settings: of the run.
    arrays: of the network, by their names in its file.
    threshold: probability from which a pixel is taken for defect.
    least_peak: probability that a region must reach somewhere.
    orientations: 1, or 8 for test-time augmentation.

  Returns:
    64 hexadecimal digits.
  """
  digest = hashlib.sha256(
    repr(
      (
        sorted(dataclasses.asdict(settings.preprocessing).items()),
        settings.model.name,
        threshold,
        least_peak,
        orientations,
      )
    ).encode()
  )
  for name in sorted(arrays, key=_place):
    digest.update(np.asarray(arrays[name]).tobytes())
  return digest.hexdigest()


def _place(name: str) -> tuple[bool, list[str]]:
  """Where an array stands in the order of version 0.1.0: parameters first."""
  parts = name.split('/')
  return parts[0] != 'params', parts
