"""Precipitates of a domain: what is labelled, and what it looks like."""

import dataclasses

import numpy as np
import pytest

from configs import precipitates
from defectseg_jax.errors import InputError
from defectseg_jax.simulation.domain.patches import simulate_patch
from defectseg_jax.simulation.domain.precipitate_scene import (
  draw_precipitate_scene,
  precipitates_in_annular_dark_field,
)
from defectseg_jax.simulation.domain.scanned_surface import place_particles
from defectseg_jax.simulation.domain.settings import (
  domain_settings,
  require_kinds,
)
from defectseg_jax.simulation.domain.surface_particles import (
  Relief,
  SurfaceParticle,
  draw_outline,
  paint_particles,
)
from defectseg_jax.simulation.parameters import FoilParameters

PLAIN = Relief(
  light_rad=0.0,
  rim=0.0,
  rim_px=2.0,
  shadow=0.0,
  halo=0.0,
  halo_px=2.0,
  shading=0.0,
  hollow=0.0,
  texture=0.0,
  spotted_fraction=0.0,
)


def domain(kind='scanned_surface', **surface):
  config = precipitates.get_config('scale=general').domain.to_dict()
  config['imaging'] = {name: float(name == kind) for name in config['imaging']}
  config['objects'] |= {'empty_fraction': 0.0, 'diameter_px': (20.0, 40.0)}
  config['surface'] |= surface
  return domain_settings(config)


def patch(settings, *, index=0, defect='precipitates', side_px=128):
  return simulate_patch(
    settings,
    FoilParameters(),
    defect=defect,
    side_px=side_px,
    seed=(5, index),
  )


def disc(radius_px, **changes):
  rng = np.random.default_rng(0)
  outline = draw_outline(
    radius_px, elongation=1.0, roughness=0.0, corners=2.0, turn_rad=0.0, rng=rng
  )
  fields = {'strength': 1.0, 'edge_px': 0.5, 'buried': False}
  return SurfaceParticle(
    centres=((32.0, 32.0),), outlines=(outline,), **(fields | changes)
  )


def paint(particle, relief=PLAIN):
  rng = np.random.default_rng(0)
  return paint_particles(64, [particle], relief, np.zeros((64, 64)), rng)


def test_a_disc_has_its_area_and_its_contrast():
  picture, (seen,) = paint(disc(12.0))
  assert seen.path_nm.sum() == pytest.approx(np.pi * 12**2, rel=0.04)
  assert picture[32, 32] == pytest.approx(-1, abs=1e-3)
  assert picture[0, 0] == pytest.approx(0, abs=1e-3)


def test_a_rim_is_bright_on_the_side_of_the_light():
  relief = dataclasses.replace(PLAIN, rim=2.0)
  picture, _ = paint(disc(12.0), relief)
  assert picture[32, 32 + 14] > 0.5 > picture[32, 32 - 14]


def test_a_buried_particle_is_blurred_and_has_no_rim():
  relief = dataclasses.replace(PLAIN, rim=2.0)
  picture, _ = paint(disc(12.0, buried=True, edge_px=5.0), relief)
  assert picture.max() <= 0
  assert -0.8 < picture[32, 32 + 12] < -0.2


def test_two_that_have_grown_together_have_a_neck():
  one = disc(10.0)
  pair = dataclasses.replace(
    one,
    centres=((32.0, 22.0), (32.0, 42.0)),
    outlines=one.outlines * 2,
  )
  _, (seen,) = paint(pair)
  inside = np.zeros((64, 64), bool)
  inside[seen.rows, seen.columns] = seen.path_nm > 0
  assert 2 <= inside[:, 32].sum() < 0.8 * inside[:, 22].sum()


def test_particles_at_the_surface_do_not_overlap():
  settings = domain(pairs_fraction=0.0)
  rng = np.random.default_rng(3)
  placed = [
    one for one in place_particles(256, 24.0, settings, rng) if not one.buried
  ]
  assert len(placed) > 3
  for k, one in enumerate(placed):
    for other in placed[:k]:
      gap = np.hypot(*np.subtract(one.centres[0], other.centres[0]))
      assert gap > 0.8 * (one.radius_px + other.radius_px)


