"""How frames are followed: what a record of a series must say of it."""

import importlib.metadata

from defectseg_jax.quantification.series import drift, linking, tracks


def series_parameters(*, links: bool) -> dict[str, float | str]:
  """The numbers that drift and links depend on, and whose code finds them.

  Args:
    links: whether objects are linked.

  Examples:
    >>> series_parameters(links=False)['drift_upsampling']
    50
  """
  found: dict[str, float | str] = {
    'drift_by': f'scikit-image {_version("scikit-image")}',
    'drift_upsampling': drift.UPSAMPLING,
    'drift_longest_part': drift.LONGEST_PART,
    'drift_noise_px': drift.NOISE_PX,
    'drift_least_prominence': drift.LEAST_PROMINENCE,
    'drift_least_overlap': drift.LEAST_OVERLAP,
    'drift_kept_overlap': drift.KEPT_OVERLAP,
    'drift_kept_correlation': drift.KEPT_CORRELATION,
  }
  if links:
    found |= {
      'links_by': f'scipy {_version("scipy")}',
      'links_within_diameters': linking.GATE_DIAMETERS,
      'links_within_px': linking.GATE_PX,
      'links_size_factor': linking.SIZE_FACTOR,
      'links_most_missed': tracks.MOST_MISSED,
    }
  return found


def _version(package: str) -> str:
  return importlib.metadata.version(package)
