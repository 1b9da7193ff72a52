"""Contrast of defects, against the law that each part follows."""

import numpy as np
import pytest
from small import small_foil

from defectseg_jax.simulation import (
  dislocation_curves,
  dislocations,
  particles,
  silhouettes,
)
from defectseg_jax.simulation.defect_contrast import defect_transmission
from defectseg_jax.simulation.particle_shapes import Particle


def rng():
  return np.random.default_rng(0)


def centred(kind, foil):
  particle = getattr(particles, f'create_{kind}')(foil, rng())[0]
  middle = foil.side_nm / 2
  particle = Particle(
    **{**vars(particle), 'centre_nm': np.array([middle, middle, 90.0])}
  )
  (seen,) = silhouettes.silhouettes([particle], foil)
  return particle, seen


def test_a_void_lets_the_beam_through_by_its_path():
  foil = small_foil(
    voids__spherical_fraction=1.0,
    voids__diameter_std_nm=0.0,
    contrast__fresnel_rim=0.0,
  )
  found = defect_transmission(foil, [centred('voids', foil)], [], [], rng())
  # Beer-Lambert: exp(21.5 nm / 80 nm) through the middle of the sphere.
  assert found[128, 128] == pytest.approx(np.exp(21.5 / 80), rel=1e-3)
  assert found[0, 0] == 1.0


def test_a_rim_is_dark_outside_and_bright_inside():
  foil = small_foil(voids__spherical_fraction=1.0, voids__diameter_std_nm=0.0)
  seen = [centred('voids', foil)]
  found = defect_transmission(foil, seen, [], [], rng())
  row = found[128]
  assert row[:94].min() < 0.995 < row[0]
  flat = defect_transmission(
    small_foil(
      voids__spherical_fraction=1.0,
      voids__diameter_std_nm=0.0,
      contrast__fresnel_rim=0.0,
    ),
    seen,
    [],
    [],
    rng(),
  )
  assert (found[128, 96:105] > flat[128, 96:105]).any()


def test_precipitates_are_dark():
  foil = small_foil(precipitates__halo_fraction=0.0)
  particle, seen = centred('precipitates', foil)
  found = defect_transmission(foil, [], [(particle, seen)], [], rng())
  assert found[128, 128] < 0.97
  outside = np.ones_like(found, bool)
  outside[seen.rows, seen.columns] = seen.path_nm == 0
  assert (found[outside] == 1).all()


def test_a_strain_halo_has_two_lobes_and_a_line_of_no_contrast():
  foil = small_foil(precipitates__halo_fraction=1.0)
  particle, seen = centred('precipitates', foil)
  found = defect_transmission(foil, [], [(particle, seen)], [], rng())
  reach = particle.diameter_nm / foil.pixel_size_nm
  angle = np.linspace(0, 2 * np.pi, 72, endpoint=False)
  ring = found[
    (128 + 0.9 * reach * np.sin(angle)).astype(int),
    (128 + 0.9 * reach * np.cos(angle)).astype(int),
  ]
  # Darkness goes as the squared cosine: two periods a turn.
  spectrum = np.abs(np.fft.rfft(ring - ring.mean()))
  assert np.argmax(spectrum) == 2


def straight(foil, strength=1.0, depth=None):
  t = np.linspace(0, 1, 2000)
  middle = foil.side_nm / 2
  depth = foil.thickness_nm / 2 if depth is None else depth
  points = np.column_stack(
    [10 + t * (foil.side_nm - 20), np.full(2000, middle), depth + 0 * t]
  )
  step = dislocation_curves.STEP_NM
  count = int((foil.side_nm - 20) / step)
  return dislocations.Line(
    'shallow', points[:: max(1, 2000 // count)], strength, True
  )


def test_a_line_is_dark_and_as_wide_as_asked():
  foil = small_foil('dislocations')
  found = defect_transmission(foil, [], [], [straight(foil)], rng())
  across = -np.log(found[:, 100:160]).mean(axis=1)
  assert across.argmax() in range(125, 132)
  assert 0.05 < across.max() < 0.45
  wide_nm = (across > across.max() / 2).sum() * foil.pixel_size_nm
  # 0.8 or 1.25 times the nominal 4 nm.
  assert wide_nm == pytest.approx(4 * 0.8, abs=0.7) or (
    wide_nm == pytest.approx(4 * 1.25, abs=0.7)
  )


def test_a_line_out_of_contrast_is_hardly_there():
  foil = small_foil('dislocations')
  found = defect_transmission(
    foil, [], [], [straight(foil, strength=0.05)], rng()
  )
  assert found.min() > 0.98


def test_an_inclined_line_is_dotted():
  """Its darkness beats with depth, strongest near a surface."""
  foil = small_foil('dislocations')
  line = straight(foil)
  line.points_nm[:, 2] = np.linspace(0, foil.thickness_nm, len(line.points_nm))
  found = defect_transmission(foil, [], [], [line], rng())
  along = (-np.log(found)).max(axis=0)[40:-40]
  assert along.max() > 2 * along.min()


@pytest.mark.parametrize('shift_nm', [0.0, 0.8])
def test_a_line_is_seen_at_most_so_far_off_its_place(shift_nm):
  foil = small_foil('dislocations', contrast__line_shift_nm=shift_nm)
  line = straight(foil)
  line.points_nm[:, 2] = np.linspace(0, foil.thickness_nm, len(line.points_nm))
  off_nm = []
  for seed in range(5):
    found = defect_transmission(
      foil, [], [], [line], np.random.default_rng(seed)
    )
    dark = -np.log(found)[:, 40:-40]
    rows_nm = (np.arange(foil.side_px) + 0.5) * foil.pixel_size_nm
    seen_nm = (dark * rows_nm[:, None]).sum(axis=0) / dark.sum(axis=0)
    off_nm.append(np.abs(seen_nm - foil.side_nm / 2).max())
  # Nearly all of what is allowed is drawn by one of five.
  assert shift_nm / 2 - 0.02 < max(off_nm) <= shift_nm + 0.02
