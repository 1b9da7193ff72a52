"""The card of a network for people, in Markdown."""

import math
import pathlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from defectseg_jax.files import write_text, write_whole
from defectseg_jax.quantification import kind_of
from defectseg_jax.reporting.provenance import settings_text
from defectseg_jax.runs.detection_file import detection_by_size
from defectseg_jax.runs.how_made import threshold_text
from defectseg_jax.runs.network_card import Card

_UNKNOWN = 'not recorded'
_RANGES = {
  'diameter_px': 'mean diameter of the objects in a micrograph, in pixels',
  'pixel_size_nm': 'side of a pixel, in nanometres',
}


def write_card_text(path: pathlib.Path, card: Card) -> pathlib.Path:
  """Writes NAME.md.

  Args:
    path: of NAME.safetensors.
    card: of the network.

  Returns:
    The file.
  """
  text = path.with_suffix('.md')
  with write_whole(text) as temporary:
    write_text(temporary, card_text(path.stem, card))
  return text


def card_text(name: str, card: Card) -> str:
  """The content of NAME.md: all that people ask of a network.

  Args:
    name: of the network.
    card: that the text is made from.
  """
  return '\n\n'.join(
    [
      f'# {name}: finds {card.defect}',
      f'Made from {name}.json; change that, and make this again '
      f'(docs/networks.md).',
      _table(('', ''), _rows(card).items()),
      '## What it holds for',
      _holds_for(card),
      '## Scores',
      _scores(card),
      *_sizes(card),
      '## Where it does not work',
      '\n'.join(f'- {limit}' for limit in card.limits)
      or 'Nobody has written that down yet.',
      '',
    ]
  )


def _rows(card: Card) -> dict[str, str]:
  made = card.provenance
  commit = f', commit {made["commit"]}' if made.get('commit') else ''
  took = _UNKNOWN if card.hours is None else f'{card.hours:g} hours'
  size = f'{card.parameters:,} numbers, {card.precision}'
  return {
    'architecture': f'{card.config["model"]["name"]}, {size}',
    'preprocessing': settings_text(card.config['preprocessing']),
    'threshold': threshold_text(
      card.threshold, card.detection.get('least_peak', 0)
    ),
    'trained on': made.get('training_data') or _UNKNOWN,
    **{f'began from ({n})': one for n, one in enumerate(card.began_from, 1)},
    'epoch': f'{card.progress["best_epoch"]} of {card.progress["epochs"]}',
    'command': f'`{made["command"]}`' if made.get('command') else _UNKNOWN,
    'program': f'defectseg_jax {made.get("version", _UNKNOWN)}{commit}',
    'date': made.get('date', _UNKNOWN),
    'machine': card.machine or _UNKNOWN,
    'training took': took,
    'SHA-256': f'`{card.sha256}`',
  }


def _holds_for(card: Card) -> str:
  if not card.holds_for:
    return (
      'Micrographs like those that it was trained on; of which sizes its '
      'objects were is not recorded.'
    )
  return _table(
    ('it was trained on', 'from', 'to'),
    (
      (_RANGES.get(name, name), f'{low:g}', f'{high:g}')
      for name, (low, high) in card.holds_for.items()
    ),
  )


def _scores(card: Card) -> str:
  """A set a row; a column for all that was measured of any set."""
  if not card.scores:
    return 'It was not scored.'
  columns = dict.fromkeys(name for row in card.scores for name in row)
  return _table(
    [name.replace('_', ' ') for name in columns],
    ([_cell(row, name) for name in columns] for row in card.scores),
  )


def _sizes(card: Card) -> list[str]:
  """Which sizes it finds, with the heading; nothing of lines, without sizes."""
  if kind_of(card.defect).has_test_lines:
    return []
  heading = '## Which sizes it finds'
  by_size = detection_by_size(card.detection)
  if by_size is None:
    return [heading, 'Not known: it was scored before sizes were kept.']
  header = ('diameter (px)', 'objects', 'found', 'of what it found, real')
  ends = zip(by_size.edges_px[:-1], by_size.edges_px[1:])
  rows = zip(
    (f'{low:.3g} to {high:.3g}' for low, high in ends),
    (f'{count:.0f}' for count in by_size.found + by_size.missed),
    map(_share, by_size.curve),
    map(_share, by_size.precision),
  )
  said = (
    'On the development set of the run, with 95% intervals (docs/trust.md); '
    'design effect '
    f'{by_size.design_effect:.2g}.'
  )
  return [heading, said, _table(header, rows)]


def _share(values: Sequence[float]) -> str:
  """A part with its interval; a dash of nothing."""
  if math.isnan(values[0]):
    return '–'
  return '{:.2f} ({:.2f} to {:.2f})'.format(*values)


def _cell(row: Mapping[str, Any], name: str) -> str:
  value = row.get(name)
  if value is None:
    return ''
  return f'{value:.3f}' if isinstance(value, float) else str(value)


def _table(header: Any, rows: Any) -> str:
  def lines() -> Iterator[str]:
    for cells in (header, ['---'] * len(header), *rows):
      # A bar would begin another cell.
      yield '| ' + ' | '.join(c.replace('|', '\\|') for c in cells) + ' |'

  return '\n'.join(lines())
