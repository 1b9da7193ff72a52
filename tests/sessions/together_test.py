"""Several defects in one session, by networks that look at grey levels."""

import csv
import dataclasses
import json
import pathlib
import shutil
import types

import numpy as np
import pytest
import tifffile
from rich.console import Console
from scipy import ndimage

from defectseg_jax import command_line, given_config
from defectseg_jax.applicability.verdict import Applies
from defectseg_jax.errors import InputError
from defectseg_jax.files import json_text
from defectseg_jax.micrographs.writing import write_tiff
from defectseg_jax.prediction.scales import SeenSizes
from defectseg_jax.runs.network_card import (
  network_config,
  network_path,
  read_card,
)
from defectseg_jax.runs.network_file import load_network
from defectseg_jax.runtime.interruption import Stopped
from defectseg_jax.sessions.folder import SessionFolder
from defectseg_jax.sessions.given import Given
from defectseg_jax.sessions.image_update import Found
from defectseg_jax.sessions.predict_session import Part, predict_session
from defectseg_jax.sessions.requests import PredictRequest
from defectseg_jax.sessions.together import session, settling
from defectseg_jax.sessions.together.folder import (
  TogetherFolder,
  require_alone,
)
from defectseg_jax.sessions.together.neighbours import (
  RIMS,
  neighbours,
  rows_of_all,
)
from defectseg_jax.sessions.together.objects import Objects
from defectseg_jax.sessions.together.session import predict_defects
from defectseg_jax.sessions.together.telling import told_to
from defectseg_jax.sessions.told import FILE, Told, read_told

# What each network finds, by the lowest and the highest grey, and how surely.
_GREYS = {
  'voids': (100, 256, 0.99),
  'precipitates': (180, 256, 0.999),
  'dislocations': (60, 80, 0.99),
}
_QUIET = Console(quiet=True)


@pytest.fixture(scope='module')
def runs():
  return {defect: _run(defect) for defect in _GREYS}


def _run(defect):
  low, high, sure = _GREYS[defect]

  def probabilities(pixels, **_):
    return np.where((pixels >= low) & (pixels < high), sure, 0.0).astype(
      np.float32
    )

  return dataclasses.replace(
    load_network(defect),
    probabilities=probabilities,
    references=(),
    # They look at the image as it is, and at no other scale.
    seen=SeenSizes(),
  )


@pytest.fixture(scope='module')
def micrographs(tmp_path_factory):
  """Two voids, two precipitates and a line that crosses a void."""
  rows, columns = np.mgrid[:128, :160]
  pixels = np.full((128, 160), 20, np.uint8)
  pixels[62:65] = 70
  for row, column, radius, grey in (
    *((30, 30, 10, 150), (63, 100, 9, 150)),
    *((30, 51, 10, 220), (100, 120, 12, 220)),
  ):
    pixels[np.hypot(rows - row, columns - column) <= radius] = grey
  folder = tmp_path_factory.mktemp('foils')
  for name in 'ab':
    write_tiff(folder / f'{name}.tif', pixels, pixel_size_nm=0.5)
  return folder


def _parts(runs, micrographs, out, *, overwrite=False):
  folder = TogetherFolder(out, overwrite=overwrite)
  parts = []
  for defect, run in runs.items():
    request = PredictRequest(
      output=str(out / defect),
      images=[str(micrographs)],
      network=defect,
      thickness_nm=100.0,
      overwrite=overwrite,
    )
    path = network_path(defect)
    config = network_config(path, read_card(path), None)
    where = folder.session(defect)
    parts.append(Part(Given.of(request), run, where, (config, None)))
  return parts, folder


def _predict(runs, micrographs, out, check=lambda: None, **how):
  parts, folder = _parts(runs, micrographs, out, **how)
  with folder.hold():
    return predict_defects(
      parts, folder, console=_QUIET, check_interruption=check
    )


@pytest.fixture(scope='module')
def finished(runs, micrographs, tmp_path_factory):
  """A session that is done, never changed; and what it told."""
  out = tmp_path_factory.mktemp('finished') / 'out'
  return out, _predict(runs, micrographs, out)


def _contents(folder: pathlib.Path) -> dict[str, bytes]:
  return {
    str(path.relative_to(folder)): path.read_bytes()
    for path in sorted(folder.rglob('*'))
    if path.is_file()
    and path.name not in ('session.json', 'together.json', 'report.html')
  }


