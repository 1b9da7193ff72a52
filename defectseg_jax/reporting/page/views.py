"""Images as the templates take them: text, paths, data URIs."""

import dataclasses
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from defectseg_jax.quantification import why_missing
from defectseg_jax.reporting import figures
from defectseg_jax.reporting.page import notes, words
from defectseg_jax.reporting.page.histograms import Histogram, histogram
from defectseg_jax.reporting.page.outlines import Outline, outlines
from defectseg_jax.reporting.page.page_image import PageImage
from defectseg_jax.reporting.page.pictures import LONGEST_PX, layer_uris

# Where an object lies is seen in the picture.
_PLACES = ('row_px', 'column_px', 'x_nm', 'y_nm')
# By eye, parts of the width of a picture.
_BAR_SHARE = 0.25
_BESIDE_SHARE = 0.03
_GAP_SHARE = 0.004


@dataclasses.dataclass(frozen=True)
class Fact:
  """A number in words, with its interval.

  Attributes:
    title, value, unit: of the quantity.
    interval: `4.1 to 6.6`, or ''.
  """

  title: str
  value: str
  unit: str
  interval: str


@dataclasses.dataclass(frozen=True)
class ImageView:
  """What is shown of one image; `PageImage` says what the fields mean.

  Attributes:
    name, summary, warnings, check, failure: those of the `PageImage`.
    width, height: of the frame, in which outlines are given; in pixels of the
      micrograph.
    layers: data URIs by name.
    outlines: id, path, and whether the object is counted.
    marks: id, x, y, and which end of the id is there, of the objects to be
      checked.
    histogram: of the sizes; None for no histogram.
    data: of the objects, for the script: `columns` and `rows`, and those of
      the columns that are `shown` in their table.
    pixel_size_nm: or None.
    bar_nm: a round length for the scale bar, or None.
    note: scale and thickness in words.
    number: among all images of the page, from 1; the page sets it.
    facts: numbers that stand beside the picture; the page sets them.
    printed: the layer that is printed, and seen first; the page sets it.
  """

  name: str
  summary: Mapping[str, Any]
  warnings: Sequence[tuple[str, str]]
  check: Sequence[tuple[int, str]]
  failure: str | None
  width: int
  height: int
  layers: Mapping[str, str]
  outlines: Sequence[tuple[int, str, bool]]
  marks: Sequence[tuple[int, float, float, str]]
  histogram: Histogram | None
  data: Mapping[str, Any]
  pixel_size_nm: float | None
  bar_nm: float | None
  note: str
  number: int = 0
  facts: Sequence[Fact] = ()
  printed: str = ''


def image_view(
  image: PageImage, *, sizes_label: str = '', images: int = 1
) -> ImageView:
  """What the page shows of one image; its arrays need not be kept.

  Args:
    image: what is known of it.
    sizes_label: of the histogram's axis, with the unit.
    images: of the page: with many, pictures are smaller, and not every object
      is outlined and listed, which then stands in `note`.

  Returns:
    What `session_page` and `training_page` take: text, paths, data URIs.

  Examples:
    >>> import numpy as np
    >>> from defectseg_jax.reporting.page import PageImage, image_view
    >>> grey = np.zeros((8, 12), np.uint8)
    >>> view = image_view(PageImage('a.dm4', layers={'micrograph': grey}))
    >>> view.width, view.height, view.layers['micrograph'][:15]
    (12, 8, 'data:image/png;')
  """
  height, width = image.frame
  objects = notes.objects_shown(image, images)
  by_id = {row['id']: row for row in objects}
  layers, picture_px = layer_uris(image.layers, images=images)
  found = _outlines(image, objects, picture_px)
  pixel_size_nm = image.summary.get('pixel_size_nm')
  return ImageView(
    name=image.name,
    summary=image.summary,
    warnings=list(image.warnings),
    check=list(image.check),
    failure=image.failure,
    width=width,
    height=height,
    layers=layers,
    outlines=[
      (key, outline.path, by_id.get(key, {}).get('counted', True))
      for key, outline in found.items()
    ],
    marks=[
      _mark(by_id[key], found[key].width_px, width)
      for key, _ in image.check
      if key in found
    ],
    histogram=_histogram(image, sizes_label),
    data=_data(objects, image.summary),
    pixel_size_nm=pixel_size_nm,
    bar_nm=_round_below(_BAR_SHARE * width * pixel_size_nm)
    if pixel_size_nm
    else None,
    note=notes.note(image, len(objects), picture_px),
  )


