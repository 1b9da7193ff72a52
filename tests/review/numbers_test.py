"""One mask has one number: in the window, on the page, and of quantify."""

import csv
import math
import shutil

import numpy as np
import pytest
import reviews
from reviews import apply
from rich.console import Console
from sessions import Never

from configs import dislocations, voids
from defectseg_jax.jobs.quantify import quantify
from defectseg_jax.micrographs.masks import read_mask
from defectseg_jax.review.bare import Bare
from defectseg_jax.review.desk import Desk
from defectseg_jax.review.live_numbers import LiveNumbers
from defectseg_jax.review.reported import unreported
from defectseg_jax.review.review import Review
from defectseg_jax.sessions.requests import QuantifyRequest

SAME = {'image', 'applies', 'in_mean', 'warnings', 'replaced_pixels'}


def edit(document):
  """Of each kind of change one, cut and touching objects among them."""
  apply(document, 'toggle', row=14, column=140)
  apply(document, 'polygon', points=[[20, 70], [20, 92], [43, 92], [40, 70]])
  apply(document, 'polygon', points=[[100, 0], [100, 9], [119, 4]])
  apply(document, 'split', points=[[60, 40.5], [100, 40.5]])
  apply(document, 'paint', points=[[30, 30], [30, 44]], radius_px=2)


def numbers_of(row):
  """The numbers of a row; NaN and what is not given are the same here."""
  found = {}
  for name, value in row.items():
    if name in SAME:
      continue
    value = float(value) if value not in (None, '', 'NaN') else math.nan
    found[name] = value
  return found


def require_same(document_row, row, *, digits=15):
  one, two = numbers_of(document_row), numbers_of(row)
  # What a network has besides is open of a person.
  names = one.keys() & two.keys()
  assert len(names) > 25
  for name in names:
    assert one[name] == pytest.approx(
      two[name], rel=10.0**-digits, abs=0, nan_ok=True
    ), name


def quantified(folder, output, config, **more):
  request = QuantifyRequest(
    masks=[str(folder)],
    output=str(output),
    thickness_nm=reviews.THICKNESS_NM if 'thickness_nm' not in more else None,
  )
  quantify(config.get_config(), request, Console(quiet=True), Never())
  with (output / 'summary.csv').open(newline='') as stream:
    return {row['image']: row for row in csv.DictReader(stream)}


@pytest.mark.parametrize('with_regions', [False, True])
def test_window_page_and_quantify_have_the_same_numbers(
  session, tmp_path, with_regions
):
  with Review.open(session) as review:
    document = review.document('x')
    assert document.numbers()['row']['count'] == 4
    edit(document)
    if with_regions:
      corner = [[0, 0], [0, 34], [34, 34], [34, 0]]
      apply(document, 'region', points=corner, value=2)
      right = [[60, 110], [60, 160], [120, 160], [120, 110]]
      apply(document, 'region', points=right, value=1)
    row = document.numbers()['row']
    untouched = review.document('y').numbers()['row']
  assert row['count'] == (5 if with_regions else 6)
  assert row['valid_fraction'] < 0.8 if with_regions else 1
  page = reviews.again(session)
  require_same(row, page['x'])
  require_same(untouched, page['y'])
  told = (session / 'report.html').read_text()
  assert '6 of 7 objects corrected by hand' in told
  by_quantify = quantified(session, tmp_path / 'numbers', voids)
  # summary.csv has six digits.
  require_same(row, by_quantify['x'], digits=5)
  require_same(untouched, by_quantify['y'], digits=5)
  with Review.open(session) as review:
    assert review.document('x').numbers()['row']['count'] == row['count']


def test_lines_have_the_same_numbers(tmp_path):
  mask = np.zeros((120, 160), bool)
  mask[40:43, 10:150] = True
  folder = reviews.write_session(
    tmp_path / 'out', {'x': (mask, mask)}, 'dislocations'
  )
  with Review.open(folder) as review:
    document = review.document('x')
    apply(document, 'split', points=[[35, 60], [50, 60]])
    apply(
      document,
      'line',
      points=[[10, 20], [100, 120]],
      width_px=3,
      snap=False,
    )
    row = document.numbers()['row']
    # Cut lines have a gap; where the new one crosses, they touch.
    assert not document.ids[41, 60]
  require_same(row, reviews.again(folder)['x'])
  require_same(
    row, quantified(folder, tmp_path / 'b', dislocations)['x'], digits=5
  )