@pytest.mark.parametrize('bright', [0.0, 1.0])
def test_labelled_particles_differ_as_asked_for(bright):
  settings = domain(bright_fraction=bright, noise=(0.05, 0.1))
  signs = []
  for index in range(6):
    made = patch(settings, index=index)
    if 0.01 < made.mask.mean() < 0.8:
      matrix = np.median(made.pixels[~made.mask & made.counts])
      signs.append(np.median(made.pixels[made.mask]) > matrix)
  assert len(signs) >= 4
  assert np.mean(signs) == pytest.approx(bright, abs=0.3)


def test_noise_leaves_particles_out_of_the_labels():
  clear = patch(domain(noise=(0.04, 0.05), buried_fraction=0.0), index=1)
  noisy = patch(domain(noise=(20.0, 21.0), buried_fraction=0.0), index=1)
  assert clear.mask.any() and not noisy.mask.any()
  assert not noisy.counts.all()


@pytest.mark.parametrize(
  'kind', ['scanned_surface', 'bright_field', 'annular_dark_field']
)
def test_a_seed_decides_all(kind):
  first, again, other = (
    patch(domain(kind), index=index, side_px=64) for index in (0, 0, 1)
  )
  assert np.array_equal(first.pixels, again.pixels)
  assert np.array_equal(first.mask, again.mask)
  assert not np.array_equal(first.pixels, other.pixels)
  assert first.pixels.shape == first.mask.shape == (64, 64)
  assert not (first.mask & ~first.counts).any()


def test_precipitates_take_from_the_beam_and_scatter_more():
  settings = domain()
  rng = np.random.default_rng(2)
  scene = draw_precipitate_scene(96, settings.objects, rng)
  assert scene.silhouettes
  scene = dataclasses.replace(scene, voids=[])
  assert scene.path_nm().min() < 0
  assert scene.path_nm().max() <= 0
  images = precipitates_in_annular_dark_field(scene, settings.background, rng)
  assert (images.objects >= images.empty - 1e-3).all()
  assert (images.objects > 1.01 * images.empty).any()


@pytest.mark.parametrize(
  ('kind', 'defect'),
  [
    ('scanned_surface', 'voids'),
    ('weak_beam', 'precipitates'),
    ('annular_dark_field', 'dislocations'),
  ],
)
def test_a_kind_that_the_defect_does_not_have_is_refused(kind, defect):
  with pytest.raises(InputError, match=f'{kind}=1.0: must be 0 for {defect}'):
    require_kinds(domain(kind).imaging, defect)


def test_no_kind_at_all_is_refused():
  with pytest.raises(InputError, match='one kind must be above 0'):
    require_kinds(domain('none').imaging, 'voids')


@pytest.mark.parametrize('kind', ['bright_field', 'annular_dark_field'])
def test_what_is_too_faint_is_not_in_micrographs_to_judge_by(kind):
  settings = domain(kind)
  settings = dataclasses.replace(
    settings, objects=dataclasses.replace(settings.objects, visible_ratio=60.0)
  )
  plain, clean = (
    simulate_patch(
      settings,
      FoilParameters(),
      defect='precipitates',
      side_px=96,
      seed=(5, 1),
      to_judge_by=to_judge_by,
    )
    for to_judge_by in (False, True)
  )
  assert not plain.counts.all()
  assert clean.counts.mean() > plain.counts.mean()


def test_voids_beside_precipitates_fit_into_the_thinnest_foil():
  objects = domain_settings(
    precipitates.get_config('scale=general').domain.to_dict()
  ).objects
  thin = dataclasses.replace(objects, thickness_per_diameter=(1.01, 1.02))
  for seed in range(40):
    scene = draw_precipitate_scene(64, thin, np.random.default_rng(seed))
    assert scene.side_px == 64
