import dataclasses
import subprocess
import sys

import pytest

from configs import common
from defectseg_jax.datasets.settings import DataSettings
from defectseg_jax.micrographs.settings import PreprocessingSettings


@pytest.mark.parametrize(
  ('section', 'settings'),
  [('data', DataSettings()), ('preprocessing', PreprocessingSettings())],
)
def test_defaults_are_those_of_the_common_config(section, settings):
  config = common.get_config()
  assert dataclasses.asdict(settings) == config[section].to_dict()


def test_settings_need_neither_tensorflow_nor_jax():
  program = """
import sys
import defectseg_jax.datasets.settings
assert not {'jax', 'tensorflow', 'scipy'} & set(sys.modules)
"""
  done = subprocess.run(
    [sys.executable, '-c', program],
    capture_output=True,
    text=True,
    check=False,
  )
  assert done.returncode == 0, done.stderr
