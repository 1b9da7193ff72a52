"""Intervals that know how wrong a network is on images like this one."""

import dataclasses
import math
from collections.abc import Iterable, Mapping

from defectseg_jax.applicability.verdict import Applies, Expected, Verdict
from defectseg_jax.quantification import Interval, Measurement, QualityWarning
from defectseg_jax.quantification.intervals import product_interval

# What is added to a number's name where its interval is of counting alone.
COUNTING = '_counting'
EXPECTED_F1 = 'expected_f1'
# No more of a specimen than all of it.
_FRACTIONS = 'area_fraction', 'volume_fraction'
# A 95% interval is so many standard deviations to each side.
_STANDARD_DEVIATIONS = 1.96


def expected_f1_convention(*, lines: bool) -> str:
  """What the F1 is that is expected of an image.

  Args:
    lines: whether the network looks for lines, and not for particles.
  """
  right = (
    'the length of lines, which are right within 2 pixels'
    if lines
    else 'objects that share 0.3 of their union with a true one'
  )
  return (
    f'F1 of {right}: the mean of the reference micrographs that the image '
    'resembles, and where 95% of theirs lie'
  )


def with_verdict(
  found: Measurement,
  verdict: Verdict,
  *,
  include: bool = False,
) -> Measurement:
  """A measurement with what the references say of its image.

  Args:
    found: measured in the mask of a network.
    verdict: of the image.
    include: whether the numbers of an image stand to which the network does not
      apply.

  Returns:
    The measurement with the F1 that is expected. Intervals hold what the
    network misses, invents and draws too large or too small, and begin at 0
    where it may have invented all; those of counting alone stand beside, as
    `NAME_counting_low` and `_high`. Where no reference tells of a number, a
    warning says that its interval is of counting. An image to which the network
    does not apply has no numbers, unless it is included; its objects stay, to
    be looked at, and none is counted. A warning says why.
  """
  summary = dict(found.summary)
  names = numbers_with_intervals(found.summary)
  for name in names:
    _widen(summary, name, verdict.truths.get(name))
    if name in verdict.may_be_none and not math.isnan(summary[f'{name}_low']):
      summary[f'{name}_low'] = 0.0
  for end, value in (
    ('', verdict.f1.value),
    ('_low', verdict.f1.low),
    ('_high', verdict.f1.high),
  ):
    summary[f'{EXPECTED_F1}{end}'] = value
  warnings = [*_warnings(verdict, include), *found.warnings]
  if verdict.applies != Applies.NO or include:
    warnings += _of_counting(verdict, summary, names)
    return dataclasses.replace(found, summary=summary, warnings=warnings)
  nothing = {
    name: value if name.startswith(EXPECTED_F1) else math.nan
    for name, value in summary.items()
  }
  return dataclasses.replace(
    found,
    summary=nothing,
    warnings=warnings,
    objects={
      name: values & False if name == 'counted' else values
      for name, values in found.objects.items()
    },
    counted=found.counted & False,
    sizes_nm=found.sizes_nm[:0],
    sizes_px=found.sizes_px[:0],
    stands_for=None,
  )


def numbers_with_intervals(summary: Mapping[str, float]) -> list[str]:
  """Those that a network's errors widen: not what is corrected for them."""
  return [
    name.removesuffix('_low')
    for name in summary
    if name.endswith('_low') and '_detected' not in name
  ]


def without_verdict(found: Measurement) -> Measurement:
  """A person's measurement, with the columns that a network's has."""
  summary = dict(found.summary)
  for name in numbers_with_intervals(found.summary):
    _widen(summary, name, None)
  for end in ('', '_low', '_high'):
    summary[f'{EXPECTED_F1}{end}'] = math.nan
  return dataclasses.replace(found, summary=summary)


def shared_by_network(verdicts: Iterable[Verdict], headline: str) -> float:
  """How wrong the network may be about a number of all images together.

  It is the same network, and images of one specimen look alike: what it misses
  in one, it misses in the others, and a mean over images does not help.

  Args:
    verdicts: of the images.
    headline: name of the number.

  Returns:
    Relative standard uncertainty; 0 without verdicts.
  """
  widths = [
    math.log(one.high / one.low) / (2 * _STANDARD_DEVIATIONS)
    for verdict in verdicts
    if (one := verdict.truths.get(headline)) is not None
    and 0 < one.low <= one.high < math.inf
  ]
  return sum(widths) / len(widths) if widths else 0.0


def widen(value: float, counting: Interval, truth: Expected) -> Interval:
  """The interval of a number, from counting and from the network's errors.

  The true number is the one that was found, times what counting leaves open,
  times the true over the found one: `product_interval`. That factor need not
  have its middle at 1, but the interval holds what was found.

  Args:
    value: that was found.
    counting: its interval by counting.
    truth: true number over the one that was found.

  Examples:
    In images like this one the truth was 0.9 to 1.2 of what was found:

    >>> exact = Interval(100.0, 100.0)
    >>> print('{:.0f} to {:.0f}'.format(
    ...   *widen(100.0, exact, Expected(1.0, 0.9, 1.2))))
    90 to 120
  """
  low, high = product_interval(
    value, counting, truth.value, Interval(truth.low, truth.high)
  )
  return Interval(min(low, value), max(high, value))


def _widen(
  summary: dict[str, float], name: str, truth: Expected | None
) -> None:
  ends = f'{name}_low', f'{name}_high'
  counting = Interval(*(summary[end] for end in ends))
  for end, value in zip(('_low', '_high'), counting):
    summary[f'{name}{COUNTING}{end}'] = value
  if truth is not None:
    found = widen(summary[name], counting, truth)
    if name in _FRACTIONS and found.high > 1:
      found = Interval(found.low, max(1.0, summary[name]))
    summary.update(zip(ends, found))


def _of_counting(
  verdict: Verdict, summary: Mapping[str, float], names: Iterable[str]
) -> list[QualityWarning]:
  """Which intervals do not know the network, of those that there are."""
  left = [
    name
    for name in names
    if name not in verdict.truths and not math.isnan(summary[f'{name}_high'])
  ]
  if not left:
    return []
  which = 'all intervals' if not verdict.truths else f'of {", ".join(left)}'
  return [
    QualityWarning(
      'interval_of_counting',
      f'{which}: they hold counting alone, and not what the network may have '
      'missed or invented, since too few reference micrographs tell of it',
    )
  ]


def _warnings(verdict: Verdict, include: bool) -> list[QualityWarning]:
  if verdict.applies == Applies.YES:
    return []
  if verdict.applies == Applies.CHECK:
    return [
      QualityWarning(
        'network_check', f'check the objects by eye: {verdict.reason}'
      )
    ]
  what = 'its numbers count all the same' if include else 'it has no numbers'
  return [
    QualityWarning(
      'network_does_not_apply',
      f'{verdict.reason}; {what}'
      + ('' if include else ' (--include=NAME takes them all the same)'),
    )
  ]
