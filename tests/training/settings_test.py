"""What a library user gets without a config is what a config begins from."""

from configs import common
from defectseg_jax.training.settings import TrainingSettings


def test_the_defaults_are_those_of_the_config():
  assert TrainingSettings(**common.get_config().training) == TrainingSettings()
