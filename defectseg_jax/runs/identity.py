"""Whether two sessions were drawn by the same network, applied alike."""

import dataclasses
import hashlib
from typing import Any

import jax
import numpy as np

from defectseg_jax.runs.settings import RunSettings


def network_identity(
  settings: RunSettings,
  variables: tuple[Any, Any],
  *,
  threshold: float,
  least_peak: float,
  orientations: int,
) -> str:
  """A checksum of the weights, and of how they are applied.

  Args:
    settings: of the run.
    variables: parameters and running statistics of the network.
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
  for leaf in jax.tree.leaves(variables):
    digest.update(np.asarray(leaf).tobytes())
  return digest.hexdigest()
