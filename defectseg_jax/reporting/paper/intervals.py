"""The sentences of the Methods on intervals, and what means are of."""

from collections.abc import Iterator, Mapping
from typing import Any

from defectseg_jax.reporting.page.words import is_number, title_of
from defectseg_jax.reporting.paper.phrases import joined
from defectseg_jax.reporting.paper.record import Record

_POISSON = 'number_density_per_m3', 'number_per_area_per_m2'


def interval_sentences(record: Record) -> Iterator[str]:
  """How they were made, and what means are of."""
  with_interval = [
    name for name in record.reported if record.has(f'{name}_high')
  ]
  if with_interval:
    yield f'Intervals are of {record.level} confidence.'
  counted = [name for name in with_interval if name in _POISSON]
  if counted:
    that, one = (
      ('that', 'is the exact one of a Poisson count')
      if len(counted) == 1
      else ('those', 'are the exact ones of Poisson counts')
    )
    yield (
      f'In one image, {that} of {joined(map(_in_list, counted))} {one} '
      '[@garwood1936]'
      + ', widened by what is said above to be uncertain'
      * _has_uncertain(record)
      + '.'
    )
  yield from _widened(record)
  if len(record.in_mean) < 2:
    return
  over = record.summary['over_images']
  by: dict[str, list[str]] = {}
  for name in record.reported:
    if over.get(name, {}).get('images', 0) > 1:
      by.setdefault(over[name]['weighted_by'], []).append(_in_list(name))
  for weight, titles in by.items():
    how = 'each image for one' if weight == 'images' else f'by {weight}'
    yield f'Means over images are weighted {how}: {joined(titles)}.'
  if by:
    yield (
      "Intervals of means over images are Student's, of how the images differ."
    )
  if by and record.series:
    yield (
      'All frames show the same specimen, so that the intervals of these means '
      'are too narrow.'
    )
  if by and len(record.samples) > 1:
    yield (
      f'These means are over {len(record.samples)} samples, which may differ.'
    )


def _widened(record: Record) -> Iterator[str]:
  """Whose intervals know of the network's errors, and whose do not."""
  widened, counted, from_0 = [], [], []
  for one in record.images:
    ends = [
      (one[f'{name}_counting_high'], one[f'{name}_high'])
      for name in record.reported
      if is_number(one.get(f'{name}_counting_high'))
    ]
    if ends:
      of_both = any(before != after for before, after in ends)
      (widened if of_both else counted).append(one['image'])
      if any(_begins_at_0(one, name) for name in record.reported):
        from_0.append(one['image'])
  if widened:
    yield (
      'Intervals are widened by what the network is expected to miss and '
      'invent, from references of known truth.'
    )
    if counted:
      yield f'Those of {joined(counted)} are not, and hold counting alone.'
  if from_0:
    yield (
      f'In {joined(from_0)} what was found may be of another kind: the '
      'intervals of densities and fractions begin at 0.'
    )


def _begins_at_0(row: Mapping[str, Any], name: str) -> bool:
  """Whether the network's errors may leave none; counting alone would some."""
  low, counting = (row.get(f'{name}{end}') for end in ('_low', '_counting_low'))
  return is_number(low) and is_number(counting) and low == 0 < counting


def _in_list(name: str) -> str:
  """A title without a comma."""
  title, _, which = title_of(name).partition(', ')
  return f'{title} ({which})' if which else title


def _has_uncertain(record: Record) -> bool:
  return any(
    one[f'{name}_uncertainty']
    for one in record.images
    for name in ('pixel_size', 'thickness')
  )
