"""Which of the particles at the edge of the image are counted.

  all      all of them: too many, as if the image were larger by a diameter
  exclude  none of them: too few, and too few large ones above all
  frame    those that touch neither the bottom nor the right side. Of images
           side by side, each particle is then counted once (Gundersen, Journal
           of Microscopy 111, 1977, 219). For one image a small bias remains:
           -1 / H - 1 / W, from particles that touch an edge and are not cut,
           and +(1 - pi / 4) d^2 / (H W), from those that a corner cuts

Where a part of the image is no specimen, its edge is the specimen's; `window`
says what of the frame becomes of gaps inside. Under every rule, sizes are those
of the particles that touch no edge.
"""

import numpy as np

from defectseg_jax.quantification import checks

RULES = ('all', 'exclude', 'frame')


def select_counted(
  at_border: np.ndarray,
  rule: str,
  *,
  at_gap: np.ndarray | None = None,
  foot_at_gap: np.ndarray | None = None,
) -> np.ndarray:
  """Which particles a border rule counts.

  Args:
    at_border: bool [n, 4]: touches top, left, bottom, right.
    rule: all, exclude or frame.
    at_gap, foot_at_gap: bool [n], as of `Particles`; None where all of the
      image is specimen.

  Returns:
    bool [n].

  Raises:
    InputError: the rule is unknown.

  Examples:
    One particle at the top, one at the right, and one at no side.

    >>> at_border = np.array([[1, 0, 0, 0], [0, 0, 0, 1], [0, 0, 0, 0]], bool)
    >>> select_counted(at_border, 'frame')
    array([ True, False,  True])
  """
  checks.require_choice(rule, RULES, 'border')
  if rule == 'all':
    return np.ones(len(at_border), bool)
  none = np.zeros(len(at_border), bool)
  if rule == 'exclude':
    return ~at_border.any(axis=1) & ~(none if at_gap is None else at_gap)
  cut = none if foot_at_gap is None else foot_at_gap
  return ~at_border[:, 2:].any(axis=1) & ~cut
