"""What a search tries, as configs/search.py says it."""

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from defectseg_jax.bounds import read_fields, within
from defectseg_jax.errors import InputError

_COUNT = within(1, 10_000, 'each trial is a training')


@dataclasses.dataclass(frozen=True)
class SearchSettings:
  """Fields are those of `config.search`; all counts are 1 or more.

  Attributes:
    trials: of the first round, each with weights of its own.
    top: the best trials so far, from whose weights each later round begins.
    warm_trials: new trials from each of those.
    max_rounds: rounds at most; the search ends earlier if a round brings no
      better development IU.
    prune_after_epochs: a trial whose development IU has stayed below the median
      of the others' after so many epochs is given up; 0 gives none up.
    parallel: trials whose steps a process takes at once, in one program. It
      changes results by rounding alone.
    space: by the dotted name of a field of the config, what is drawn for it:
      ('log', low, high), ('uniform', low, high), ('integer', low, high),
      ('choice', a, b, ...), or () for the config's own value.
  """

  trials: Annotated[int, _COUNT] = 16
  top: Annotated[int, _COUNT] = 4
  warm_trials: Annotated[int, _COUNT] = 3
  max_rounds: Annotated[int, _COUNT] = 6
  prune_after_epochs: Annotated[int, within(0, 1000000, '0 gives none up')] = 0
  parallel: Annotated[
    int, within(1, 64, 'the memory of the device must hold a step of all')
  ] = 1
  space: Mapping[str, Any] = dataclasses.field(default_factory=dict)


def search_settings(section: Any) -> SearchSettings:
  """The settings of a config's section `search`, whose space is nested.

  Args:
    section: `config.search`, or the same as nested mappings.

  Raises:
    InputError: a field is unknown, or its value is out of bounds.

  Examples:
    >>> section = {'trials': 8, 'space': {'model': {'dropout_rate': ()}}}
    >>> search_settings(section).space
    {'model.dropout_rate': ()}
  """
  fields = dict(section.items())
  space = fields.pop('space', {})
  if not hasattr(space, 'items'):
    raise InputError(
      f'config.search.space={space}: must be a section of ranges; '
      'configs/search.py says what may stand here'
    )
  fields['space'] = dict(_leaves(space))
  return read_fields(SearchSettings, fields, 'config.search')


def _leaves(tree: Any, prefix: str = '') -> Iterator[tuple[str, Any]]:
  for name, value in tree.items():
    if hasattr(value, 'items'):
      yield from _leaves(value, f'{prefix}{name}.')
    else:
      yield f'{prefix}{name}', value
