"""A patch of the domain of voids: drawn by its seed alone."""

import dataclasses

import numpy as np
import pytest

from defectseg_jax.errors import InputError
from defectseg_jax.micrographs.writing import write_tiff
from defectseg_jax.simulation.domain.patches import simulate_patch
from defectseg_jax.simulation.domain.real_backgrounds import (
  read_backgrounds,
  select_backgrounds,
)
from defectseg_jax.simulation.domain.settings import (
  DomainSettings,
  ImagingSettings,
  domain_settings,
)
from defectseg_jax.simulation.parameters import FoilParameters

DOMAIN = DomainSettings()
ONE_KIND = {
  'bright_field': ImagingSettings(1.0, 0.0, 0.0),
  'annular_dark_field': ImagingSettings(0.0, 1.0, 0.0),
  'scanning_foil': ImagingSettings(0.0, 0.0, 1.0),
}


def voids(seed, domain=DOMAIN, **more):
  return simulate_patch(
    domain,
    FoilParameters(),
    defect='voids',
    side_px=96,
    seed=(0, 1, seed),
    **more,
  )


@pytest.mark.parametrize('kind', ONE_KIND)
def test_a_seed_gives_the_same_bits(kind):
  domain = dataclasses.replace(DOMAIN, imaging=ONE_KIND[kind])
  first, again, other = voids(5, domain), voids(5, domain), voids(6, domain)
  for name in ('pixels', 'mask', 'counts'):
    assert (getattr(first, name) == getattr(again, name)).all()
  assert (first.pixels != other.pixels).any()
  assert (
    first.pixels.shape == first.mask.shape == first.counts.shape == (96, 96)
  )
  assert first.pixels.dtype == np.float32


def test_sizes_keep_to_their_ranges_and_pixels_follow():
  objects = dataclasses.replace(
    DOMAIN.objects, diameter_px=(10.0, 12.0), diameter_nm=(20.0, 24.0)
  )
  domain = dataclasses.replace(
    DOMAIN, objects=objects, imaging=ONE_KIND['bright_field']
  )
  for seed in range(8):
    made = voids(seed, domain)
    assert 10 <= made.diameter_px <= 12
    assert 20 / 12 <= made.pixel_size_nm <= 24 / 10


def test_empty_micrographs_come_as_often_as_asked_for():
  for fraction in (0.0, 1.0):
    objects = dataclasses.replace(
      DOMAIN.objects,
      empty_fraction=fraction,
      covered_fraction=(0.3, 0.4),
      diameter_px=(8.0, 10.0),
      visible_ratio=0.0,
    )
    domain = dataclasses.replace(
      DOMAIN, objects=objects, imaging=ONE_KIND['annular_dark_field']
    )
    found = [voids(seed, domain).mask.any() for seed in range(6)]
    assert found == [fraction == 0.0] * 6


def test_what_is_too_faint_counts_neither_way():
  objects = dataclasses.replace(
    DOMAIN.objects,
    empty_fraction=0.0,
    covered_fraction=(0.3, 0.4),
    diameter_px=(8.0, 10.0),
  )
  imaging = ONE_KIND['annular_dark_field']

  def made(ratio):
    return voids(
      3,
      dataclasses.replace(
        DOMAIN,
        imaging=imaging,
        objects=dataclasses.replace(objects, visible_ratio=ratio),
      ),
    )

  seen, unseen = made(0.0), made(1e9)
  assert seen.mask.any()
  assert seen.counts.all()
  assert not unseen.mask.any()
  assert ((~unseen.counts) == seen.mask).all()
  assert (seen.pixels == unseen.pixels).all()


def test_what_is_too_faint_is_not_in_micrographs_to_judge_by():
  objects = dataclasses.replace(
    DOMAIN.objects,
    empty_fraction=0.0,
    covered_fraction=(0.3, 0.4),
    diameter_px=(8.0, 10.0),
    relative_std=(0.5, 0.5),
    visible_ratio=30.0,
  )
  domain = dataclasses.replace(
    DOMAIN, objects=objects, imaging=ONE_KIND['bright_field']
  )
  changed = 0
  for seed in range(6):
    plain, clean = voids(seed, domain), voids(seed, domain, to_judge_by=True)
    assert clean.counts.mean() >= plain.counts.mean()
    changed += (clean.pixels != plain.pixels).any()
    if plain.counts.all():
      assert (clean.pixels == plain.pixels).all()
  assert changed


def test_voids_are_rendered_into_real_backgrounds():
  stripes = np.ones((300, 300), np.float32)
  stripes[::2] = 0.5
  domain = dataclasses.replace(
    DOMAIN, imaging=ONE_KIND['bright_field'], real_background_fraction=1.0
  )
  with_real = voids(2, domain, backgrounds=[stripes])
  assert (with_real.pixels != voids(2, domain).pixels).any()


def test_backgrounds_are_read_from_a_folder_or_its_images(tmp_path):
  from PIL import Image

  (tmp_path / 'images').mkdir()
  pixels = np.full((8, 9), 50, np.uint8)
  pixels[0] = 100
  Image.fromarray(pixels).save(tmp_path / 'images' / 'a.png')
  (found,) = read_backgrounds(tmp_path)
  assert found.shape == (8, 9)
  assert found.mean() == pytest.approx(1, rel=1e-6)
  assert found[0, 0] == pytest.approx(2 * found[1, 0])


def test_of_a_raw_background_and_its_picture_the_raw_one_is_taken(tmp_path):
  write_tiff(tmp_path / 'a.tif', np.eye(8, dtype='u1'), pixel_size_nm=0.5)
  write_tiff(tmp_path / 'b.tif', np.eye(9, dtype='u1'), pixel_size_nm=0.5)
  (tmp_path / 'a.png').write_bytes(b'not even read')
  (tmp_path / 'notes.txt').touch()
  assert [len(one) for one in read_backgrounds(tmp_path)] == [8, 9]
  assert select_backgrounds(tmp_path).remarks == [
    'Passed over, not an image that can be read: notes.txt.',
    'Passed over, the raw file of the same name is taken: a.png (a.tif).',
  ]


def test_a_dark_background_is_refused(tmp_path):
  from PIL import Image

  Image.fromarray(np.zeros((8, 8), np.uint8)).save(tmp_path / 'dark.png')
  with pytest.raises(InputError, match=r'dark\.png: no pixel is above 0'):
    read_backgrounds(tmp_path)


@pytest.mark.parametrize(
  ('field', 'message'),
  [
    ({'objects': {'diameter_px': (9.0, 5.0)}}, 'the smaller first'),
    ({'objects': {'diameter_px': (0.0, 5.0)}}, 'must be from 1e-06'),
    (
      {'camera': {'jpeg_fraction': 1.5}},
      'must be from 0 to 1: it is a fraction',
    ),
    ({'patches': -1}, 'must be a whole number from 1'),
    (
      {'objects': {'relative_std': (0.5, 1.2)}},
      'to 1: it is relative to the mean',
    ),
    (
      {'objects': {'thickness_per_diameter': (0.9, 2.0)}},
      'no object fits into its foil',
    ),
  ],
)
def test_a_wrong_range_is_refused(field, message):
  with pytest.raises(InputError, match=message):
    domain_settings(field)
