"""The sentences of the Methods on the frames of one experiment."""

from collections.abc import Iterator, Mapping
from typing import Any

from defectseg_jax.reporting.paper.phrases import count_of, joined


def series_sentences(series: Mapping[str, Any]) -> Iterator[str]:
  """What was done with frames: drift, links, lifetimes.

  Args:
    series: the content of series.json.
  """
  how = series['how']
  # Who uses scales has times; else a frame's number is its time.
  yield (
    f'The {series["frames"]} images were taken for frames of one experiment, '
    'in the order of their names; '
    + (
      'their times were given.'
      if series['lifetimes_in'] == 's'
      else 'the time of a frame is its number.'
    )
  )
  yield from _drift(series, how)
  if series['tracks'] is None:
    yield 'Lines were not linked from frame to frame.'
    return
  yield from _links(series, how)
  if series['survival']:
    yield (
      'Lifetimes are of objects that appeared within the view; those that '
      'merged, went out of view or lasted to the end were taken for censored, '
      'and the curve is that of Kaplan and Meier [@kaplan1958].'
    )


def _drift(series: Mapping[str, Any], how: Mapping[str, Any]) -> Iterator[str]:
  what = 'masks' if series['drift_by_masks'] else 'micrographs'
  yield (
    f'The drift of the specimen was found by the correlation of {what} in '
    f'Fourier space (phase_cross_correlation of {how["drift_by"]}, '
    'without normalization by amplitudes [@vanderwalt2014]), refined to '
    f'1/{how["drift_upsampling"]} pixel by an upsampled Fourier transform '
    '[@guizar2008].'
  )
  yield (
    f'Before that, waves longer than {how["drift_longest_part"]:.3g} of the '
    f'longest side and noise (a Gaussian of {how["drift_noise_px"]:g} pixels) '
    'were taken out'
    + ', and so were objects that the edge of a frame cuts'
    * (series['tracks'] is not None)
    + '.'
  )
  yield (
    'A frame was compared with the first one as long as they had '
    f'{100 * how["drift_kept_overlap"]:g} % of their area in common, and were '
    f'alike to {100 * how["drift_kept_correlation"]:g} % of the best '
    'correlation before; then with a later one.'
  )
  if unknown := series['drift_not_known']:
    yield (
      f'Not laid over the others, and in no link: {joined(unknown)} (the '
      f'correlation was less than {how["drift_least_prominence"]:g} times as '
      'high as at any other place, they had less than '
      f'{100 * how["drift_least_overlap"]:g} % in common, or another size).'
    )


def _links(series: Mapping[str, Any], how: Mapping[str, Any]) -> Iterator[str]:
  yield (
    'Objects of frames were linked, drift taken out, by the assignment of '
    f'least cost [@jaqaman2008] (linear_sum_assignment of {how["links_by"]} '
    '[@virtanen2020]): the cost is (d / g)² + (ln s / ln '
    f'{how["links_size_factor"]:g})², d the distance of their centres, s the '
    'ratio of their diameters, and g, beyond which objects were not linked, '
    f'{how["links_within_diameters"]:g} diameters and at least '
    f'{how["links_within_px"]:g} pixels.'
  )
  missed = count_of(how['links_most_missed'], 'frame')
  followed = count_of(series['tracks'], 'object')
  yield (
    f'An object that was missed in up to {missed} was taken for the same one; '
    f'{followed} {"was" if series["tracks"] == 1 else "were"} followed.'
  )
