"""What is written of samples: tables, their differences, sizes, figures."""

import pathlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from defectseg_jax.files import csv_text, json_text, write_text
from defectseg_jax.micrographs.sample_table import condition_title
from defectseg_jax.quantification.intervals import LEVEL
from defectseg_jax.quantification.samples.comparison import TEST
from defectseg_jax.quantification.samples.random_effects import ESTIMATOR
from defectseg_jax.quantification.samples.sizes import size_classes
from defectseg_jax.reporting.figures.bins import bin_count
from defectseg_jax.reporting.figures.conditions import Point, condition_figure
from defectseg_jax.reporting.figures.sample_sizes import sizes_figures
from defectseg_jax.reporting.page.samples import SamplesView, samples_view
from defectseg_jax.reporting.page.words import column_of
from defectseg_jax.sessions.numbers import SessionNumbers
from defectseg_jax.sessions.sample_numbers import SampleResults

_DIGITS = 6
_DPI = 150
# Of sizes, on the page.
_COLUMNS = 3


def write_samples(folder: pathlib.Path, numbers: SessionNumbers) -> None:
  """Writes what is known by sample; nothing where no table names samples.

  Args:
    folder: where to write; it exists.
    numbers: of all images.
  """
  results = numbers.by_sample
  if results is None:
    return
  tables = {
    'samples.csv': [one.row(results.conditions) for one in results.samples],
    'sample_differences.csv': list(_difference_rows(results)),
    'sample_sizes.csv': list(_size_rows(results)),
  }
  for name, rows in tables.items():
    if rows:
      write_text(folder / name, csv_text(rows, digits=_DIGITS))
  write_text(folder / 'samples.json', json_text(_json(results)))
  for condition in results.conditions:
    figure = _figure(results, condition, results.names)
    if figure is not None:
      figure.savefig(folder / f'samples_{condition}.png', dpi=_DPI)
  for name, sheet in sheets_of_sizes(numbers, 'sample_sizes', columns=_COLUMNS):
    sheet.savefig(folder / f'{name}.png', dpi=_DPI)


def view_of_samples(numbers: SessionNumbers) -> SamplesView | None:
  """What the page shows of them; None likewise."""
  results = numbers.by_sample
  if results is None:
    return None
  figures = (_figure(results, one, results.names) for one in results.conditions)
  return samples_view(
    [one.row(results.conditions) for one in results.samples],
    names=results.names,
    conditions={one: condition_title(one) for one in results.conditions},
    differences=list(_difference_rows(results)),
    figures=[one for one in figures if one is not None],
    sizes=[sheet for _, sheet in sheets_of_sizes(numbers, columns=_COLUMNS)],
    estimator=ESTIMATOR,
    test=TEST,
  )


def sheets_of_sizes(
  numbers: SessionNumbers, name: str = '', *, columns: int
) -> Iterator[tuple[str, Figure]]:
  """Sizes of the objects of each sample, of all its images together.

  Args:
    numbers: of all images.
    name: of the first sheet; the second is NAME_2.
    columns: of samples beside each other, at most.

  Yields:
    Sheets by their names; none where there is no sample, or no object of known
    size.
  """
  if numbers.by_sample is None:
    return
  sheets = sizes_figures(
    list(_size_rows(numbers.by_sample)),
    label=numbers.settings.kind.sizes_label,
    noun=numbers.settings.kind.sizes_noun,
    columns=columns,
  )
  for number, sheet in enumerate(sheets, 1):
    yield name if number == 1 else f'{name}_{number}', sheet


def condition_figures(
  numbers: SessionNumbers,
) -> Iterator[tuple[str, Figure]]:
  """Each number against each condition, by a name for its file."""
  results = numbers.by_sample
  if results is None:
    return
  for condition in results.conditions:
    for name in results.names:
      figure = _figure(results, condition, [name])
      if figure is not None:
        yield f'{name}_against_{condition}', figure


