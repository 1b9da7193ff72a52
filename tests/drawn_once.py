"""Sessions of tests draw each figure of the same numbers once.

Hundreds of them measure the same few images, and half of the time of each would
go to the same histograms and curves. A figure follows from what is given to the
function that builds it, and from matplotlib's settings; drawn_once_test.py asks
for that. The fixture `printed` has all of them drawn each time.
"""

import functools
import io
import pathlib
import pickle

import matplotlib
import pytest

from defectseg_jax.reporting.page import detection
from defectseg_jax.sessions import (
  paper_figures,
  pictures,
  sample_files,
  series_files,
)

FUNCTIONS = (
  (pictures, '_histogram'),
  (detection, 'detection_curve'),
  (sample_files, 'condition_figure'),
  (sample_files, 'sizes_figures'),
  (series_files, 'series_figure'),
  (paper_figures, 'micrograph_figure'),
  (paper_figures, 'printed_histogram'),
)


class Drawn:
  """As much of a figure as who writes it needs."""

  def __init__(self, build):
    # The figures of all tests would be too many to keep.
    self._build = build
    self._drawn = {}

  def savefig(self, target, **how):
    """Writes the file to a path or a stream."""
    key = tuple(sorted(how.items()))
    if key not in self._drawn:
      stream = io.BytesIO()
      self._build().savefig(stream, **how)
      self._drawn[key] = stream.getvalue()
    if isinstance(target, pathlib.Path):
      target.write_bytes(self._drawn[key])
    else:
      target.write(self._drawn[key])


def once(build):
  """The function, which does nothing again that it has done."""
  built = {}

  @functools.wraps(build)
  def again(*given, **named):
    key = pickle.dumps((given, named, dict(matplotlib.rcParams)))
    if key not in built:
      anew = functools.partial(build, *given, **named)
      found = anew()
      if isinstance(found, list):
        built[key] = [
          Drawn(lambda number=number: anew()[number])
          for number in range(len(found))
        ]
      else:
        # None stands for a figure of nothing.
        built[key] = found and Drawn(anew)
    return built[key]

  return again


AS_THEY_ARE = [getattr(*place) for place in FUNCTIONS]
for _place, _build in zip(FUNCTIONS, AS_THEY_ARE):
  setattr(*_place, once(_build))


def draw_each_time(patch: pytest.MonkeyPatch):
  """For a test of what is drawn."""
  for place, build in zip(FUNCTIONS, AS_THEY_ARE):
    patch.setattr(*place, build)
