"""Simulated foils: micrographs of defects whose truth is known exactly."""

from defectseg_jax.simulation.foil import (
  KINDS,
  Foil,
  Geometry,
  foil_geometry,
  foil_labels,
  simulate_foil,
)
from defectseg_jax.simulation.parameters import FoilParameters, foil_parameters
from defectseg_jax.simulation.series import write_series
from defectseg_jax.simulation.settings import SimulationSettings

__all__ = [
  'KINDS',
  'Foil',
  'FoilParameters',
  'Geometry',
  'SimulationSettings',
  'foil_geometry',
  'foil_labels',
  'foil_parameters',
  'simulate_foil',
  'write_series',
]
