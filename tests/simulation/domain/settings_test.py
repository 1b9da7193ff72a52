"""The ranges of a domain stand in the config and in its dataclasses."""

from configs import domain
from defectseg_jax.simulation.domain.settings import (
  DomainSettings,
  domain_settings,
)


def test_the_config_and_the_library_draw_from_the_same_domain():
  assert domain_settings(domain.get_config().to_dict()) == DomainSettings()