def _rows(path):
  with path.open(newline='') as stream:
    return list(csv.DictReader(stream))


def test_no_pixel_is_of_two_particles_and_lines_keep_theirs(
  runs, micrographs, finished
):
  out, together = finished
  voids, precipitates, lines = (
    tifffile.imread(out / defect / 'masks' / 'a.tif') > 0 for defect in runs
  )
  assert not (voids & precipitates).any()
  image = tifffile.imread(micrographs / 'a.tif')
  np.testing.assert_array_equal(precipitates, image >= 180)
  # The void that a precipitate touches ends where that begins.
  np.testing.assert_array_equal(voids, image == 150)
  assert lines[63, 5]
  claimed = [one for one in _rows(out / 'claims.csv') if one['lost_by']]
  assert [one['image'] for one in claimed] == ['a', 'b']
  for one in claimed:
    assert (one['kept_by'], one['lost_by']) == ('precipitates', 'voids')
    assert int(one['pixels']) == (image >= 180).sum()
    # One was the other's alone; that which touches a void is a part of it.
    assert int(one['cut']) + int(one['dropped']) == 2
  page = (out / 'report.html').read_text()
  for sentence in (*together.associations, *together.claims):
    assert sentence in page
  # A line that crosses a void is no rim of it.
  assert not together.doubts
  assert page.count('<svg class="foil"') == 2
  assert page.count('data-layer="voids"') == 2
  rows = _rows(out / 'summary.csv')
  assert [(one['defect'], one['image']) for one in rows] == [
    (defect, name) for defect in runs for name in 'ab'
  ]
  near = {
    (r['image'], r['of'], r['at']): r for r in _rows(out / 'association.csv')
  }
  # Two images, each with one of two voids at a precipitate.
  pooled = near['all images', 'voids', 'precipitates']
  assert (pooled['near'], pooled['objects']) == ('2', '4')


def test_methods_say_what_was_done_together(finished):
  out, together = finished
  said = (out / 'paper' / 'methods.md').read_text()
  for sentence in (*together.associations, *together.claims):
    assert f'{sentence}.' in said
  for words in ('999 random images', '100 tries', 'within 2 pixels, 1 nm'):
    assert words in said
  cited = (out / 'paper' / 'references.bib').read_text()
  for key in ('besag1977', 'lancaster1961', 'ohser1983'):
    assert f'@{key}]' in said and f'{{{key},' in cited
  of_voids = (out / 'voids' / 'paper' / 'methods.md').read_text()
  [claims] = together.claims
  assert 'Pixels that two networks claimed: each' in of_voids
  assert claims in of_voids and 'random images' not in of_voids
  of_lines = (out / 'dislocations' / 'paper' / 'methods.md').read_text()
  assert 'claimed' not in of_lines


def test_what_is_told_to_a_session_is_kept_for_who_makes_it_anew(
  finished, tmp_path
):
  out, together = finished
  told = read_told(out / 'voids', 'voids')
  assert together.claims[0] in told.how_made['claimed twice']
  assert read_told(tmp_path / 'alone', 'voids') == Told()
  (tmp_path / 'together.json').write_text('{}')
  (tmp_path / FILE).write_text('{"voids": 3}')
  with pytest.raises(InputError, match=r'told\.json: cannot be read'):
    read_told(tmp_path / 'voids', 'voids')


@pytest.mark.slow
def test_rims_are_doubted_in_the_session_of_the_lines(
  runs, micrographs, finished, tmp_path
):
  """The network of lines outlines all: its own page and paper say so."""
  out = tmp_path / 'out'
  lines = dataclasses.replace(
    runs['dislocations'], probabilities=_rims_of_voids
  )
  those = {'voids': runs['voids'], 'dislocations': lines}
  together = _predict(those, micrographs, out)
  assert [one.partition(': ')[0] for one in together.doubts] == ['a', 'b']
  doubt = together.doubts[0].removeprefix('a: ')
  below = out / 'dislocations'
  assert doubt in (below / 'report.html').read_text()
  assert f'a, {doubt}' in (below / 'paper' / 'methods.md').read_text()
  table = (below / 'paper' / 'tables.csv').read_text()
  assert table.count('lines may be rims of particles') == 2
  for folder in (below, out):
    rows = _rows(folder / 'summary.csv')
    doubted = [one for one in rows if RIMS in one['warnings']]
    assert len(doubted) == 2
  assert RIMS not in (out / 'voids' / 'report.html').read_text()


