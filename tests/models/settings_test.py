"""What a library user gets without a config is what a config begins from."""

import pathlib
import subprocess
import sys

from configs import common
from defectseg_jax.models import ModelSettings

ROOT = pathlib.Path(__file__).parents[2]


def test_the_defaults_are_those_of_the_config():
  assert ModelSettings(**common.get_config().model) == ModelSettings()


def test_a_config_is_checked_without_jax():
  program = """
import sys
import defectseg_jax.models, defectseg_jax.prediction.tiles
import defectseg_jax.training.settings
sys.exit('jax' in sys.modules)
"""
  subprocess.run([sys.executable, '-c', program], cwd=ROOT, check=True)
