"""config.json: what was written is what is read, and what is compared."""

import pytest

from configs import voids
from defectseg_jax import disk
from defectseg_jax.errors import InputError
from defectseg_jax.runs.settings import run_settings
from defectseg_jax.runs.workdir import Workdir


@pytest.fixture
def general(tmp_path):
  """A folder that a config with ranges has made, and the config."""
  config = voids.get_config('scale=general')
  workdir = Workdir(tmp_path / 'run')
  with workdir.claim(config):
    pass
  return workdir, config


def test_ranges_come_back_as_they_were(general):
  workdir, config = general
  settings = run_settings(workdir.read_config())
  assert settings == run_settings(config)
  assert settings.domain is not None
  assert settings.domain.objects.diameter_px == (5.0, 80.0)


def test_the_same_ranges_are_the_same_config(general):
  workdir, config = general
  workdir.require_config(config)
  workdir.require_config(workdir.read_config())
  config.domain.objects.diameter_px = (5.0, 40.0)
  with pytest.raises(InputError, match=r'was \(5\.0, 80\.0\) and is now \(5\.'):
    workdir.require_config(config)


def test_a_run_without_the_section_of_domains_goes_on(tmp_path):
  """Runs of 0.2.0 have none, and read nothing of it."""
  config = voids.get_config()
  del config.domain
  workdir = Workdir(tmp_path / 'run')
  with workdir.claim(config):
    pass
  workdir.require_config(voids.get_config())
  with pytest.raises(InputError, match=r'config\.domain\.'):
    workdir.require_config(voids.get_config('scale=general'))


@pytest.mark.parametrize('name', ['figures', 'events', 'checkpoints'])
def test_a_link_leads_nowhere(general, tmp_path, name):
  elsewhere = tmp_path / 'elsewhere'
  elsewhere.mkdir()
  run = tmp_path / 'links'
  run.mkdir()
  (run / name).symlink_to(elsewhere)
  with (
    pytest.raises(InputError, match=f'links/{name}: is a link'),
    Workdir(run).claim(general[1]),
  ):
    pass
  assert not [*elsewhere.iterdir()] and len([*run.iterdir()]) == 1


def test_what_a_killed_run_left_is_swept_by_the_next(tmp_path):
  workdir = Workdir(tmp_path / 'run')
  workdir.figures.mkdir(parents=True)
  for folder in (workdir.path, workdir.figures):
    (folder / f'{disk.temporary_name()}.csv').touch()
  with workdir.claim(voids.get_config()):
    pass
  assert sorted(p.name for p in workdir.path.rglob('*')) == [
    'config.json',
    'figures',
  ]
