"""--series: the images of a session as frames of one experiment."""

import io
import json
import re

import numpy as np
import pytest
from rich.console import Console
from scipy import ndimage
from sessions import After, Never, contents, rows_of

from configs import dislocations, voids
from defectseg_jax.jobs import quantify as job
from defectseg_jax.micrographs.writing import write_mask, write_tiff
from defectseg_jax.runtime.interruption import Stopped
from defectseg_jax.sessions.requests import QuantifyRequest
from defectseg_jax.sessions.series import natural_order

SIDE, FRAMES, PIXEL_NM = 128, 8, 0.5
# Right and down, from frame to frame.
STEP = (2, -1)
STAYS, GROWS, SHORT = (50, 40), (90, 80), (40, 90)
# SHORT is seen in these frames; in this one nothing is but noise.
SHORT_IN, NOISE_IN = (2, 3, 4), 6
# Places in the order of names: f_8, f_9, f_10, ...
NAMES = [f'f_{8 + number}' for number in range(FRAMES)]


def frame(number):
  """Pixels and mask, number from 0."""
  random = np.random.default_rng(7)
  world = ndimage.gaussian_filter(random.normal(size=(192, 192)), 2) * 80
  right, down = STEP[0] * number, STEP[1] * number
  pixels = world[30 - down : 158 - down, 30 - right : 158 - right]
  rows, columns = np.mgrid[:SIDE, :SIDE]
  mask = np.zeros((SIDE, SIDE), bool)
  discs = [(STAYS, 12), (GROWS, 12 + number)]
  if number + 1 in SHORT_IN:
    discs.append((SHORT, 14))
  for (row, column), diameter in discs:
    away = np.hypot(rows - row - down, columns - column - right)
    mask |= away <= diameter / 2
  noise = np.random.default_rng(number).normal(scale=3, size=mask.shape)
  if number + 1 == NOISE_IN:
    return noise, mask
  return pixels - 20 * mask + noise, mask


@pytest.fixture(scope='module')
def experiment(tmp_path_factory):
  """Folders images and masks, and a table of times."""
  folder = tmp_path_factory.mktemp('experiment')
  for kind in ('images', 'masks'):
    (folder / kind).mkdir()
  lines = ['file,time_s']
  for number, name in enumerate(NAMES):
    pixels, mask = frame(number)
    pixels = (pixels * 20 + 20000).astype(np.uint16)
    write_tiff(
      folder / 'images' / f'{name}.tif', pixels, pixel_size_nm=PIXEL_NM
    )
    write_mask(folder / 'masks' / f'{name}.tif', mask, pixel_size_nm=PIXEL_NM)
    lines.append(f'{name}.tif,{30 * number}')
  (folder / 'times.csv').write_text('\n'.join(lines) + '\n')
  return folder


def measure(experiment, out, config=None, names=NAMES, **fields):
  """Measures the masks; what was said."""
  console = Console(file=io.StringIO(), width=1000)
  fields = {'micrographs': [str(experiment / 'images')], **fields}
  request = QuantifyRequest(
    masks=[str(experiment / 'masks' / f'{one}.tif') for one in names],
    output=str(out),
    thickness_nm=100.0,
    series=True,
    **fields,
  )
  job.quantify(config or voids.get_config(), request, console, Never())
  return console.file.getvalue()


@pytest.fixture(scope='module')
def measured(experiment, tmp_path_factory):
  """The folder, and what was said."""
  out = tmp_path_factory.mktemp('measured') / 'out'
  return out, measure(
    experiment, out, calibration=str(experiment / 'times.csv')
  )


def test_frames_go_by_the_value_of_their_numbers(measured):
  rows = rows_of(measured[0] / 'series.csv')
  assert [row['image'] for row in rows] == NAMES
  assert [row['time_s'] for row in rows] == [str(30 * n) for n in range(FRAMES)]
  assert natural_order('z[2]') < natural_order('z[10]')


def test_drift_is_that_which_was_drawn(measured):
  for number, row in enumerate(rows_of(measured[0] / 'series.csv')):
    if number + 1 == NOISE_IN:
      assert row['drift_known'] == 'False' and row['drift_x_nm'] == 'NaN'
      assert row['appeared'] == ''
      continue
    assert [float(row[f'drift_{axis}_nm']) for axis in 'xy'] == pytest.approx(
      [one * number * PIXEL_NM for one in STEP], abs=0.1
    )


def test_a_frame_that_cannot_be_laid_over_the_others_is_named(measured):
  out, said = measured
  name = NAMES[NOISE_IN - 1]
  assert f'drift of 1 of {FRAMES} frames is not known' in said
  assert json.loads((out / 'series.json').read_text())['drift_not_known'] == [
    name
  ]
  tracks = rows_of(out / 'tracks.csv')
  assert {row['track'] for row in tracks if row['image'] == name} == {''}


def test_methods_say_how_frames_were_followed(measured):
  said = (measured[0] / 'paper' / 'methods.md').read_text()
  assert f'The {FRAMES} images were taken for frames of one experiment' in said
  name = NAMES[NOISE_IN - 1].replace('_', r'\_')
  assert f'in no link: {name} (' in said
  cited = (measured[0] / 'paper' / 'references.bib').read_text()
  for key in ('guizar2008', 'jaqaman2008', 'kaplan1958'):
    assert f'@{key}]' in said and f'{{{key},' in cited


