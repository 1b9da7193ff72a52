"""Simulated foils: micrographs of defects whose truth is known exactly."""

from typing import TYPE_CHECKING

from defectseg_jax.lazy import make_getattr
from defectseg_jax.simulation.parameters import FoilParameters, foil_parameters
from defectseg_jax.simulation.settings import SimulationSettings

if TYPE_CHECKING:
  from defectseg_jax.simulation.foil import (
    KINDS,
    Foil,
    Geometry,
    foil_geometry,
    foil_labels,
    simulate_foil,
  )
  from defectseg_jax.simulation.series import write_series

# Where each name is: imported when it is asked for. A run needs the settings of
# a simulation, but seldom SciPy's geometry.
_MODULES = {
  'KINDS': 'foil',
  'Foil': 'foil',
  'Geometry': 'foil',
  'foil_geometry': 'foil',
  'foil_labels': 'foil',
  'simulate_foil': 'foil',
  'write_series': 'series',
}

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


__getattr__ = make_getattr(__name__, _MODULES)


def __dir__() -> list[str]:
  return sorted({*globals(), *__all__})
