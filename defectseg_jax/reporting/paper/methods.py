"""The sentences of the Methods: each only where what it says was done.

A section is a function of the record that yields sentences; a new one joins
`SECTIONS`. Citations stand in them as `[@key]`.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from defectseg_jax.reporting.page.words import is_number, title_of
from defectseg_jax.reporting.paper.intervals import interval_sentences
from defectseg_jax.reporting.paper.phrases import (
  count_of,
  count_of_images,
  joined,
  listed,
  range_of,
  uncertain,
)
from defectseg_jax.reporting.paper.record import CLAIMED_TWICE, Record
from defectseg_jax.reporting.paper.series import series_sentences

# What a definition is cited by, by the number's name.
_CITED = {
  'hardening_barrier_mpa': 'seeger1958',
  'hardening_orowan_mpa': 'gladman1999',
  'hardening_bks_mpa': 'bacon1973',
  'hardening_taylor_mpa': 'taylor1934',
  'sink_strength_per_m2': 'brailsford1972',
}
_BORDERS = {
  'frame': (
    'Particles that touched the bottom or the right side of an image were not '
    'counted [@gundersen1977].'
  ),
  'exclude': 'Particles that touched a side of an image were not counted.',
  'all': 'Particles that a side of an image cut were counted as whole ones.',
}


def methods(record: Record) -> list[list[str]]:
  """Paragraphs, each of one sentence at least."""
  found = [list(section(record)) for section in SECTIONS]
  return [sentences for sentences in found if sentences]


def _segmentation(record: Record) -> Iterator[str]:
  """By what the masks were made."""
  made, defect = record.how_made, record.summary['defect']
  program = made['program']
  if 'network' not in made:
    whose = made.get('masks')
    masks = f'{_each(record, "mask")} of {defect}' + f', {whose},' * bool(whose)
    yield f'{masks} {_were(record)} measured with {program}.'
  else:
    by = ' [@roberts2019]' * made['network'].startswith('defectsegnet,')
    yield (
      f'{_each(record, "micrograph")} {_were(record)} segmented for {defect} '
      f'with {program}, by the network {made["network"]}{by}, of {made["run"]}.'
    )
    yield f'Its probabilities were computed by {made["engine"]}.'
    yield f'It was trained on: {made["trained on"]}.'
    yield f'Its score on the test set: {made["test score"]}.'
    images, how = _each(record, 'image'), made['preprocessing']
    yield f'{images} {_were(record)} preprocessed with: {how}.'
    yield (
      f'A pixel was taken for {defect} from the probability '
      f'{made["threshold"]}.'
    )
    if 'scales' in made:
      seen = images.lower()
      yield f'Scales at which the network saw {seen}: {made["scales"]}.'
  if record.corrected:
    masks = 'Mask' if len(record.corrected) == 1 else 'Masks'
    yield f'{masks} corrected by hand: {listed(record.corrected)}.'
  compared = sum(is_number(one.get('iu')) for one in record.images)
  if compared == 1:
    yield 'The mask of 1 image was compared with its true mask.'
  elif compared:
    yield f'Masks of {compared} images were compared with true masks.'


def _images_used(record: Record) -> Iterator[str]:
  """How many, and which are not in the mean, with the reason."""
  yield f'{count_of_images(len(record.images))} {_were(record)} measured.'
  if failures := record.summary['failures']:
    yield f'Not measured: {listed(failures)}.'
  why = {
    one['image']: one['message']
    for one in record.summary['warnings']
    if one['name'] == 'not_in_mean'
  }
  excluded = {
    one['image']: why.get(one['image'], 'the network does not apply to it')
    for one in record.images
    if not one['in_mean']
  }
  if excluded:
    yield f'Left out of means: {listed(excluded)}.'
  if record.included:
    which = 'it' if len(record.included) == 1 else 'them'
    yield (
      f'Not left out, though the network does not apply to {which}: '
      f'{joined(record.included)}.'
    )
  if record.doubted:
    yield f'To be checked, as the network may fail: {joined(record.doubted)}.'
  for said in record.rims:
    yield f'To be checked: {said}.'
  partial = [one for one in record.images if one['valid_fraction'] < 1]
  if partial:
    yield (
      f'In {count_of_images(len(partial))} only the part that shows specimen '
      'was measured.'
    )
  replaced = sum(one['replaced_pixels'] for one in record.images)
  if replaced:
    yield f'Outliers were replaced, {count_of(replaced, "pixel")} in all.'


def _other_networks(record: Record) -> Iterator[str]:
  """What networks of other defects had to do with the masks."""
  if said := record.how_made.get(CLAIMED_TWICE):
    yield f'Pixels that two networks claimed: {said}.'


def _frames(record: Record) -> Iterator[str]:
  """Of the frames of one experiment."""
  if record.series:
    yield from series_sentences(record.series)


def _lengths(record: Record) -> Iterator[str]:
  """Pixel size and thickness, with their uncertainties."""
  yield from _length(record, 'pixel_size', 'The side of a pixel')
  if record.summary['surface']:
    show = 'image shows' if len(record.images) == 1 else 'images show'
    yield f'The {show} a surface, and numbers are per area.'
  else:
    yield from _length(record, 'thickness', 'The thickness of the foil')


def _length(record: Record, name: str, what: str) -> Iterator[str]:
  known = [one for one in record.images if is_number(one[f'{name}_nm'])]
  unknown = len(record.images) - len(known)
  if known:
    length = range_of(one[f'{name}_nm'] for one in known)
    relative = [one[f'{name}_uncertainty'] for one in known]
    certain = (
      f'with a relative standard uncertainty of '
      f'{range_of(100 * one for one in relative)} %'
      if any(relative)
      else 'taken as exact'
    )
    yield f'{what} was {length} nm, {certain}.'
    sources = [one.get(f'{name}_from') for one in known]
    if sources := list(dict.fromkeys(filter(None, sources))):
      yield f'It comes from: {", ".join(sources)}.'
  if unknown:
    yield f'{what} was not known for {count_of_images(unknown)}.'


def _objects(record: Record) -> Iterator[str]:
  """How objects are told apart and counted."""
  known = record.settings
  if record.has_lines:
    if known['spur_px']:
      yield (
        f'Side branches of skeletons below {known["spur_px"]:g} pixels were '
        'pruned.'
      )
    return
  yield (
    'Pixels that touch at a side'
    + ' or a corner' * (known['connectivity'] == 8)
    + ' belong to one particle.'
  )
  # No particle has less than a pixel.
  if known['minimum_area_px'] > 1:
    yield (
      f'Particles of an area below {known["minimum_area_px"]} px'
      + ' of the network' * ('network' in record.how_made)
      + ' were left out.'
    )
  if known['fill_holes']:
    yield 'Background that a particle encloses was counted to it.'
  if known['separate']:
    yield 'Particles that touch were cut apart where they are narrow.'
  yield _BORDERS[known['border']]


def _definitions(record: Record) -> Iterator[str]:
  """What each reported number is, corrections among it."""
  for name in record.reported:
    said = record.summary['conventions'].get(name)
    if said:
      title = title_of(name)
      cited = f' [@{_CITED[name]}]' if name in _CITED else ''
      yield f'{title[0].upper()}{title[1:]}: {said}{cited}.'
  yield from _corrections(record)


def _corrections(record: Record) -> Iterator[str]:
  """The constants of those that were applied."""
  known = record.settings
  corrected = any('_corrected_' in name for name in record.reported)
  if not corrected:
    return
  if not record.has_lines:
    yield f'In corrected numbers, h was {known["unseen_nm"]:g} nm.'
    return
  yield (
    f'The projection factor was {known["projection_factor"]:.4g}'
    + uncertain(known['projection_uncertainty'])
    + '.'
  )
  if known['unseen_fraction']:
    unknown = known['unseen_uncertainty']
    yield (
      f'The part {known["unseen_fraction"]:g} of the length was taken to be '
      'out of contrast'
      + f' (standard uncertainty {unknown:g})' * bool(unknown)
      + '.'
    )


def _samples(record: Record) -> Iterator[str]:
  """Of several samples."""
  if record.samples:
    counts = {
      name: count_of_images(row['images'])
      for name, row in record.samples.items()
    }
    yield f'{"Sample" if len(counts) == 1 else "Samples"}: {listed(counts)}.'
    yield (
      f'Numbers of a sample are by {record.estimator} '
      '[@paule1982; @hartung2001].'
    )
    if record.test:
      yield f'Samples were compared by {record.test.rstrip(".")}.'


def _properties(record: Record) -> Iterator[str]:
  """Constants of the alloy."""
  known = record.properties
  if not known or not known['alloy']:
    return
  of = 'dislocations' if record.has_lines else record.summary['defect']
  strength = known.get(f'strength_{of}')
  yield (
    f'Constants of {known["alloy"]}: shear modulus '
    f'{known["shear_modulus_gpa"]:g} GPa, Burgers vector '
    f'{known["burgers_nm"]:g} nm, Taylor factor {known["taylor_factor"]:g}'
    + (f', obstacle strength {strength:g}' if strength is not None else '')
    + (uncertain(known['strength_uncertainty']) if strength is not None else '')
    + _of_formulas(record, known)
    + f'; properties follow from the {known["densities"]} densities.'
  )


def _of_formulas(record: Record, known: Mapping[str, Any]) -> str:
  """Constants that some formulas have, and only where these were used."""
  said = ''
  if record.has('hardening_bks_mpa'):
    said += f', core radius r0 {known["core_radius_burgers"]:g} b'
  if record.has_lines and record.has('sink_strength_per_m2'):
    said += f', bias Z {known["sink_bias"]:g}'
  return said


def _software(record: Record) -> Iterator[str]:
  """Seeds and versions."""
  if record.has_random:
    yield f'Random numbers of the intervals had the seed {record.seed}.'
  if versions := record.how_made.get('versions'):
    yield f'Versions: {versions}.'


SECTIONS: tuple[Callable[[Record], Iterator[str]], ...] = (
  _segmentation,
  _other_networks,
  _images_used,
  _frames,
  _lengths,
  _objects,
  _definitions,
  interval_sentences,
  _samples,
  _properties,
  _software,
)


def _each(record: Record, noun: str) -> str:
  """What each image has, or is, at the beginning of a sentence."""
  return f'The {noun}' if len(record.images) == 1 else f'{noun.capitalize()}s'


def _were(record: Record) -> str:
  return 'was' if len(record.images) == 1 else 'were'