def _figure(
  results: SampleResults, condition: str, names: Sequence[str]
) -> Figure | None:
  """Numbers against a condition; None where all samples have it alike."""
  known = [one for one in results.samples if condition in one.conditions]
  if len({one.conditions[condition] for one in known}) < 2:
    return None
  panels = {
    name: [
      Point(
        sample=one.name,
        place=one.conditions[condition],
        series=_other_conditions(one.conditions, results, condition),
        value=one.numbers[name].estimate.value,
        scatter=one.numbers[name].estimate.interval,
        whole=one.numbers[name].interval,
      )
      for one in known
    ]
    for name in names
  }
  rows = [one.row(results.conditions) for one in known]
  columns = (column_of(name, rows) for name in names)
  return condition_figure(
    panels,
    label=condition_title(condition),
    axes_of={
      one.name: (
        f'{one.title} ({one.unit})' if one.unit else one.title,
        10.0**-one.exponent,
      )
      for one in columns
    },
  )


def _other_conditions(
  own: Mapping[str, float], results: SampleResults, condition: str
) -> str:
  """Samples that differ in this condition alone are one series."""
  parts = [
    _with_unit(condition_title(name), own[name])
    for name in results.conditions
    if name != condition
    and name in own
    and len({one.conditions.get(name) for one in results.samples}) > 1
  ]
  return ', '.join(parts)


def _with_unit(title: str, value: float) -> str:
  """`dose 5 dpa`, of `dose (dpa)`."""
  name, _, unit = title.rstrip(')').partition(' (')
  return f'{name} {value:g} {unit}'.strip()


def _difference_rows(results: SampleResults) -> Iterator[dict[str, Any]]:
  for name, found in results.differences.items():
    for one in found:
      yield {
        'quantity': name,
        'first': one.first,
        'second': one.second,
        'difference': one.difference,
        'difference_low': one.difference_interval.low,
        'difference_high': one.difference_interval.high,
        'ratio': one.ratio,
        'ratio_low': one.ratio_interval.low,
        'ratio_high': one.ratio_interval.high,
        'p': one.p,
        'p_holm': one.p_holm,
      }


def _size_rows(results: SampleResults) -> Iterator[dict[str, Any]]:
  """Objects by class of size; classes are the same for all samples."""
  sizes = [one.sizes_nm[~np.isnan(one.sizes_nm)] for one in results.samples]
  together = np.concatenate(sizes)
  if not len(together):
    return
  largest = max(sizes, key=len)
  edges = np.histogram_bin_edges(together, bin_count(largest))
  for one in results.samples:
    known = ~np.isnan(one.sizes_nm)
    behind = None if one.stands_for is None else one.stands_for[known]
    for each in size_classes(one.sizes_nm[known], edges, behind):
      yield {
        'sample': one.name,
        'size_from_nm': each.low,
        'size_to_nm': each.high,
        'found': each.found,
        'with_missed': each.missed_too,
        'with_missed_low': each.missed_too_low,
        'with_missed_high': each.missed_too_high,
      }


def _json(results: SampleResults) -> dict[str, Any]:
  return {
    'level': LEVEL,
    'estimator': ESTIMATOR,
    'test': TEST,
    'samples': [
      {
        'sample': one.name,
        'conditions': dict(one.conditions),
        'images': list(one.images),
        'area_um2': one.area_m2 * 1e12,
        'objects': one.objects,
        'numbers': {
          name: {
            'value': number.estimate.value,
            'low': number.interval.low,
            'high': number.interval.high,
            'images': number.estimate.images,
            'scatter_low': number.estimate.interval.low,
            'scatter_high': number.estimate.interval.high,
            'standard_error': number.estimate.error,
            'between_images': number.estimate.between,
            'counting_of_an_image': number.estimate.counting,
            'shared_uncertainty_scale': number.by_scale,
            'shared_uncertainty_network': number.by_network,
            'more_images_to_halve': number.more_images,
          }
          for name, number in one.numbers.items()
        },
      }
      for one in results.samples
    ],
    'differences': {
      name: [one._asdict() for one in found]
      for name, found in results.differences.items()
    },
  }
