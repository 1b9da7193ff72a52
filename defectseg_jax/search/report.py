"""What a search shows: its progress, the table of its trials, its page."""

import importlib.metadata
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import ml_collections
from optuna.distributions import CategoricalDistribution
from rich.console import Console
from rich.table import Table

from defectseg_jax.files import csv_text, write_text, write_whole
from defectseg_jax.reporting.page import Searched, search_page
from defectseg_jax.reporting.provenance import current_provenance
from defectseg_jax.runs.workdir import flat_fields
from defectseg_jax.search.rounds import Plan, Trial, ranking
from defectseg_jax.search.space import Distribution
from defectseg_jax.search.study import Study

# As many as fit a terminal of 80 columns.
_SHOWN_TRIALS = 4
_VERSIONS_OF = ('jax', 'flax', 'optax', 'optuna')


def write_report(study: Study, trials: Sequence[Trial]) -> None:
  """Writes trials.csv and search.html: the trials that have ended.

  Args:
    study: with one that has ended at least.
    trials: all that were planned.
  """
  rows = _rows(study, trials)
  with write_whole(study.table) as path:
    write_text(path, csv_text(rows, digits=None))
  ranked = sorted(
    (row for row in rows if row['dev_iu'] is not None),
    key=lambda row: -row['dev_iu'],
  )
  best = (
    f'best: trial {ranked[0]["trial"]}, development IU '
    f'{ranked[0]["dev_iu"]:.4f}'
    if ranked
    else 'no trial has an IU yet'
  )
  with write_whole(study.page) as path:
    write_text(
      path,
      search_page(
        f'Search: {study.config.defect}',
        subtitle=f'{len(rows)} of the {len(trials)} trials of '
        f'{_rounds(trials[-1].round)} have ended; {best}',
        rows=rows,
        fields=[_searched_field(name, d) for name, d in study.space.items()],
        how_made=_provenance(study),
      ),
    )


def print_trials(study: Study, plan: Plan, console: Console) -> None:
  """Prints the best trials, a column each, and where everything lies."""
  rows = [row for row in _rows(study, plan.trials) if row['dev_iu'] is not None]
  rows.sort(key=lambda row: (-row['dev_iu'], row['trial']))
  shown = rows[:_SHOWN_TRIALS]
  table = Table(title=f'{study.config.defect}: the best of {len(plan.trials)}')
  table.add_column('trial')
  for row in shown:
    table.add_column(str(row['trial']), justify='right')
  for name in ('dev_iu', 'round', 'parent', 'best_epoch'):
    table.add_row(name, *(value_text(row[name]) for row in shown))
  table.add_section()
  for name in study.space:
    table.add_row(name, *(value_text(row[name]) for row in shown))
  console.print(table)
  console.print(
    f'Trials: {study.table}\nPage: {study.page}\nBest run: {study.best}, for '
    f'--mode=predict --workdir={study.best}',
    soft_wrap=True,
  )


def value_text(value: Any) -> str:
  """A value for people to read."""
  if value is None:
    return '–'
  return f'{value:.4g}' if isinstance(value, float) else str(value)


def heading_text(
  trial: Trial, config: ml_collections.ConfigDict, searched: Iterable[str]
) -> str:
  """What is said when a trial begins.

  Args:
    trial: that begins.
    config: of the trial.
    searched: dotted names of the fields that were drawn.
  """
  origin = (
    'from random weights'
    if trial.parent is None
    else f'from trial {trial.parent}'
  )
  flat = flat_fields(config)
  drawn = ', '.join(f'{name} {value_text(flat[name])}' for name in searched)
  return f'\nTrial {trial.number}, round {trial.round}, {origin}: {drawn}'


def waiting_text(numbers: Sequence[int]) -> str:
  """What is said while others are at the trials of these numbers."""
  shown = ', '.join(map(str, numbers[:8])) + (', ...' if numbers[8:] else '')
  trials = 'trial' if len(numbers) == 1 else 'trials'
  return f'Waiting for other workers: {trials} {shown}.'


