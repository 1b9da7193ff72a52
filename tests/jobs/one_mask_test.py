"""One mask, one number: whoever measures it counts the same objects."""

import json
import pathlib
import re
import shutil
import subprocess

import numpy as np
import pytest
import tifffile
import tiny
from PIL import Image
from rich.console import Console
from sessions import Never, by_image, corrected, rows_of
from skimage import measure

from defectseg_jax.jobs import quantify
from defectseg_jax.runs.workdir import Workdir
from defectseg_jax.sessions.requests import QuantifyRequest

# The run is trained once; its tests share a process.
pytestmark = [pytest.mark.xdist_group('predict'), pytest.mark.slow]

_IMAGEJ = pathlib.Path('/usr/share/java/ij.jar')
_MACRO = """
setBatchMode(true);
folder = getArgument();
list = getFileList(folder);
run('Set Measurements...', 'area redirect=None decimal=9');
for (i = 0; i < list.length; i++) {
  open(folder + '/' + list[i]);
  run('Set Scale...', 'distance=0 known=0 unit=pixel');
  setThreshold(128, 255);
  run('Analyze Particles...', 'size=0-Infinity display clear');
  line = list[i];
  for (n = 0; n < nResults; n++) line += ' ' + getResult('Area', n);
  print(line);
  close();
}
"""


@pytest.fixture
def run(trained_run, tmp_path):
  """A run that trusts no particle below 60 pixels, and enlarges images."""
  run = shutil.copytree(trained_run, tmp_path / 'run')
  path = run / 'dev_detection.json'
  content = json.loads(path.read_text())
  content['settings']['minimum_area_px'] = 60
  path.write_text(json.dumps(content))
  (run / 'seen_sizes.json').write_text('{"pixel_size_nm": [0.2, 0.25]}')
  return run


@pytest.fixture
def done(predict, run, tmp_path):
  """A session, two masks of which a person corrected, also by specks."""
  out = tmp_path / 'out'
  assert predict(workdir=Workdir(run))
  mask = corrected(out / 'masks' / 'x.tif')
  mask[100:103, 100:103] = 255
  tifffile.imwrite(out / 'masks' / 'x.tif', mask)
  mask = 0 * tifffile.imread(out / 'masks' / 'y.tif')
  mask[20:24, 20:24] = mask[60:70, 60:70] = 255
  Image.fromarray(mask).save(out / 'masks' / 'y.png')
  assert predict(workdir=Workdir(run))
  return out


def areas_of_rows(path):
  """By image the areas of its objects, in pixels, sorted."""
  found = {}
  for row in rows_of(path):
    found.setdefault(row['image'], []).append(int(row['area_px']))
  return {name: sorted(areas) for name, areas in found.items()}


def areas_on_page(out):
  """The same, of what the page lists of each image and outlines."""
  page = (out / 'report.html').read_text()
  texts = re.findall(
    r'<script[^>]*type="application/json"[^>]*>(.*?)</script>', page, re.DOTALL
  )
  found = []
  for content in map(json.loads, texts):
    columns = content['columns']
    rows = [dict(zip(columns, row)) for row in content['rows']]
    found.append(sorted(row['area_px'] for row in rows if row['found']))
  return found


def test_page_tables_and_other_programs_count_the_same(done, run, tmp_path):
  rows, areas = by_image(done), areas_of_rows(done / 'objects.csv')
  assert {n: int(row['count_all']) for n, row in rows.items()} == {
    name: len(found) for name, found in areas.items()
  }
  assert areas_on_page(done) == list(areas.values())
  for name, row in rows.items():
    mask = tifffile.imread(done / 'masks' / f'{name}.tif') > 0
    regions = measure.regionprops(measure.label(mask, connectivity=2))
    assert sorted(int(one.area) for one in regions) == areas[name]
    assert float(row['area_fraction']) == pytest.approx(mask.mean(), rel=1e-5)
  quantify.quantify(
    Workdir(run).read_config(),
    QuantifyRequest(
      output=str(tmp_path / 'again'),
      masks=[str(done)],
      thickness_nm=100.0,
      detection=str(run / 'dev_detection.json'),
    ),
    Console(quiet=True),
    Never(),
  )
  assert areas_of_rows(tmp_path / 'again' / 'objects.csv') == areas
  again = by_image(tmp_path / 'again')
  for name, row in rows.items():
    assert {c: v for c, v in again[name].items() if row[c] != v} == {}


@pytest.mark.skipif(
  not (_IMAGEJ.exists() and shutil.which('xvfb-run')),
  reason='no ImageJ or no Xvfb (Debian: apt install imagej xvfb xauth)',
)
def test_imagej_counts_the_same(done, tmp_path):
  (tmp_path / 'count.ijm').write_text(_MACRO)
  said = subprocess.run(
    [
      *('xvfb-run', '-a', 'java', '-Xmx256m', f'-Duser.home={tmp_path}'),
      *('-cp', _IMAGEJ, 'ij.ImageJ', '-batch', 'count.ijm', done / 'masks'),
    ],
    cwd=tmp_path,
    capture_output=True,
    text=True,
    timeout=tiny.HANGS_S,
    check=False,
  ).stdout
  found = {}
  for line in said.splitlines():
    name, *numbers = line.split()
    # Without a window, ImageJ prints its tables, too.
    if not name.endswith('.tif'):
      continue
    found[name.removesuffix('.tif')] = sorted(map(float, numbers))
  assert found == areas_of_rows(done / 'objects.csv')
  assert all(np.array(areas).sum() > 0 for areas in found.values())
