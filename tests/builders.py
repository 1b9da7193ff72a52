"""Datasets of a config, as a run asks for them."""

from typing import Any

from defectseg_jax.datasets import builder
from defectseg_jax.runs.settings import run_settings


def create_builder(config: Any) -> builder.DefectMicrographs:
  """The builder of a config's dataset."""
  settings = run_settings(config)
  return builder.create_builder(
    settings.defect,
    settings.data,
    settings.preprocessing,
    simulation=settings.simulation,
    foil=settings.foil,
  )