def progress_text(
  trials: Sequence[Trial],
  ious: Mapping[int, float | None],
  *,
  round_number: int,
  busy: Callable[[Trial], bool],
  seconds: Sequence[float],
) -> str:
  """Where a round is after a trial, and what is left of it.

  Args:
    trials: of all rounds so far.
    ious: the best development IU of each trial that has ended.
    round_number: of the round.
    busy: whether another worker is at a trial.
    seconds: that each trial of this worker took; one at least.
  """
  of_round = [t for t in trials if t.round == round_number]
  left = [t for t in of_round if t.number not in ious]
  ranked = ranking(ious)
  best = (
    f'best development IU {ious[ranked[0]]:.4f} (trial {ranked[0]})'
    if ranked
    else 'no trial has succeeded yet'
  )
  done = (
    f'Round {round_number}: {len(of_round) - len(left)} of {len(of_round)} '
    f'trials done, {best}.'
  )
  if not left:
    return done
  working = 1 + sum(map(busy, left))
  mean_s = sum(seconds) / len(seconds)
  minutes = mean_s * math.ceil(len(left) / working) / 60
  workers = 'worker' if working == 1 else 'workers'
  return (
    f'{done} About {minutes:.0f} min left of the round, for {working} '
    f'{workers}.'
  )


def end_text(study: Study, finished: Plan, best: Trial) -> str:
  """Why a search has ended.

  Args:
    study: that has ended.
    finished: its last plan.
    best: the trial of the best development IU.
  """
  last = finished.trials[-1].round
  if best.round < last:
    return (
      f'Round {last} brought no better development IU than '
      f'{study.ious()[best.number]:.4f}, of trial {best.number} in round '
      f'{best.round}: the search ends.'
    )
  return (
    f'Round {last} was the last of '
    f'config.search.max_rounds={study.settings.max_rounds}.'
  )


def all_failed_text(study: Study) -> str:
  """The error of a search whose first round failed whole."""
  reason = study.outcomes()[0].reason
  return (
    f'{study.path}: every trial failed, the first with: {reason}; see '
    f'{study.table}, narrow config.search.space and give another --workdir'
  )


def _rounds(number: int) -> str:
  return 'round 1' if number == 1 else f'rounds 1 to {number}'


def _rows(study: Study, trials: Sequence[Trial]) -> list[dict[str, Any]]:
  """Of trials that have ended: nothing that depends on who trained them."""
  outcomes = study.outcomes()
  rows = []
  for trial in trials:
    if trial.number in outcomes:
      outcome = outcomes[trial.number]
      flat = flat_fields(study.trial_config(trial))
      rows.append(
        {
          'trial': trial.number,
          'round': trial.round,
          'parent': trial.parent,
          'state': outcome.state,
          'dev_iu': outcome.dev_iu,
          'best_epoch': outcome.best_epoch,
          'epochs': outcome.epochs,
          'threshold': outcome.threshold,
          **{name: flat[name] for name in study.space},
          'seed': flat['seed'],
          'reason': outcome.reason,
        }
      )
  return rows


def _searched_field(name: str, distribution: Distribution) -> Searched:
  if isinstance(distribution, CategoricalDistribution):
    return Searched(name, choices=tuple(distribution.choices))
  return Searched(
    name, distribution.low, distribution.high, log=distribution.log
  )


def _provenance(study: Study) -> dict[str, str]:
  search = study.settings
  return {
    **current_provenance().rows(),
    'rounds': f'{search.trials} random trials; then {search.warm_trials} from '
    f'each of the best {search.top}; {search.max_rounds} rounds at most',
    'chosen by': 'the pooled IU of the development set; the test set is scored '
    'once, with the best trial at the end',
    'seed': str(study.config.seed),
    'versions': ', '.join(
      f'{name} {importlib.metadata.version(name)}' for name in _VERSIONS_OF
    ),
  }
