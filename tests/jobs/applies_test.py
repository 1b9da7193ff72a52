"""Whether the network applies, from a session to what people read."""

import html
import io
import json

import numpy as np
import pytest
from rich.console import Console
from sessions import rows_of

from defectseg_jax.applicability.signs import NAMES
from defectseg_jax.applicability.verdict import Applies, Expected, Verdict
from defectseg_jax.errors import InputError
from defectseg_jax.runs import loading
from defectseg_jax.runs.run import Run
from defectseg_jax.sessions import predict_session

pytestmark = [pytest.mark.xdist_group('predict'), pytest.mark.slow]

DENSITY = 'number_density_per_m3'


class Judge:
  """Judges by the share of the image that is marked; notes what it is asked."""

  def __init__(self):
    self.asked = []

  def judge(self, signs):
    self.asked.append(signs)
    applies = [Applies.NO, Applies.CHECK][len(self.asked) - 1 :][:1]
    word = applies[0] if applies else Applies.YES
    return Verdict(
      word,
      f'reason to say {word}',
      Expected(0.5, 0.3, 0.7),
      {DENSITY: Expected(1.0, 0.5, 2.0)},
    )


@pytest.fixture
def judge(monkeypatch):
  """The run's judge: the first image does not apply, the second is to check."""
  read, made = loading.load_run, []

  def load_run(*given, **more):
    run = read(*given, **more)
    made.append(Judge())
    run.__dict__['judge'] = made[-1]
    return run

  monkeypatch.setattr(predict_session, 'load_run', load_run)
  return made


def told(predict, **fields):
  stream = io.StringIO()
  predict(console=Console(file=stream, width=200), **fields)
  return stream.getvalue()


def test_what_does_not_apply_is_listed_and_not_counted(
  predict, judge, tmp_path
):
  text = told(predict)
  rows = {row['image']: row for row in rows_of(tmp_path / 'out/summary.csv')}
  names = list(rows)
  assert [row['applies'] for row in rows.values()] == [
    'does not apply',
    'check',
    *['applies'] * (len(names) - 2),
  ]
  refused, doubted = rows[names[0]], rows[names[1]]
  assert refused[DENSITY] == refused['count'] == 'NaN'
  assert refused['expected_f1'] == '0.5'
  assert 'network_does_not_apply' in refused['warnings']
  assert doubted[DENSITY] != 'NaN' and 'network_check' in doubted['warnings']
  # Neither in the mean nor among the counted objects.
  summary = json.loads((tmp_path / 'out/summary.json').read_text())
  assert summary['over_images'][DENSITY]['images'] == len(names) - 1
  assert not [
    row
    for row in rows_of(tmp_path / 'out/objects.csv')
    if row['image'] == names[0] and row['counted'] == 'True'
  ]
  page = html.unescape((tmp_path / 'out/report.html').read_text())
  for place in (text, page):
    assert 'reason to say does not apply' in place
    assert 'reason to say check' in place
  assert 'expected f1' in text and 'expected F1' in page
  assert '>does not apply<' in page


def test_it_is_included_where_that_is_asked_for(predict, judge, tmp_path):
  predict()
  [name, *_] = [r['image'] for r in rows_of(tmp_path / 'out/summary.csv')]
  predict(include=[f'session/{name}.tif'])
  row = rows_of(tmp_path / 'out/summary.csv')[0]
  assert row['applies'] == 'does not apply' and row[DENSITY] != 'NaN'
  assert 'network_does_not_apply' in row['warnings']
  with pytest.raises(InputError, match='--include=nobody'):
    predict(include=['nobody'])
  # A stack's images begin with the name of its file; this one is none of them.
  assert f'--include: no image has the name {name}9' in told(
    predict, include=[f'{name}9']
  )


def test_intervals_know_the_network(predict, judge, tmp_path):
  """Half to twice of what was found, besides counting."""
  predict()
  row = rows_of(tmp_path / 'out/summary.csv')[1]
  value, low, high = (
    float(row[f'{DENSITY}{end}']) for end in ('', '_low', '_high')
  )
  counting_low, counting_high = (
    float(row[f'{DENSITY}_counting{end}']) for end in ('_low', '_high')
  )
  assert low < min(counting_low, value / 2)
  assert high > max(counting_high, value * 2)
  # What one network gets wrong, it gets wrong in every image.
  summary = json.loads((tmp_path / 'out/summary.json').read_text())
  mean = summary['over_images'][DENSITY]
  assert mean['high'] > 2 * mean['mean']


def test_a_second_session_asks_nothing_of_the_network(
  predict, judge, monkeypatch, tmp_path
):
  predict()
  before = (tmp_path / 'out/summary.csv').read_text()
  monkeypatch.setattr(Run, 'look', None)
  predict()
  assert (tmp_path / 'out/summary.csv').read_text() == before
  assert [set(one) for one in judge[-1].asked] == [set(NAMES)] * len(
    judge[-1].asked
  )


def test_a_person_is_not_judged(predict, judge, tmp_path):
  predict()
  name = rows_of(tmp_path / 'out/summary.csv')[0]['image']
  path = tmp_path / 'out/masks' / f'{name}.tif'
  from defectseg_jax.micrographs.masks import read_mask
  from defectseg_jax.micrographs.writing import write_mask

  mask = np.roll(read_mask(path), 3, axis=0)
  path.unlink()
  write_mask(path, mask, pixel_size_nm=0.5)
  predict()
  row = rows_of(tmp_path / 'out/summary.csv')[0]
  assert row['applies'] == '' and row['expected_f1'] == 'NaN'
  assert row[DENSITY] != 'NaN'


def test_the_library_says_the_same(trained_run, session, judge):
  import defectseg_jax as ds

  run = predict_session.load_run(trained_run)
  micrograph = ds.read_micrograph(session / 'x.tif')
  found = run.predict(micrograph, thickness_nm=100)
  assert found.verdict.applies == Applies.NO
  assert np.isnan(found.measure().summary[DENSITY])
  assert found.measure(include=True).summary[DENSITY] >= 0
  assert 'expected_f1' not in found.measure(found.mask).summary


def test_a_network_without_references_says_so(predict, tmp_path):
  text = told(predict)
  page = html.unescape((tmp_path / 'out/report.html').read_text())
  for place in (text, page):
    assert '--mode=references' in place


def test_what_cannot_be_right_is_in_the_mean_if_it_is_named(predict, tmp_path):
  """A foil of 5 nm; the network has no references."""
  text = told(predict, thickness_nm=5.0, include=['x'])
  rows = {row['image']: row for row in rows_of(tmp_path / 'out/summary.csv')}
  assert {n: row['in_mean'] for n, row in rows.items()} == {
    name: str(name == 'x') for name in rows
  }
  assert 'not_in_mean' not in rows['x']['warnings']
  assert 'not_in_mean' in rows['y']['warnings'] and rows['y'][DENSITY] != 'NaN'
  summary = json.loads((tmp_path / 'out/summary.json').read_text())
  assert summary['over_images'][DENSITY]['images'] == 1
  page = html.unescape((tmp_path / 'out/report.html').read_text())
  for place in (text, page):
    assert 'not in the mean' in place and 'mean of 1' in place
