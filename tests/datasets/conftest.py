"""Fixture: the config of a data set that is not changed on its way."""

import pytest

from configs import voids


@pytest.fixture
def config(folder, tmp_path):
  config = voids.get_config()
  config.data.source = 'folder'
  config.data.dir = str(folder)
  config.data.cache_dir = str(tmp_path / 'cache')
  config.preprocessing.background = 'none'
  config.preprocessing.normalisation = 'none'
  return config
