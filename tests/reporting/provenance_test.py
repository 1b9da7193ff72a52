"""What is told of how something was made can be pasted, and read again."""

import shlex

import pytest

from defectseg_jax.reporting import provenance


@pytest.mark.parametrize(
  'launcher', ['launch/local.sh', '/home/a copy/launch/local.sh']
)
def test_the_command_can_be_pasted(monkeypatch, launcher):
  monkeypatch.setenv('DEFECTSEG_LAUNCHER', launcher)
  monkeypatch.setattr('sys.argv', ['main.py', 'predict', '--input=my foil.tif'])
  command = provenance.current_provenance().command
  assert shlex.split(command) == [launcher, 'predict', '--input=my foil.tif']


def test_there_and_back():
  made = provenance.current_provenance(training_data='two foils')
  assert provenance.Provenance.from_json(made.to_json()) == made
  assert made.rows()['test score'] == 'not scored'
  assert provenance.Provenance.from_json(None) is None
  assert provenance.Provenance.from_json({'version': '0.1.0'}) is None
