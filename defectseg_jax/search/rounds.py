"""Rounds of a search: random trials, then warm starts from the best.

Roberts et al. (2019) trained networks with random settings, kept the best,
began new ones from their weights, and went on so until nothing improved. What
is to be trained next follows from the results so far alone. It does not matter
who trained what, or in which order.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from defectseg_jax.search.settings import SearchSettings


class Trial(NamedTuple):
  """A trial that is to be trained, or was.

  Attributes:
    number: from 0.
    round: from 1.
    parent: the trial whose best weights it begins from; None for random ones.
  """

  number: int
  round: int
  parent: int | None


@dataclasses.dataclass(frozen=True)
class Plan:
  """All trials that are known now.

  Attributes:
    trials: of all rounds so far, by number.
    finished: whether no round will follow, and every trial has ended.
  """

  trials: Sequence[Trial]
  finished: bool


def plan(settings: SearchSettings, ious: Mapping[int, float | None]) -> Plan:
  """The trials of every round that is done, and of the one under way.

  Args:
    settings: of the search.
    ious: the best development IU of each trial that has ended; None for one
      that failed or was given up.

  Returns:
    The plan. A round begins when all trials before it have ended; none follows
    one that brought no better IU.

  Examples:
    >>> settings = SearchSettings(trials=2, top=1, warm_trials=1, max_rounds=2)
    >>> plan(settings, {0: 0.6}).trials
    [Trial(number=0, round=1, parent=None),
     Trial(number=1, round=1, parent=None)]
    >>> plan(settings, {0: 0.6, 1: 0.7}).trials[2:]
    [Trial(number=2, round=2, parent=1)]
    >>> plan(settings, {0: 0.6, 1: 0.7, 2: 0.65}).finished
    True
  """
  trials = [Trial(number, 1, None) for number in range(settings.trials)]
  under_way, best_before = trials, None
  while all(trial.number in ious for trial in under_way):
    # Not of all: a later round's are no parents of this one's.
    ranked = ranking({trial.number: ious[trial.number] for trial in trials})
    best = ious[ranked[0]] if ranked else None
    number = under_way[-1].round
    gained = best is not None and (best_before is None or best > best_before)
    if not gained or number == settings.max_rounds:
      return Plan(trials, finished=True)
    best_before = best
    parents = [
      parent
      for parent in ranked[: settings.top]
      for _ in range(settings.warm_trials)
    ]
    under_way = [
      Trial(len(trials) + place, number + 1, parent)
      for place, parent in enumerate(parents)
    ]
    trials = [*trials, *under_way]
  return Plan(trials, finished=False)


def ranking(ious: Mapping[int, float | None]) -> list[int]:
  """The numbers of the trials that have an IU, the best first.

  Args:
    ious: as `plan` takes them.

  Examples:
    >>> ranking({0: 0.5, 1: None, 2: 0.7, 3: 0.5})
    [2, 0, 3]
  """
  known = [(-iu, number) for number, iu in ious.items() if iu is not None]
  return [number for _, number in sorted(known)]
