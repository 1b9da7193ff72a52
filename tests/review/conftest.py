"""Browsers; and a session of two images, as predict leaves it, without one."""

import shutil

import firefox
import pytest
import reviews

THERE = [(30, 30), (30, 80), (80, 40), (80, 120)]
# One is missed, one is invented.
FOUND = [(30, 30), (80, 40), (80, 120), (14, 140)]


@pytest.fixture(scope='module')
def browsers(browser):
  """Chromium, and Firefox where there is one."""
  if not (shutil.which('firefox-esr') or shutil.which('firefox')):
    yield browser, None
    return
  page = firefox.Page(width=1280, height=720)
  yield browser, page
  page.close()


@pytest.fixture(scope='session')
def made_session(tmp_path_factory):
  """Never changed."""
  return reviews.write_session(
    tmp_path_factory.mktemp('review') / 'out',
    {
      'x': (reviews.discs(THERE), reviews.discs(FOUND)),
      'y': (reviews.discs(THERE), reviews.discs(THERE)),
    },
  )


@pytest.fixture
def session(made_session, tmp_path):
  """A copy, to be edited: x has an object too many and one too few."""
  return reviews.copy_of(made_session, tmp_path / 'out')
