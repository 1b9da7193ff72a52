"""Foils small enough to be made many times."""

from configs import dislocations, voids
from defectseg_jax.simulation import FoilParameters, foil_parameters

_CONFIGS = {'voids': voids, 'dislocations': dislocations}


def small_foil(base: str = 'voids', **fields) -> FoilParameters:
  """A foil of 256 pixels; `voids__diameter_nm=9.0` sets a field of a group."""
  config = _CONFIGS[base].get_config().foil
  fields = {'side_px': 256} | fields
  config.update_from_flattened_dict(
    {name.replace('__', '.'): value for name, value in fields.items()}
  )
  return foil_parameters(config)
