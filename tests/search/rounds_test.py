"""What is trained next follows from what came out, by hand."""

import pytest

from defectseg_jax.search.rounds import Trial, plan, ranking
from defectseg_jax.search.settings import SearchSettings


def settings(**changes):
  given = {'trials': 3, 'top': 2, 'warm_trials': 2, 'max_rounds': 3, **changes}
  return SearchSettings(**given)


FIRST = [Trial(0, 1, None), Trial(1, 1, None), Trial(2, 1, None)]
# The best two of the first round are 2 and 0.
SECOND = [
  Trial(3, 2, 2),
  Trial(4, 2, 2),
  Trial(5, 2, 0),
  Trial(6, 2, 0),
]
ROUND_1 = {0: 0.5, 1: 0.4, 2: 0.6}


def test_the_first_round_begins_from_random_weights():
  planned = plan(settings(), {})
  assert planned.trials == FIRST
  assert not planned.finished


def test_a_round_waits_for_every_trial_of_the_one_before():
  assert plan(settings(), {0: 0.5, 2: 0.6}).trials == FIRST


def test_the_next_begins_from_the_best():
  planned = plan(settings(), ROUND_1)
  assert planned.trials == [*FIRST, *SECOND]
  assert not planned.finished


def test_results_of_a_round_under_way_change_nothing_of_it():
  under_way = {**ROUND_1, 3: 0.9, 6: 0.95}
  assert plan(settings(), under_way).trials == [*FIRST, *SECOND]


def test_parents_are_the_best_of_all_rounds():
  ended = {**ROUND_1, 3: 0.7, 4: 0.1, 5: 0.1, 6: 0.2}
  third = plan(settings(), ended).trials[7:]
  assert [trial.parent for trial in third] == [3, 3, 2, 2]
  assert [trial.number for trial in third] == [7, 8, 9, 10]
  assert {trial.round for trial in third} == {3}


@pytest.mark.parametrize('best', [0.6, 0.59])
def test_a_round_without_gain_is_the_last(best):
  ended = {**ROUND_1, 3: best, 4: 0.1, 5: None, 6: 0.2}
  planned = plan(settings(), ended)
  assert planned.finished
  assert planned.trials == [*FIRST, *SECOND]


def test_the_last_round_is_the_last():
  planned = plan(settings(max_rounds=1), ROUND_1)
  assert planned.finished
  assert planned.trials == FIRST


def test_failed_trials_are_no_parents():
  planned = plan(settings(), {0: None, 1: 0.4, 2: None})
  assert [trial.parent for trial in planned.trials[3:]] == [1, 1]


def test_nothing_follows_when_every_trial_failed():
  planned = plan(settings(), dict.fromkeys(range(3)))
  assert planned.finished
  assert planned.trials == FIRST


def test_of_equals_the_earlier_is_the_better():
  assert ranking({5: 0.5, 3: 0.5, 1: None, 2: 0.7}) == [2, 3, 5]
