import numpy as np
import pytest

from defectseg_jax.training import schedules


def test_positive_weight_falls_towards_one():
  weights = [
    schedules.positive_weight(e, initial=9.0, decay=0.5) for e in range(4)
  ]
  assert weights == [9, 5, 3, 2]
  assert schedules.positive_weight(500, initial=9.0, decay=0.5) == 1


def test_the_rate_decays_each_time_the_patience_is_over():
  plateau = schedules.plateau_decay(factor=0.5, patience_epochs=3)
  params = {'w': np.zeros(1, np.float32)}
  state = plateau.init(params)
  scales = []
  # Better twice, then three epochs without, then better, then three without.
  for iu in (0.1, 0.2, 0.2, 0.15, 0.1, 0.3, 0.3, 0.2, 0.1):
    _, state = plateau.update(params, state, value=-iu)
    scales.append(float(state.scale))
  assert scales == pytest.approx([1, 1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.25])
