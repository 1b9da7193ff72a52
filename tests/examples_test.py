"""The README's first command, as it stands there."""

import csv
import subprocess
import sys

import pytest
import tiny

import defectseg_jax as ds
from defectseg_jax.micrographs.masks import read_mask
from defectseg_jax.micrographs.reading import read_frames
from defectseg_jax.prediction.sure_regions import sure_mask


@pytest.mark.slow
def test_voids_of_the_examples_are_found_without_any_training(tmp_path):
  done = subprocess.run(
    [
      *(sys.executable, '-m', 'defectseg_jax.main', '--mode=predict'),
      *('--network=voids', f'--input={tiny.ROOT / "examples"}'),
      '--thickness_nm=100',
    ],
    # Where the results go, if nothing is said.
    cwd=tmp_path,
    env=tiny.environment(),
    capture_output=True,
    text=True,
    timeout=tiny.HANGS_S,
    check=False,
  )
  assert done.returncode == 0, done.stderr
  assert 'Page: results/voids/report.html' in done.stdout
  out = tmp_path / 'results/voids'
  assert (out / 'report.html').exists()
  with (out / 'objects.csv').open() as stream:
    images = [row['image'] for row in csv.DictReader(stream)]
  # By eye there are 17, 25 and 11; the faint outlines of the last are missed.
  assert 14 <= images.count('foil_1') <= 19
  assert 18 <= images.count('foil_2') <= 27
  assert 4 <= images.count('foil_3') <= 11
  # What the network is nowhere sure of is in no mask, and keeps its values.
  limits = ds.load_network('voids').limits
  for image in ('foil_1', 'foil_2', 'foil_3'):
    found = read_mask(out / f'masks/{image}.tif')
    read = read_frames(out / f'probabilities/{image}.tif')[0].values
    assert (read[found] >= limits.threshold).all()
    assert not (found & ~sure_mask(read, limits)).any()
  assert 'an object must reach 0.95 somewhere' in (
    out / 'report.html'
  ).read_text(encoding='utf-8')
  # What the last line of its output advises can be done.
  assert 'give --thickness_uncertainty and --pixel_size_unc' in done.stdout
  advised = tiny.run(
    [
      *(sys.executable, '-m', 'defectseg_jax.main', '--mode=predict'),
      *('--network=voids', f'--input={tiny.ROOT / "examples"}'),
      *('--thickness_nm=100', f'--output={out}'),
      *('--thickness_uncertainty=0.1', '--pixel_size_uncertainty=0.01'),
    ]
  )
  assert advised.returncode == 0, advised.stderr
  assert 'leave out how well' not in advised.stdout
