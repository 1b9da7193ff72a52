"""Figures of materials numbers: sizes in an image, a panel beside a machine.

Figures are drawn without a display, and returned; the jobs write them.
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

_PEOPLE = '#8a8a8a'
_AVERAGE = 'black'
_MACHINE = '#d1495b'
_TRUTH = '#1f6f8b'
# Quantities that differ by more than this are drawn on a logarithmic axis.
_LOGARITHMIC_FROM = 50.0


def histogram(
  sizes_nm: np.ndarray,
  *,
  title: str,
  label: str,
  warnings: Sequence[str] = (),
) -> Figure:
  """How many objects there are of each size, and their mean.

  Args:
    sizes_nm: [n]; may be empty.
    title: of the figure.
    label: of the axis, with the unit.
    warnings: said in red below the title.

  Returns:
    The figure; as many bins as the larger of the rules of Sturges (1926) and
    of Freedman and Diaconis (1981) asks for.
  """
  figure = Figure(figsize=(7, 4.2), layout='constrained')
  axes = figure.subplots()
  if len(sizes_nm):
    axes.hist(sizes_nm, bins='auto', color='#1f6f8b', edgecolor='white')
    mean = float(np.mean(sizes_nm))
    axes.axvline(mean, color='#d1495b', label=f'mean {mean:.4g} nm')
    axes.legend()
  else:
    axes.text(0.5, 0.5, 'none', ha='center', transform=axes.transAxes)
  axes.set(xlabel=label, ylabel='count')
  axes.yaxis.get_major_locator().set_params(integer=True)
  # File names may hold a dollar sign, which is no mathematics.
  figure.suptitle(f'{title}: {len(sizes_nm)}', parse_math=False)
  if warnings:
    axes.set_title(
      'WARNING: ' + '; '.join(warnings), color='red', fontsize=8, wrap=True
    )
  axes.grid(alpha=0.3)
  return figure


def panel(
  truth: Mapping[tuple[str, str], float],
  people: Mapping[str, Mapping[tuple[str, str], float | None]],
  machine: Mapping[tuple[str, str], float],
) -> Figure:
  """Figure 7 of Roberts et al. (2019) for any data.

  Args:
    truth: by (image, quantity); NaN where there is none, as of minutes.
    people: what each person gave; None or NaN for nothing.
    machine: what the machine gave; may be empty.

  Returns:
    The figure, axes for each quantity: the truth as a line, everyone's value,
    the people's average and standard deviation, and the machine's value.
  """
  quantities = list(dict.fromkeys(quantity for _, quantity in truth))
  columns = min(3, len(quantities))
  rows = math.ceil(len(quantities) / columns)
  figure = Figure(figsize=(4.6 * columns, 3.6 * rows + 0.5), dpi=120)
  figure.set_layout_engine('constrained')
  all_axes = figure.subplots(rows, columns, squeeze=False).ravel()
  for axes, quantity in zip(all_axes, quantities):
    images = [image for image, name in truth if name == quantity]
    _one_quantity(axes, quantity, images, truth, people, machine)
  for axes in all_axes[len(quantities) :]:
    axes.set_axis_off()
  figure.legend(handles=_legend(), loc='outside lower center', ncols=4)
  return figure


def _one_quantity(axes, quantity, images, truth, people, machine):
  shown = []
  for place, image in enumerate(images):
    key = (image, quantity)
    axes.hlines(truth[key], place - 0.4, place + 0.4, color=_TRUTH, lw=2)
    given = np.array([own.get(key) for own in people.values()], float)
    given = given[~np.isnan(given)]
    # Beside each other, so that equal answers are all seen.
    beside = place - 0.15 + np.linspace(-0.12, 0.12, max(len(given), 1))
    axes.plot(beside[: len(given)], given, 'o', color=_PEOPLE, ms=4)
    if len(given):
      spread = given.std(ddof=1) if len(given) > 1 else 0.0
      axes.errorbar(
        place + 0.08, given.mean(), spread, fmt='s', color=_AVERAGE, capsize=3
      )
    axes.plot(place + 0.25, machine.get(key, math.nan), '*', c=_MACHINE, ms=11)
    shown += [truth[key], machine.get(key, math.nan), *given]
  shown = [value for value in shown if not math.isnan(value)] or [0.0]
  if min(shown) > 0 and max(shown) > _LOGARITHMIC_FROM * min(shown):
    axes.set_yscale('log')
  else:
    axes.set_ylim(bottom=0)
  axes.set_xticks(range(len(images)), images, rotation=25, ha='right')
  for label in axes.get_xticklabels():
    label.set_parse_math(False)
  axes.set_title(quantity, fontsize=9, parse_math=False)
  axes.grid(alpha=0.3, axis='y')


def _legend():
  return [
    Line2D([], [], color=_TRUTH, lw=2, label='truth'),
    Line2D([], [], color=_PEOPLE, marker='o', ls='', ms=4, label='a person'),
    Line2D(
      [], [], color=_AVERAGE, marker='s', ls='-', label='average, deviation'
    ),
    Line2D([], [], color=_MACHINE, marker='*', ls='', ms=11, label='machine'),
  ]
