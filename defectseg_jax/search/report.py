"""What a search shows: the table of its trials and its page."""

import importlib.metadata
import shlex
import sys
from collections.abc import Sequence
from typing import Any

from optuna.distributions import BaseDistribution, CategoricalDistribution
from rich.console import Console
from rich.table import Table

from defectseg_jax.files import csv_text, write_whole
from defectseg_jax.reporting.page import Searched, search_page
from defectseg_jax.runs.workdir import flat_fields
from defectseg_jax.search.rounds import Plan, Planned
from defectseg_jax.search.study import Study

# As many as fit a terminal of 80 columns.
_SHOWN_TRIALS = 4
_VERSIONS_OF = ('jax', 'flax', 'optax', 'optuna')


def write_report(study: Study, trials: Sequence[Planned]) -> None:
  """Writes trials.csv and search.html: the trials that have ended.

  Args:
    study: with one that has ended at least.
    trials: all that were planned.
  """
  rows = _rows(study, trials)
  with write_whole(study.table) as path:
    path.write_text(csv_text(rows, digits=None))
  ranked = sorted(
    (row for row in rows if row['dev_iu'] is not None),
    key=lambda row: -row['dev_iu'],
  )
  best = (
    f'best: trial {ranked[0]["trial"]}, development IU '
    f'{ranked[0]["dev_iu"]:.4f}'
    if ranked
    else 'none has an IU'
  )
  with write_whole(study.page) as path:
    path.write_text(
      search_page(
        f'Search: {study.config.defect}',
        subtitle=f'{len(rows)} of the {len(trials)} trials of '
        f'{_rounds(trials[-1].round)} have ended; {best}',
        rows=rows,
        fields=[_searched(name, d) for name, d in study.space.items()],
        how_made=_how_made(study),
      ),
      encoding='utf-8',
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


def _rounds(number):
  return 'round 1' if number == 1 else f'rounds 1 to {number}'


def _rows(study, trials):
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


def _searched(name: str, distribution: BaseDistribution) -> Searched:
  if isinstance(distribution, CategoricalDistribution):
    return Searched(name, choices=tuple(distribution.choices))
  return Searched(
    name, distribution.low, distribution.high, log=distribution.log
  )


def _how_made(study):
  search = study.config.search
  return {
    'command': shlex.join(sys.argv),
    'rounds': f'{search.trials} random trials; then {search.warm_trials} from '
    f'each of the best {search.top}; {search.max_rounds} rounds at most',
    'chosen by': 'the pooled IU of the development set; the test set is scored '
    'once, with the best trial at the end',
    'seed': f'{study.config.seed}',
    'versions': ', '.join(
      f'{name} {importlib.metadata.version(name)}' for name in _VERSIONS_OF
    ),
  }
