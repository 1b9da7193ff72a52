"""Geometry of dislocation lines: where they may end, and how long they are."""

import numpy as np
import pytest
from small import small_foil

from defectseg_jax.simulation import dislocation_curves, dislocations
from defectseg_jax.simulation.dislocation_curves import STEP_NM


def drawn(seed=0, **fields):
  foil = small_foil('dislocations', side_px=1024, **fields)
  return foil, dislocations.create_dislocations(
    foil, np.random.default_rng(seed)
  )


def test_lines_lie_in_the_foil_and_have_no_gaps():
  foil, found = drawn()
  high = [foil.side_nm, foil.side_nm, foil.thickness_nm]
  assert len(found) > 30
  for line in found:
    assert (line.points_nm >= 0).all() and (line.points_nm <= high).all()
    steps = np.linalg.norm(np.diff(line.points_nm, axis=0), axis=1)
    assert steps.max() <= STEP_NM * 1.001
    assert line.length_nm == pytest.approx(steps.sum())
    assert line.projected_length_nm <= line.length_nm


def test_no_line_ends_inside_the_crystal():
  """At a surface, at the micrograph's edge, in a node, or closed."""
  foil, found = drawn()
  high = np.array([foil.side_nm, foil.side_nm, foil.thickness_nm])
  ends = np.concatenate([line.points_nm[[0, -1]] for line in found])
  for number, end in enumerate(ends):
    to_boundary = min(end.min(), (high - end).min())
    others = np.delete(ends, number, axis=0)
    to_other_end = np.linalg.norm(others - end, axis=1).min()
    assert min(to_boundary, to_other_end) < 1.5 * STEP_NM, found[
      number // 2
    ].kind


def test_every_kind_of_line_is_there():
  kinds = set()
  for seed in range(3):
    kinds |= {line.kind for line in drawn(seed)[1]}
  assert kinds == {'threading', 'shallow', 'loop', 'network', 'tangle'}


@pytest.mark.parametrize('kind', ['threading', 'network', 'tangle'])
def test_a_fraction_of_one_gives_one_kind(kind):
  fields = dict.fromkeys(
    [f'dislocations__{k}_fraction' for k in ('threading', 'network', 'tangle')],
    0.0,
  )
  fields[f'dislocations__{kind}_fraction'] = 1.0
  assert {line.kind for line in drawn(**fields)[1]} == {kind}


def test_threading_lines_are_steeper_than_others():
  def flatness(**fields):
    found = drawn(dislocations__tangle_fraction=0.0, **fields)[1]
    projected = sum(line.projected_length_nm for line in found)
    return projected / sum(line.length_nm for line in found)

  steep = flatness(
    dislocations__threading_fraction=1.0, dislocations__network_fraction=0.0
  )
  flat = flatness(
    dislocations__threading_fraction=0.0, dislocations__network_fraction=0.0
  )
  assert steep < 0.8 < flat


def test_some_lines_are_out_of_contrast():
  found = drawn(dislocations__out_of_contrast_fraction=0.5)[1]
  hidden = [line for line in found if not line.in_contrast]
  assert 0.2 < len(hidden) / len(found) < 0.8
  assert max(line.strength for line in hidden) < 0.15
  assert min(line.strength for line in found if line.in_contrast) > 0.5


def test_no_density_no_line():
  assert drawn(dislocations__density_per_m2=0.0)[1] == []


def test_lines_that_pass_by_are_left_out_and_no_others(monkeypatch):
  foil = small_foil('dislocations', side_px=256)
  for seed in range(3):
    left = dislocations.create_dislocations(foil, np.random.default_rng(seed))
    with monkeypatch.context() as patch:
      patch.setattr(dislocation_curves, '_passes_by', lambda *_: False)
      every = dislocations.create_dislocations(
        foil, np.random.default_rng(seed)
      )
    assert len(left) == len(every) > 0
    for one, other in zip(left, every, strict=True):
      np.testing.assert_array_equal(one.points_nm, other.points_nm)


def test_a_chord_far_from_the_micrograph_passes_by():
  passes_by = dislocation_curves._passes_by
  assert passes_by([-50, 10, 0], [-20, 90, 0], 19.0, 100.0)
  assert not passes_by([-50, 10, 0], [-20, 90, 0], 21.0, 100.0)
  # Past a corner: 50 / sqrt(2) away.
  assert passes_by([100, 150, 0], [150, 100, 0], 35.0, 100.0)
  assert not passes_by([100, 150, 0], [150, 100, 0], 36.0, 100.0)