def test_tracks_stay_where_they_are_on_the_specimen(measured):
  rows = rows_of(measured[0] / 'tracks.csv')
  by_track = {}
  for row in rows:
    by_track.setdefault(row['track'], []).append(row)
  own = [by_track[one] for one in sorted(by_track) if one]
  assert [len(one) for one in own] == [FRAMES - 1, FRAMES - 1, len(SHORT_IN)]
  for place, frames in zip((STAYS, GROWS, SHORT), own):
    for row in frames:
      found = float(row['y_nm']), float(row['x_nm'])
      drawn = [(one + 0.5) * PIXEL_NM for one in place]
      assert found == pytest.approx(drawn, abs=0.2)


def test_lifetimes_and_growth_are_those_which_were_drawn(measured):
  stays, grows, short = rows_of(measured[0] / 'lifetimes.csv')
  # A pixel of 0.5 nm each 30 s.
  assert float(grows['growth_per_s']) == pytest.approx(0.5 / 30, rel=0.05)
  assert abs(float(stays['growth_per_s'])) < 1e-3
  assert stays['lifetime_is'].startswith('at least')
  assert (short['begins'], short['ends']) == ('appeared', 'disappeared')
  assert (short['lifetime_s'], short['lifetime_is']) == ('90', 'whole')
  found = json.loads((measured[0] / 'series.json').read_text())
  assert found['median_lifetime'] == 90
  rows = rows_of(measured[0] / 'series.csv')
  assert [row['appeared'] for row in rows] == list('01000') + [''] + list('00')
  assert [row['disappeared'] for row in rows][:5] == list('00001')


def test_the_common_view_is_what_drift_leaves(measured):
  # The last frame has moved 14 right and 7 up.
  found = json.loads((measured[0] / 'series.json').read_text())
  assert found['common_area_px'] == (SIDE - 14) * (SIDE - 7)
  row = rows_of(measured[0] / 'series.csv')[0]
  area_m2 = (SIDE - 14) * (SIDE - 7) * (PIXEL_NM * 1e-9) ** 2
  assert row['common_view_count'] == '2'
  assert float(row['common_view_number_per_area_per_m2']) == pytest.approx(
    2 / area_m2, rel=1e-5
  )


def test_the_page_shows_frames_and_curves(measured):
  page = (measured[0] / 'report.html').read_text()
  section = page.split('class="series">')[1].split('</section>')[0]
  assert section.count('<figure class="frame') == FRAMES
  assert f'max="{FRAMES - 1}"' in section
  colours = [
    re.findall(r'stroke="(#\w+)"', one) for one in section.split('<figure')[1:]
  ]
  # The same objects in the same colours, but where nothing is linked.
  assert colours[0] == colours[-1] and len(set(colours[0])) == 2
  assert set(colours[NOISE_IN - 1]) == {'#ffffff'}
  assert 'src="data:image/png;base64,' in section
  assert (measured[0] / 'series.png').stat().st_size > 10_000


def test_without_times_and_micrographs_it_is_said(experiment, tmp_path):
  said = measure(experiment, tmp_path / 'out', names=NAMES[:2], micrographs=())
  assert "Time is the frame's number" in said
  assert 'Drift is found by the masks' in said
  rows = rows_of(tmp_path / 'out' / 'series.csv')
  assert {row['time_s'] for row in rows} == {''}


def test_lines_have_density_and_drift_alone(experiment, tmp_path):
  said = measure(
    experiment, tmp_path / 'out', dislocations.get_config(), NAMES[:2]
  )
  assert 'Lines are not linked' in said
  row = rows_of(tmp_path / 'out' / 'series.csv')[1]
  assert float(row['drift_x_px']) == pytest.approx(STEP[0], abs=0.2)
  assert float(row['density_grid_per_m2']) > 0
  assert not (tmp_path / 'out' / 'tracks.csv').exists()


def test_times_that_do_not_rise_are_not_taken(experiment, tmp_path):
  table = tmp_path / 'times.csv'
  text = (experiment / 'times.csv').read_text()
  table.write_text(text.replace(',60\n', ',10\n'))
  given = {'names': NAMES[:3], 'calibration': str(table)}
  said = measure(experiment, tmp_path / 'out', **given)
  assert 'do not rise from frame to frame' in said


@pytest.mark.slow
@pytest.mark.xdist_group('predict')
def test_a_session_that_was_stopped_ends_in_the_same_bytes(
  predict, experiment, tmp_path
):
  images = [experiment / 'images' / f'{one}.tif' for one in NAMES[:4]]
  given = {'calibration': str(experiment / 'times.csv'), 'series': True}
  assert predict(*images, output=str(tmp_path / 'whole'), **given)
  with pytest.raises(Stopped):
    predict(*images, interruption=After(5), **given)
  assert predict(*images, **given)
  found = contents(tmp_path / 'out')
  assert found == contents(tmp_path / 'whole')
  assert {'series.csv', 'tracks.csv', 'lifetimes.csv', 'series.png'} <= {*found}
