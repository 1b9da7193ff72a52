"""A trial is given up where its IU stays below the median of the others'."""

import pytest

from defectseg_jax.search.pruning import MedianRule
from defectseg_jax.search.settings import SearchSettings
from defectseg_jax.training.progress import Progress

# After two epochs the median is 0.5.
COMPLETE = [[0.1, 0.4, 0.7], [0.1, 0.5, 0.7], [0.1, 0.6, 0.7]]


@pytest.mark.parametrize(
  ('after', 'ious', 'pruned_after'),
  [
    (2, [0.1, 0.45], 2),
    (2, [0.1, 0.55], 0),
    (2, [0.05], 0),
    # Its best so far is what counts.
    (2, [0.55, 0.3], 0),
    (0, [0.0, 0.0], 0),
  ],
)
def test_a_trial_below_the_median_is_given_up(after, ious, pruned_after):
  rule = MedianRule(SearchSettings(prune_after_epochs=after), lambda: COMPLETE)
  progress = Progress('')
  for iu in ious:
    progress.end_epoch({'dev_iu': iu})
    assert rule(progress) == bool(rule.pruned_after)
  assert rule.pruned_after == pruned_after
