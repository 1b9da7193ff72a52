"""The page of several defects: each micrograph once, with all outlines."""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from defectseg_jax.quantification import why_missing
from defectseg_jax.reporting import colours
from defectseg_jax.reporting.overlays import grey_levels
from defectseg_jax.reporting.page import words
from defectseg_jax.reporting.page.outlines import outlines
from defectseg_jax.reporting.page.pictures import layer_uris
from defectseg_jax.reporting.page.rendering import render

# Those that are seen best on grey first.
COLOURS = (
  *(colours.SKY_BLUE, colours.ORANGE, colours.YELLOW, colours.PURPLE),
  *(colours.GREEN, colours.VERMILION, colours.BLUE),
)
# Larger images are thinned out before the page averages them.
_LARGEST_PX = 4096


@dataclasses.dataclass(frozen=True)
class Layer:
  """The outlines of a defect in an image.

  Attributes:
    defect, colour: of them.
    path: the `d` of an SVG path.
    objects: how many.
  """

  defect: str
  colour: str
  path: str
  objects: int


@dataclasses.dataclass(frozen=True)
class TogetherImage:
  """An image with the outlines of all defects.

  Attributes:
    name, width_px, height_px: of the image.
    picture: data URI.
    layers: of the defects.
    facts: sentences below it.
  """

  name: str
  width_px: int
  height_px: int
  picture: str
  layers: Sequence[Layer]
  facts: Sequence[str]


@dataclasses.dataclass(frozen=True)
class Row:
  """An image, or the mean, in the table of a defect.

  Attributes:
    name: of the image.
    applies: whether the network applies, in a word.
    in_mean: whether it is in the mean over images.
    cells: numbers and their intervals.
    warnings: names.
  """

  name: str
  applies: str
  in_mean: bool
  cells: Sequence[tuple[str, str]]
  warnings: str


@dataclasses.dataclass(frozen=True)
class Section:
  """The numbers of a defect.

  Attributes:
    defect, colour: of it.
    link: to its own page.
    columns, rows: of the table.
    cautions: warnings of all images together.
  """

  defect: str
  colour: str
  link: str
  columns: Sequence[words.Column]
  rows: Sequence[Row]
  cautions: Sequence[str]


def create_section(
  defect: str,
  place: int,
  rows: Sequence[Mapping[str, Any]],
  *,
  headlines: Sequence[str],
  over_images: Mapping[str, Mapping[str, Any]],
  cautions: Sequence[str],
) -> Section:
  """The numbers of a defect.

  Args:
    defect: its name.
    place: among all, from 0.
    rows: of its summary.csv.
    headlines: names of the numbers that are shown.
    over_images: as of `statistics_over_images`; may be empty.
    cautions: warnings of all images together.
  """
  columns = [words.column_of(name, rows) for name in headlines]
  shown = [_row(row, columns) for row in rows]
  if len(rows) > 1 and over_images:
    count = sum(row['in_mean'] for row in rows)
    name = f'mean of {count}'
    mean: dict[str, Any] = {'image': name, 'applies': '', 'in_mean': True}
    for name, one in over_images.items():
      mean[name] = one['mean']
      mean[f'{name}_low'], mean[f'{name}_high'] = one['low'], one['high']
    shown.append(_row({**mean, 'warnings': ''}, columns))
  link = f'{defect}/report.html'
  return Section(defect, colour_of(place), link, columns, shown, cautions)


def create_image(
  name: str,
  pixels: np.ndarray,
  labels: Mapping[str, np.ndarray],
  *,
  valid: np.ndarray | None,
  facts: Sequence[str],
  images: int,
) -> TogetherImage:
  """What the page shows of an image.

  Args:
    name, pixels: of the image, [H, W].
    labels: by defect, int [H, W], the object's id at each pixel.
    valid: bool [H, W], True on specimen; None where all is.
    facts: sentences below it.
    images: of the page.
  """
  step = -(-max(pixels.shape) // _LARGEST_PX)
  seen = None if valid is None else valid[::step, ::step]
  grey = grey_levels(pixels[::step, ::step], valid=seen)
  uris, side_px = layer_uris({'micrograph': grey}, images=images)
  layers = []
  for place, (defect, ids) in enumerate(labels.items()):
    found = outlines(ids, picture_px=side_px)
    path = ''.join(one.path for one in found.values())
    layers.append(Layer(defect, colour_of(place), path, len(found)))
  height, width = pixels.shape
  return TogetherImage(name, width, height, uris['micrograph'], layers, facts)


def together_page(
  sections: Sequence[Section],
  images: Sequence[TogetherImage],
  *,
  doubts: Sequence[str],
  associations: Sequence[str],
  about_associations: str,
  claims: Sequence[str],
  failures: Mapping[str, str],
  how_made: Mapping[str, str],
) -> str:
  """One HTML file of several defects in the same micrographs.

  Args:
    sections: of the defects.
    images: of the session.
    doubts: warnings of images whose lines may be none.
    associations, claims: sentences of all images.
    about_associations: how the former are found.
    failures: by image why it could not be measured.
    how_made: label and text.

  Returns:
    HTML, to be written as UTF-8.
  """
  defects = ', '.join(one.defect for one in sections)
  return render(
    'together.html',
    title=f'{defects.capitalize()}: {len(images)} '
    f'micrograph{"s" if len(images) != 1 else ""}',
    sections=sections,
    images=images,
    doubts=doubts,
    associations=associations,
    about_associations=about_associations,
    claims=claims,
    failures=failures,
    how_made=how_made,
  )


def colour_of(place: int) -> str:
  """Of the defect at a place, from 0."""
  return COLOURS[place % len(COLOURS)]


def _row(row: Mapping[str, Any], columns: Iterable[words.Column]) -> Row:
  cells = []
  for column in columns:
    ends = words.interval_of(row, column.name)
    below = (
      ' – '.join(map(column.text, ends))
      if ends
      else why_missing(column.name, row)
    )
    cells.append((column.text(row.get(column.name)), below))
  warnings = '; '.join(map(words.title_of, row['warnings'].split('; ')))
  return Row(row['image'], row['applies'], row['in_mean'], cells, warnings)
