"""Particles that the edge of the image cuts: which of them are counted.

  all      every one; too many, as if the image were larger by a diameter
  exclude  only whole ones; too few, and large ones fewest
  frame    those that touch neither the bottom nor the right side, since tiles
           laid side by side would then count each particle once (Gundersen,
           Journal of Microscopy 111, 1977, 219). What an image alone leaves of
           bias: -1 / H - 1 / W, for a particle that touches an edge and is not
           cut, and +(1 - pi / 4) d^2 / (H W), for those cut by a corner

Sizes come from whole particles under every rule.
"""

import numpy as np

from defectseg_jax.quantification import checks

RULES = ('all', 'exclude', 'frame')


def select_counted(at_border: np.ndarray, rule: str) -> np.ndarray:
  """Which particles a border rule counts.

  Args:
    at_border: bool [n, 4]: touches top, left, bottom, right.
    rule: all, exclude or frame.

  Returns:
    bool [n].

  Raises:
    InputError: the rule is unknown.
  """
  checks.require_choice(rule, RULES, 'border')
  if rule == 'all':
    return np.ones(len(at_border), bool)
  if rule == 'exclude':
    return ~at_border.any(axis=1)
  return ~at_border[:, 2:].any(axis=1)