def _rims_of_voids(pixels, **_):
  void = pixels >= 100
  rim = ndimage.binary_dilation(void, iterations=2) & ~void
  return np.where(rim, 0.99, 0.0).astype(np.float32)


@pytest.mark.slow
def test_pixels_are_settled_anew_where_a_network_no_longer_applies(
  runs, micrographs, finished, tmp_path, monkeypatch
):
  out = shutil.copytree(finished[0], tmp_path / 'out')

  def stop(*_):
    raise Stopped(143)

  # Masks are on disk before they are looked at together.
  monkeypatch.setattr(session, 'look_at_images', stop)
  # As other references of precipitates would have it.
  monkeypatch.setattr(
    settling,
    '_applies',
    lambda run, _: run.settings.defect != 'precipitates',
  )
  with pytest.raises(Stopped):
    _predict(runs, micrographs, out)
  [claimed] = settling.read_claims(out, 'a')
  assert (claimed['winner'], claimed['loser']) == ('voids', 'precipitates')
  image = tifffile.imread(micrographs / 'a.tif')
  mask = tifffile.imread(out / 'voids' / 'masks' / 'a.tif') > 0
  np.testing.assert_array_equal(mask, image >= 100)
  # And once.
  asked = []
  monkeypatch.setattr(settling, 'look_at', lambda *_: asked.append(None))
  with pytest.raises(Stopped):
    _predict(runs, micrographs, out)
  assert not asked


@pytest.mark.slow
def test_resumes_to_the_bits_of_an_unbroken_session(
  runs, micrographs, finished, tmp_path
):
  whole, broken = finished[0], tmp_path / 'broken'
  calls = []

  def stop():
    calls.append(None)
    if len(calls) == 2:
      raise Stopped(143)

  with pytest.raises(Stopped):
    _predict(runs, micrographs, broken, check=stop)
  assert not (broken / 'report.html').exists()
  _predict(runs, micrographs, broken)
  assert _contents(broken) == _contents(whole)


@pytest.mark.slow
def test_networks_are_not_asked_twice_and_corrections_count(
  runs, micrographs, finished, tmp_path
):
  out = shutil.copytree(finished[0], tmp_path / 'out')

  def refuse(*_, **__):
    raise AssertionError('a network was asked')

  deaf = {
    defect: dataclasses.replace(run, probabilities=refuse)
    for defect, run in runs.items()
  }
  path = out / 'voids' / 'masks' / 'a.tif'
  tifffile.imwrite(path, np.zeros_like(tifffile.imread(path)))
  _predict(deaf, micrographs, out)
  near = {
    (r['image'], r['of'], r['at']): r for r in _rows(out / 'association.csv')
  }
  assert near['a', 'voids', 'precipitates']['objects'] == '0'
  assert near['b', 'voids', 'precipitates']['objects'] == '2'


def test_one_network_in_a_session_of_its_own_is_not_settled(
  runs, micrographs, tmp_path
):
  parts, _ = _parts({'voids': runs['voids']}, micrographs, tmp_path / 'out')
  [(given, run, _, asked)] = parts
  folder = SessionFolder(tmp_path / 'alone', overwrite=False)
  with folder.hold():
    predict_session(
      *(given, run, folder),
      asked=asked,
      console=_QUIET,
      check_interruption=lambda: None,
    )
  image = tifffile.imread(micrographs / 'a.tif')
  mask = tifffile.imread(tmp_path / 'alone' / 'masks' / 'a.tif') > 0
  np.testing.assert_array_equal(mask, image >= 100)


def test_folders_of_one_and_of_several_are_told_apart(
  runs, micrographs, finished
):
  out, _ = finished
  with pytest.raises(InputError, match='files that are not of a session'):
    SessionFolder(out, overwrite=False)
  with pytest.raises(InputError, match='name all its networks'):
    require_alone(out / 'voids')
  with pytest.raises(InputError, match='holds dislocations, too'):
    few = {one: runs[one] for one in ('voids', 'precipitates')}
    _predict(few, micrographs, out)


