"""Simulated foils: micrographs of defects whose truth is known exactly."""

from defectseg_jax.simulation.foil import Foil, simulate_foil
from defectseg_jax.simulation.parameters import FoilParameters, foil_parameters
from defectseg_jax.simulation.series import write_series

__all__ = [
  'Foil',
  'FoilParameters',
  'foil_parameters',
  'simulate_foil',
  'write_series',
]
