"""A figure follows from what it is built of, so that it need be drawn once."""

import io

import drawn_once
import numpy as np
import pytest

from defectseg_jax.quantification import Interval
from defectseg_jax.quantification.particles.detection_by_size import (
  DetectionBySize,
)
from defectseg_jax.reporting.figures.conditions import Point
from defectseg_jax.reporting.figures.missed import Missed
from defectseg_jax.reporting.figures.series import Curve

SIZES = np.arange(4.0, 24.0)


def histogram(sizes=SIZES):
  missed = Missed(np.tile([1.5, 1.2, 2.0], (len(sizes), 1)))
  given = ('x', sizes, [], 'voids')
  return given, {'has_scale': True, 'missed': missed}


def curve():
  found, missed, real, false = np.array([[20, 80], [80, 20], [20, 80], [5, 0]])
  edges = np.array([4.0, 8.0, 16.0])
  by_size = DetectionBySize(edges, found, missed, real, false)
  return (by_size,), {'defect': 'voids'}


def condition():
  points = [
    Point(name, place, '', 2.0, Interval(1.5, 2.6), Interval(1.4, 2.8))
    for name, place in (('a', 1.0), ('b', 5.0))
  ]
  axes_of = {'density': ('density (1/m³)', 1.0)}
  return ({'density': points},), {'label': 'dose (dpa)', 'axes_of': axes_of}


def sizes_of_samples():
  row = {'size_from_nm': 2.0, 'size_to_nm': 4.0, 'found': 3}
  missed = {'with_missed': 4.0, 'with_missed_low': 3.2, 'with_missed_high': 6.0}
  rows = [{'sample': name, **row, **missed} for name in 'ab']
  return (rows,), {'label': 'diameter (nm)', 'noun': 'voids', 'columns': 2}


def series():
  rising = Curve('density', [1.0, 2.0], [0.5, 1.2], [1.6, 2.9])
  return ([0.0, 1.0], [rising], [(0.0, 0.0), (3.0, 1.0)]), {'label': 'frame'}


def micrograph():
  labels = np.zeros((32, 32), np.int32)
  labels[4:12, 4:12] = 1
  how = {'pixel_size_nm': 0.5, 'width_in': 3.3, 'letters_pt': 7, 'most_px': 64}
  valid = np.ones(labels.shape, bool)
  counted = {'counted': np.ones(1, bool), 'valid': valid}
  return (np.eye(32, dtype=np.float32), labels), how | counted


def printed():
  words = {'label': 'diameter (nm)', 'count_label': 'number of voids'}
  return (SIZES,), {**words, 'unit': 'nm', 'images': 2, 'doubted': 1}


GIVEN = (
  *(histogram, curve, condition, sizes_of_samples, series),
  *(micrograph, printed),
)


def drawn(figure):
  # Sizes come in sheets.
  (figure,) = figure if isinstance(figure, list) else [figure]
  stream = io.BytesIO()
  figure.savefig(stream, dpi=60)
  return stream.getvalue()


@pytest.mark.parametrize(
  ('build', 'given'), [*zip(drawn_once.AS_THEY_ARE, GIVEN, strict=True)]
)
def test_the_same_is_drawn_in_the_same_bytes(build, given):
  first, second = (
    (drawn(build(*args, **how))) for args, how in (given(), given())
  )
  assert first == second and first.startswith(b'\x89PNG')
  args, how = given()
  assert drawn(drawn_once.once(build)(*args, **how)) == first


def test_it_is_built_again_for_other_numbers_alone(tmp_path):
  built = []

  def build(*args, **how):
    built.append(args)
    return drawn_once.AS_THEY_ARE[0](*args, **how)

  once = drawn_once.once(build)
  figures = []
  for sizes in (SIZES, SIZES.copy(), SIZES + 1):
    args, how = histogram(sizes)
    figures.append(drawn(once(*args, **how)))
  # To see whether there is one, and to draw it.
  assert len(built) == 2 * 2
  assert figures[0] == figures[1] != figures[2]
  # At other dots, and to a path.
  args, how = histogram()
  once(*args, **how).savefig(tmp_path / 'a.png', dpi=30)
  assert (tmp_path / 'a.png').stat().st_size < len(figures[0])