def place_view(
  view: ImageView,
  number: int,
  facts: Sequence[Fact],
  *,
  first_layer: str | None = None,
) -> ImageView:
  """An image in its place on a page.

  Args:
    view: of the image.
    number: among all images of the page, from 1.
    facts: numbers that stand beside the picture.
    first_layer: the layer to show first; None, or one that is missing, for
      the first there is.

  Returns:
    What the template `viewer.html` shows.
  """
  printed = first_layer if first_layer in view.layers else None
  return dataclasses.replace(
    view,
    number=number,
    facts=facts,
    printed=printed or next(iter(view.layers), ''),
  )


def summary_facts(row: Mapping[str, Any], names: Iterable[str]) -> list[Fact]:
  """Quantities of a row of summary.csv, or what keeps them from being given.

  Those that the row has not for another reason are left out.
  """
  found = []
  for name in names:
    reason = why_missing(name, row)
    if row.get(name) is None and not reason:
      continue
    ends = words.interval_of(row, name)
    column = words.column_of(name, [row])
    interval = ' to '.join(map(column.text, ends)) if ends else reason
    found.append(
      Fact(column.title, column.text(row.get(name)), column.unit, interval)
    )
  return found


def shared_content() -> dict[str, Any]:
  """What every page with pictures needs besides its content."""
  colours = figures.COMPARISON_COLOURS
  return {
    'title_of': words.title_of,
    'unit_of': words.unit_of,
    'legend': [
      ('true positive (found)', _hex(colours['true positive'])),
      ('false negative (missed)', _hex(colours['false negative'])),
      ('false positive (false alarm)', _hex(colours['false positive'])),
    ],
  }


def _outlines(
  image: PageImage, objects: Sequence[Mapping[str, Any]], picture_px: int
) -> dict[int, Outline]:
  """Of the objects that are shown, as fine as the picture."""
  if image.labels is None:
    return {}
  every = len(objects) == len(image.objects)
  # A picture of all pixels may be looked at closely.
  is_smaller = picture_px < max(image.labels.shape)
  return outlines(
    image.labels,
    among=None if every else {row['id'] for row in objects},
    picture_px=picture_px if is_smaller else LONGEST_PX,
  )


def _histogram(image: PageImage, label: str) -> Histogram | None:
  if image.sizes_px is not None:
    return histogram(image.sizes_px, label, unit='px', missed=image.missed)
  if image.sizes_nm is None:
    return None
  return histogram(image.sizes_nm, label, missed=image.missed)


def _data(
  objects: Sequence[Mapping[str, Any]], summary: Mapping[str, Any]
) -> dict[str, Any]:
  """Rows as JSON has them, numbers as objects.csv; no empty columns."""
  names = objects[0] if objects else ()
  columns = [name for name in names if not why_missing(name, summary)]
  return {
    'columns': columns,
    'shown': _columns_to_show(columns),
    'rows': [[_value(row[name]) for name in columns] for row in objects],
  }


def _value(value: Any) -> Any:
  if isinstance(value, np.generic):
    value = value.item()
  if isinstance(value, float):
    return float(words.file_text(value)) if math.isfinite(value) else None
  return value


def _mark(
  row: Mapping[str, Any], object_px: float, frame_px: int
) -> tuple[int, float, float, str]:
  """The id stands beside its object, or on it where that is large."""
  away_px = min(object_px / 2, _BESIDE_SHARE * frame_px)
  away_px += _GAP_SHARE * frame_px
  x, y = row['column_px'] + 0.5, row['row_px'] + 0.5
  if x + away_px > (1 - 2 * _BESIDE_SHARE) * frame_px:
    return row['id'], x - away_px, y, 'end'
  return row['id'], x + away_px, y, 'start'


def _columns_to_show(columns: Sequence[str]) -> list[str]:
  """The id, and what is not the same in pixels or seen in the picture."""
  return [
    name
    for name in columns
    if name not in _PLACES
    and not (
      name.endswith('_px')
      and {name[:-2] + 'nm', name[:-2] + 'nm2'} & set(columns)
    )
  ]


def _round_below(length: float) -> float:
  """The largest 1, 2 or 5 times a power of ten that is not above it."""
  power = 10.0 ** math.floor(math.log10(length))
  return next(k * power for k in (5, 2, 1) if k * power <= length * (1 + 1e-9))


def _hex(colour: Iterable[int]) -> str:
  return '#' + bytes(colour).hex()
