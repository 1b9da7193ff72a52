"""What a session is told by the networks of other defects, from its file."""

import json
import os

import pytest

from defectseg_jax.errors import InputError
from defectseg_jax.sessions.together.folder import TogetherFolder
from defectseg_jax.sessions.told import FILE, NOTHING_TOLD, read_told


@pytest.fixture
def session(tmp_path):
  """The folder of one defect, below that of several."""
  (tmp_path / TogetherFolder.INDEX).touch()
  return tmp_path / 'dislocations'


def test_a_session_of_one_defect_is_told_nothing(tmp_path):
  (tmp_path / FILE).write_text('not of this program')
  assert read_told(tmp_path / 'voids', 'voids') == NOTHING_TOLD


def test_warnings_stand_at_their_image(session):
  warning = {'name': 'rims_taken_for_lines', 'message': 'look at it'}
  told = {'warnings': {'a': [list(warning.values())]}, 'how_made': {'b': 'c'}}
  (session.parent / FILE).write_text(json.dumps({'dislocations': told}))
  found = read_told(session, 'dislocations')
  [one] = found.warnings['a']
  assert {'name': one.name, 'message': one.message} == warning
  assert found.how_made == {'b': 'c'}


@pytest.mark.parametrize(
  'text', ['', '[]', '{}', '{"dislocations": 1}', '[' * 100_000]
)
def test_a_damaged_note_is_said_in_one_line(session, text):
  (session.parent / FILE).write_text(text)
  with pytest.raises(InputError, match='give the predict command') as caught:
    read_told(session, 'dislocations')
  assert len(str(caught.value).splitlines()) == 1


def test_a_pipe_is_not_waited_for(session):
  os.mkfifo(session.parent / FILE)
  with pytest.raises(InputError, match='it is no regular file'):
    read_told(session, 'dislocations')
