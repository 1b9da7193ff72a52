"""Means of drawn rows: those of rows that are drawn one by one."""

import numpy as np
import pytest

from defectseg_jax.quantification import bootstrap


@pytest.mark.parametrize('n', [2, 37, 9000])
@pytest.mark.parametrize('columns', [(), (3,)])
def test_means_are_those_of_the_rows_that_were_drawn(n, columns):
  values = np.random.default_rng(n).normal(5, 1, (n, *columns))
  found = bootstrap.bootstrap_means(values, resamples=50, seed=4)
  rng = np.random.default_rng(4)
  expected = [values[rng.integers(n, size=n)].mean(axis=0) for _ in range(50)]
  np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_draws_made_ahead_give_the_same_means(monkeypatch):
  values = np.random.default_rng(0).normal(5, 1, 41)
  bootstrap._kept_draws.cache_clear()
  # Not kept, kept since, and made ahead.
  monkeypatch.setattr(bootstrap, '_MOST_KEPT', 0)
  without = bootstrap.bootstrap_means(values)
  monkeypatch.undo()
  kept = bootstrap.bootstrap_means(values)
  bootstrap._kept_draws.cache_clear()
  bootstrap.prepare_draws(41)
  monkeypatch.setattr(bootstrap, '_draws', None)
  ahead = bootstrap.bootstrap_means(values)
  assert without.tobytes() == kept.tobytes() == ahead.tobytes()


def test_nothing_is_drawn_ahead_of_less_than_two_rows():
  bootstrap._kept_draws.cache_clear()
  for count in (-1, 0, 1):
    bootstrap.prepare_draws(count)
  assert bootstrap._kept_draws.cache_info().currsize == 0