@pytest.mark.parametrize(
  ('network', 'workdir', 'mode', 'said'),
  [
    ('voids,voids', None, 'predict', '2 of these networks look for voids'),
    ('voids,', None, 'predict', 'a comma too many'),
    ('voids,dislocations', 'runs/a', 'predict', 'both bring networks'),
    ('voids,dislocations', None, 'review', 'are for --mode=predict'),
  ],
)
def test_networks_that_cannot_look_together(
  network, workdir, mode, said, monkeypatch
):
  flags = {'NETWORK': network, 'WORKDIR': workdir, 'CONFIG': None}
  for name, value in flags.items():
    flag = types.SimpleNamespace(value=value, present=value is not None)
    monkeypatch.setattr(command_line, name, flag)
  # Each network's own checks look at flags, too.
  monkeypatch.setattr(command_line, 'given_settings', list)
  monkeypatch.setattr(
    given_config,
    'config_of_network',
    lambda name, _: types.SimpleNamespace(defect=name),
  )
  with pytest.raises(InputError, match=said):
    given_config.several_networks(mode)


def test_a_comma_in_the_name_of_a_run_is_no_list(monkeypatch, tmp_path):
  folder = tmp_path / 'voids, 2'
  folder.mkdir()
  flags = {'NETWORK': None, 'WORKDIR': str(folder)}
  for name, value in flags.items():
    flag = types.SimpleNamespace(value=value)
    monkeypatch.setattr(command_line, name, flag)
  assert given_config.several_networks('predict') == ()


def _objects(defect, mask):
  nothing = np.empty((0, 2)), np.empty(0)
  return Objects(
    defect, defect == 'dislocations', mask.astype(int), None, *nothing
  )


@pytest.mark.parametrize(
  ('inner', 'far', 'doubted'),
  # Rims; rims and as much line elsewhere; a line through both voids.
  [(9, 0, True), (9, 0.3, True), (12, 1, False)],
)
def test_lines_that_outline_voids_are_doubted(inner, far, doubted):
  rows, columns = np.mgrid[:128, :256]
  away = np.minimum(
    np.hypot(rows - 64, columns - 60), np.hypot(rows - 64, columns - 180)
  )
  drawn = (away <= 11) & (away > inner)
  drawn[63:66, : int(256 * far)] = True
  image = [_objects('voids', away <= 11), _objects('dislocations', drawn)]
  found = neighbours('a', image, None, seed=0)
  assert bool(found.doubts) == doubted
  if doubted:
    (doubt,) = found.doubts.values()
    pair = 'voids', 'dislocations'
    (row,) = found.rows({pair: True})
    assert row['warnings'] == RIMS
    rows, sentences = rows_of_all([found], [{pair: True}])
    assert rows[0]['warnings'] == RIMS
    assert sentences[0].endswith('doubted, see above')
    assert 'rims of voids' in doubt
    told = told_to('dislocations', ('voids', 'dislocations'), [found], [])
    [warning] = told.warnings['a']
    assert (warning.name, warning.message) == (RIMS, doubt)
    # As a review reads it.
    assert Told.of(json.loads(json_text(told.to_json()))) == told


class _Judge:
  """Of a network that applies where its signs say so."""

  def judge(self, signs):
    return types.SimpleNamespace(applies=signs['applies'])


@pytest.mark.parametrize('winner', ['voids', 'precipitates'])
def test_pixels_go_to_the_network_that_applies(runs, winner):
  # Precipitates are surer, and win where both apply.
  mask = np.zeros((32, 32), bool)
  mask[8:24, 8:24] = True
  tasks, found = [], []
  for defect in ('voids', 'precipitates'):
    run = types.SimpleNamespace(
      settings=runs[defect].settings,
      threshold=0.5,
      judge=_Judge(),
      measurement_settings=runs[defect].measurement_settings,
    )
    tasks.append(
      types.SimpleNamespace(
        network=types.SimpleNamespace(run=run),
        inspection=types.SimpleNamespace(valid=None),
      )
    )
    sure = 0.7 if defect == 'voids' else 0.9
    applies = Applies.YES
    if winner == 'voids' and defect == 'precipitates':
      applies = Applies.NO
    probabilities = np.where(mask, sure, 0).astype(np.float32)
    found.append(Found(mask, probabilities, (1.0,), {'applies': applies}))
  kept, settled = settling._settled(tasks, found)  # pyright: ignore
  assert [one['winner'] for one in settled] == [winner]
  assert [one.mask.any() for one in kept] == [
    winner == defect for defect in ('voids', 'precipitates')
  ]