def test_bare_micrographs_are_labelled_from_nothing(tmp_path):
  there = reviews.discs([(30, 30), (60, 90)])
  source = tmp_path / 'a.tif'
  reviews.write_tiff(source, reviews.foil(there)[0], pixel_size_nm=0.5)
  precious = source.read_bytes()
  bare = Bare([str(source)], 'voids', thickness_nm=reviews.THICKNESS_NM)
  out = tmp_path / 'out'
  with Review.open(out, bare=bare) as review:
    assert not review.has_network and [i.name for i in review.images] == ['a']
    document = review.document('a')
    apply(document, 'grow', row=30, column=30)
    apply(document, 'grow', row=61, column=89)
    row = document.numbers()['row']
    review.write_results()
    assert document.numbers()['row']['count'] == 2
  assert row['count'] == 2 and source.read_bytes() == precious
  require_same(row, quantified(out, tmp_path / 'b', voids)['a'], digits=5)
  assert '2 of 2 objects corrected by hand' in (out / 'report.html').read_text()
  # Given again, what was labelled is there.
  with Review.open(out, bare=bare) as review:
    assert review.document('a').numbers()['row']['count'] == 2


def test_what_a_killed_review_left_is_made_up_for(tmp_path, monkeypatch):
  monkeypatch.setattr('defectseg_jax.review.review._SAVE_EACH_S', 600.0)
  source, out, killed = (tmp_path / one for one in ('a.tif', 'out', 'killed'))
  there = reviews.discs([(30, 30)])
  reviews.write_tiff(source, reviews.foil(there)[0], pixel_size_nm=0.5)
  bare = Bare([str(source)], 'voids', thickness_nm=reviews.THICKNESS_NM)
  with Review.open(out, bare=bare) as review:
    apply(review.document('a'), 'grow', row=30, column=30)
    # What is on the disk then: the journal, and the mask as it was.
    shutil.copytree(out, killed)
    before = (killed / 'masks/a.tif').read_bytes()
  # Or it was killed after the note of what is written, and before the file.
  (out / 'masks/a.tif').write_bytes(before)
  with Review.open(out) as review:
    assert review.document('a').unsaved
  assert not read_mask(killed / 'masks/a.tif').any()
  with Review.open(killed) as review:
    review.write_results()
  assert read_mask(killed / 'masks/a.tif')[30, 30]
  with (killed / 'summary.csv').open() as stream:
    assert [row['count'] for row in csv.DictReader(stream)] == ['1']
  assert unreported(killed) == []


@pytest.mark.parametrize('with_regions', [False, True])
def test_numbers_made_ahead_are_the_same(session, tmp_path, with_regions):
  shutil.copytree(session, tmp_path / 'again')
  found = []
  for folder, ahead in ((session, False), (tmp_path / 'again', True)):
    with Review.open(folder) as review:
      document = review.document('x')
      if with_regions:
        right = [[60, 110], [60, 160], [120, 160], [120, 110]]
        apply(document, 'region', points=right, value=1)
      for change in (edit, lambda document: document.undo()):
        if ahead:
          document.prepare()
        change(document)
        found.append(document.numbers())
  assert found[:2] == found[2:]


def test_what_was_made_ahead_of_another_mask_is_dropped(session, monkeypatch):
  begin = LiveNumbers._begin
  with Review.open(session) as review:
    document = review.document('x')

    def begin_while_one_clicks(self, ids, valid):
      monkeypatch.undo()
      found = begin(self, ids, valid)
      apply(document, 'toggle', row=14, column=140)
      return found

    monkeypatch.setattr(LiveNumbers, '_begin', begin_while_one_clicks)
    document.prepare()
    assert document.version == 1
    assert document.numbers()['row']['count'] == 3


def test_a_change_brings_its_numbers_once_all_is_measured(session):
  with Review.open(session) as review:
    desk = Desk(review)
    out = {'kind': 'toggle', 'row': 14, 'column': 140}
    answers = []
    for version in (0, 1):
      if version:
        desk.prepare('x')
      answers.append(
        desk.change('x', lambda one: one.apply({**out, 'version': one.version}))
      )
    assert answers[0]['numbers'] is None
    assert answers[1]['numbers'] == desk.numbers('x')
