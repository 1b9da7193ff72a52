"""Geometry of particles, against volumes and areas found otherwise."""

import math

import numpy as np
import pytest
from small import small_foil

from defectseg_jax.simulation import particles, silhouettes
from defectseg_jax.simulation.particle_shapes import Particle

MIDDLE = np.array([40.0, 40.0, 95.0])


def moved(particle, centre):
  return Particle(**{**vars(particle), 'centre_nm': np.asarray(centre, float)})


def silhouette(particle, foil):
  (found,) = silhouettes.silhouettes([particle], foil)
  return found


def some(kind, foil, count=8, **fields):
  """The first particles of a foil that is full of them."""
  rng = np.random.default_rng(1)
  return getattr(particles, f'create_{kind}')(foil, rng)[:count]


def finely(**fields):
  """A foil whose pixels are so small that sums over them are integrals."""
  return small_foil(side_px=1000, pixel_size_nm=0.08, **fields)


KINDS = [
  ('voids', {'voids__spherical_fraction': 0.0}),
  ('voids', {'voids__spherical_fraction': 1.0}),
  ('precipitates', {'precipitates__roughness': 0.2}),
]


@pytest.mark.parametrize('kind, fields', KINDS)
def test_area_and_volume_are_those_of_the_shape(kind, fields):
  foil = finely(**fields)
  for particle in some(kind, foil):
    found = silhouette(moved(particle, MIDDLE), foil)
    area = (found.path_nm > 0).sum() * foil.pixel_size_nm**2
    assert area == pytest.approx(
      math.pi / 4 * particle.diameter_nm**2, rel=0.02
    )
    # qhull's volume, or the formula of an ellipsoid, against the beam's paths.
    assert found.volume_in_foil_nm3 == pytest.approx(
      particle.volume_nm3, rel=0.02
    )
    assert not (found.touches_border or found.cut_by_surface)


def test_a_sphere_is_as_thick_as_it_is_wide():
  foil = finely(voids__spherical_fraction=1.0, voids__diameter_std_nm=0.0)
  (sphere,) = some('voids', foil, 1)
  found = silhouette(moved(sphere, MIDDLE), foil)
  assert sphere.diameter_nm == 21.5
  assert found.path_nm.max() == pytest.approx(21.5, rel=1e-3)


def test_faceted_voids_are_polyhedra_of_one_crystal():
  """Paths over a facet are linear: their second differences vanish."""
  foil = finely(voids__spherical_fraction=0.0)
  for void in some('voids', foil, 4):
    path = silhouette(moved(void, MIDDLE), foil).path_nm
    inside = path[1:-1, 2:] * path[1:-1, :-2] > 0
    bent = np.abs(path[1:-1, 2:] - 2 * path[1:-1, 1:-1] + path[1:-1, :-2])
    assert np.mean(bent[inside] < 1e-4) > 0.85


@pytest.mark.parametrize('depth', [0.0, 190.0])
def test_a_surface_cuts_a_sphere_in_half(depth):
  foil = finely(voids__spherical_fraction=1.0)
  for sphere in some('voids', foil, 3):
    centre = [*MIDDLE[:2], depth]
    found = silhouette(moved(sphere, centre), foil)
    assert found.cut_by_surface
    assert found.volume_in_foil_nm3 == pytest.approx(
      sphere.volume_nm3 / 2, rel=0.02
    )


def test_what_passes_above_the_foil_or_beside_it_is_not_seen():
  foil = finely(voids__spherical_fraction=1.0, voids__diameter_std_nm=0.0)
  (sphere,) = some('voids', foil, 1)
  for centre in ([40, 40, -11], [40, 40, 201], [-11, 40, 95], [40, 91, 95]):
    assert silhouette(moved(sphere, centre), foil) is None


def test_the_edge_of_the_micrograph_crops_and_is_told():
  foil = finely(voids__spherical_fraction=1.0)
  (sphere,) = some('voids', foil, 1)
  whole = silhouette(moved(sphere, MIDDLE), foil)
  half = silhouette(moved(sphere, [0, *MIDDLE[1:]]), foil)
  assert half.touches_border and not half.cut_by_surface
  assert half.path_nm.sum() == pytest.approx(whole.path_nm.sum() / 2, rel=0.01)
  # The volume is the foil's, whatever the micrograph shows of it.
  assert half.volume_in_foil_nm3 == pytest.approx(
    whole.volume_in_foil_nm3, rel=1e-3
  )


def test_many_are_seen_as_each_alone(monkeypatch):
  """Spheres, voids of one form and of others, in batches of any size."""
  foil = small_foil(voids__spherical_fraction=0.5, voids__density_per_m3=2e22)
  rng = np.random.default_rng(4)
  bodies = particles.create_voids(foil, rng, shapes=2)
  bodies += particles.create_precipitates(foil, rng)
  assert len({body.form for body in bodies}) < len(bodies) - 10
  alone = [silhouette(body, foil) for body in bodies]
  assert None in alone and any(one and one.touches_border for one in alone)
  for most_px in (1, 1 << 14):
    monkeypatch.setattr(silhouettes, '_BATCH_PX', most_px)
    together = silhouettes.silhouettes(bodies, foil)
    for one, other in zip(alone, together, strict=True):
      assert (one is None) == (other is None)
      if one and other:
        np.testing.assert_array_equal(one.path_nm, other.path_nm)
        assert one.rows == other.rows and one.columns == other.columns
        assert one.volume_in_foil_nm3 == other.volume_in_foil_nm3
        assert one.cut_by_surface == other.cut_by_surface


def test_outlines_of_precipitates_are_irregular_and_longer_than_wide():
  smooth = small_foil(precipitates__roughness=0.0, precipitates__elongation=1.0)
  (disc,) = some('precipitates', smooth, 1)
  assert disc.reach_nm == pytest.approx(disc.diameter_nm / 2)
  rough = small_foil(precipitates__roughness=0.2, precipitates__elongation=2.0)
  reach = [p.reach_nm / p.diameter_nm * 2 for p in some('precipitates', rough)]
  assert min(reach) > 1.02 and max(reach) > 1.2
