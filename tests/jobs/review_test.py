"""--mode=review: what it does before and after the page."""

import numpy as np
import pytest
from rich.console import Console

from defectseg_jax.errors import InputError
from defectseg_jax.jobs import review as job
from defectseg_jax.micrographs.masks import read_mask
from defectseg_jax.review.reported import (
  journal_sizes,
  note_reported,
  unreported,
)
from defectseg_jax.review.review import Review
from defectseg_jax.runtime.interruption import Stopped
from defectseg_jax.sessions.requests import ReviewRequest
from tests import reviews
from tests.sessions import Never


@pytest.fixture
def session(tmp_path):
  mask = reviews.discs([(30, 40), (80, 100)])
  return reviews.write_session(tmp_path / 'results', {'foil': (mask, mask)})


@pytest.fixture
def work(monkeypatch):
  """Runs the job with a server that does what it is told."""
  written = []
  monkeypatch.setattr(
    job.Review, 'write_results', lambda self: written.append(self.path)
  )

  def run(folder, what, **flags):
    monkeypatch.setattr(job, '_serve', lambda: what)
    job.review(
      *(None, None, ReviewRequest(output=str(folder), **flags)),
      *(Console(quiet=True), Never()),  # pyright: ignore
    )
    return written

  return run


def test_what_was_changed_is_saved_and_the_report_made_anew(session, work):
  def what(review, *, teaching, port, open_browser, **_):
    assert (port, open_browser) == (8765, False)
    assert teaching.state()['phase'] == 'idle'
    document = review.document('foil')
    document.apply(
      {'kind': 'toggle', 'row': 30, 'column': 40, 'version': document.version}
    )

  assert work(session, what, port=8765, open_browser=False) == [session]
  mask = read_mask(session / 'masks/foil.tif')
  assert not mask[30, 40] and mask[80, 100]


def test_who_only_looked_waits_for_no_report(session, work):
  before = np.array(read_mask(session / 'masks/foil.tif'))
  assert work(session, lambda *_, **__: None) == []
  np.testing.assert_array_equal(read_mask(session / 'masks/foil.tif'), before)


def test_what_a_killed_one_left_is_reported_by_the_next(session, work):
  with Review.open(session) as review:
    document = review.document('foil')
    document.apply({'kind': 'done', 'value': True, 'version': document.version})
  assert unreported(session) == ['foil']
  assert work(session, lambda *_, **__: None) == [session]
  note_reported(session, journal_sizes(session))
  assert unreported(session) == []


def test_ctrl_c_is_as_good_an_end_as_the_button(session, work):
  def what(review, **_):
    document = review.document('foil')
    document.apply({'kind': 'done', 'value': True, 'version': document.version})
    raise Stopped(130)

  assert work(session, what) == [session]


def test_the_folder_is_free_again_after_an_error(session, work):
  def what(*_, **__):
    raise InputError('--port=80: is taken')

  with pytest.raises(InputError, match='is taken'):
    work(session, what)
  assert work(session, lambda *_, **__: None) == []


def test_a_folder_that_is_no_session_is_refused(tmp_path, work):
  with pytest.raises(InputError, match='is no session; give the folder'):
    work(tmp_path / 'nowhere', lambda *_, **__: None)
  assert not (tmp_path / 'nowhere').exists()
