"""Figures as files for print: one column wide, the same bytes each time."""

import base64
import contextlib
import io
import pathlib
import re
from collections.abc import Iterator
from typing import Any

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from PIL import Image

# One column of most journals is 84 to 90 mm wide.
COLUMN_MM = 88
COLUMN_IN = COLUMN_MM / 25.4
LETTERS_PT = 7.0
DOTS_PER_INCH = 300
KINDS = ('pdf', 'png', 'svg')
_LINE_PT = 0.6
_STYLE: Any = {
  'font.size': LETTERS_PT,
  'figure.titlesize': LETTERS_PT,
  'axes.titlesize': LETTERS_PT,
  'legend.fontsize': LETTERS_PT - 1,
  'axes.linewidth': _LINE_PT,
  **{f'{axis}tick.major.width': _LINE_PT for axis in 'xy'},
  'lines.linewidth': 1.0,
}
# What a file says of when it was made, by its kind.
_UNDATED: dict[str, dict[str, None]] = {
  'pdf': {'CreationDate': None},
  'png': {'Software': None},
  'svg': {'Date': None},
}


@contextlib.contextmanager
def journal_style() -> Iterator[None]:
  """Figures that are made in the block have the letters and lines of print."""
  with matplotlib.rc_context(_STYLE):
    yield


def figure_content(figure: Figure, kind: str, *, dpi: float) -> bytes:
  """The file; without its date, and with names that are the same each time.

  Args:
    figure: to draw.
    kind: one of `KINDS`. Letters of a PDF stay text, in fonts that it holds;
      those of an SVG are drawn.
    dpi: dots an inch, of what is no line.
  """
  how: Any = {'svg.hashsalt': 'defectseg', 'pdf.fonttype': 42}
  with matplotlib.rc_context(how):
    if kind == 'svg':
      return _svg_content(figure, dpi)
    return _saved(figure, kind, dpi)


def _saved(figure: Figure, kind: str, dpi: float) -> bytes:
  stream = io.BytesIO()
  # Noise takes most time, and is no smaller after it.
  more: Any = {'pil_kwargs': {'compress_level': 1}} if kind == 'png' else {}
  figure.savefig(stream, format=kind, metadata=_UNDATED[kind], dpi=dpi, **more)
  return stream.getvalue()


def _svg_content(figure: Figure, dpi: float) -> bytes:
  """Greys as greys: matplotlib writes four channels, in four times the time."""
  shown = [image for axes in figure.axes for image in axes.images]
  greys = [np.asarray(image.get_array()) for image in shown]
  for image, grey in zip(shown, greys, strict=True):
    image.set_data(np.zeros_like(grey))
  try:
    content = _saved(figure, 'svg', dpi)
  finally:
    for image, grey in zip(shown, greys, strict=True):
      image.set_data(grey)
  parts = re.split(rb'(?<=base64,)[^"]*(?=")', content)
  assert len(parts) == len(greys) + 1
  found = [parts[0]]
  for grey, part in zip(greys, parts[1:], strict=True):
    stream = io.BytesIO()
    Image.fromarray(grey).save(stream, 'PNG', compress_level=1)
    found += [base64.b64encode(stream.getvalue()), part]
  return b''.join(found)


def write_figure(folder: pathlib.Path, name: str, figure: Figure) -> None:
  """Writes a figure as each of `KINDS`.

  Args:
    folder: where to write; it is made if it is missing.
    name: of the files, before their kind.
    figure: to draw.
  """
  folder.mkdir(parents=True, exist_ok=True)
  # Where all stands is found once, and not for each kind.
  if figure.get_layout_engine() is not None:
    figure.draw_without_rendering()
    figure.set_layout_engine('none')
  for kind in KINDS:
    content = figure_content(figure, kind, dpi=DOTS_PER_INCH)
    (folder / f'{name}.{kind}').write_bytes(content)
