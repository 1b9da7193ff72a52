"""Datasets of a config, as a run asks for them."""

from typing import Any

from defectseg_jax.datasets import builder
from defectseg_jax.datasets.settings import DataSettings
from defectseg_jax.micrographs.settings import PreprocessingSettings
from defectseg_jax.simulation import SimulationSettings, foil_parameters


def create_builder(config: Any) -> builder.DefectMicrographs:
  """The builder of a config's dataset."""
  return builder.create_builder(
    config.defect,
    DataSettings(**config.data),
    PreprocessingSettings(**config.preprocessing),
    simulation=SimulationSettings(**config.simulation),
    foil=foil_parameters(config.foil),
  )
