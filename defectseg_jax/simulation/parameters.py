"""What a simulated foil is made of: all numbers that can be set.

`configs/foil.py` says what each field means, and where its number comes from.
Defaults are the same as there.
"""

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

from defectseg_jax.errors import InputError

# Spheres at random positions overlap long before they fill a third of the
# volume; the limit is by eye.
MAXIMUM_VOLUME_FRACTION = 0.3
# Nobody can tell lines apart that cover half of the micrograph; the limit is by
# eye.
MAXIMUM_LINE_FRACTION = 0.5
# From the paper.
LABEL_WIDTH_PX = 3


@dataclasses.dataclass(frozen=True)
class Voids:
  """Cavities."""

  density_per_m3: float = 0.7e21
  diameter_nm: float = 21.5
  diameter_std_nm: float = 7.5
  spherical_fraction: float = 0.3


@dataclasses.dataclass(frozen=True)
class Precipitates:
  """Particles of a second phase."""

  density_per_m3: float = 7.0e21
  diameter_nm: float = 10.5
  diameter_std_nm: float = 4.8
  elongation: float = 1.6
  roughness: float = 0.12
  halo_fraction: float = 0.15


@dataclasses.dataclass(frozen=True)
class Dislocations:
  """Line defects."""

  density_per_m2: float = 1.0e14
  threading_fraction: float = 0.2
  network_fraction: float = 0.2
  tangle_fraction: float = 0.1
  out_of_contrast_fraction: float = 0.05


@dataclasses.dataclass(frozen=True)
class Contrast:
  """How the foil weakens the beam."""

  absorption_length_nm: float = 80.0
  precipitate_absorption: float = 2.2
  extinction_distance_nm: float = 40.0
  fresnel_rim: float = 0.12
  line_darkness: float = 0.4
  line_width_nm: float = 4.0
  line_shift_nm: float = 0.8
  wedge_nm: float = 15.0
  bend_contours: float = 1.5
  lath_boundaries: float = 1.0
  mottling: float = 0.03
  surface_spots_per_um2: float = 100.0


@dataclasses.dataclass(frozen=True)
class Detector:
  """How the beam becomes pixels."""

  dose_electrons_per_px: float = 300.0
  read_noise_electrons: float = 4.0
  probe_nm: float = 0.4
  jitter_px: float = 0.4
  flyback_px: float = 2.0
  bits: int = 8


@dataclasses.dataclass(frozen=True)
class FoilParameters:
  """A foil, its contrast and its detector: the fields of `config.foil`.

  Raises:
    InputError: a number is out of its range, a particle is larger than the
      foil, or so many defects do not fit into it.
  """

  side_px: int = 2048
  pixel_size_nm: float = 0.32
  thickness_nm: float = 190.0
  voids: Voids = Voids()
  precipitates: Precipitates = Precipitates()
  dislocations: Dislocations = Dislocations()
  contrast: Contrast = Contrast()
  detector: Detector = Detector()

  def __post_init__(self) -> None:
    _require_ranges(self)
    _require_room(self)

  @property
  def side_nm(self) -> float:
    """Side of the micrograph."""
    return self.side_px * self.pixel_size_nm

  @property
  def area_m2(self) -> float:
    """Area of the micrograph."""
    return (self.side_nm * 1e-9) ** 2

  @property
  def volume_m3(self) -> float:
    """Volume of the foil under the micrograph."""
    return self.area_m2 * self.thickness_nm * 1e-9


_GROUPS = {
  'voids': Voids,
  'precipitates': Precipitates,
  'dislocations': Dislocations,
  'contrast': Contrast,
  'detector': Detector,
}
_POSITIVE = {
  'pixel_size_nm',
  'thickness_nm',
  'diameter_nm',
  'absorption_length_nm',
  'extinction_distance_nm',
  'line_width_nm',
  'dose_electrons_per_px',
}
_FRACTIONS = {
  'spherical_fraction',
  'halo_fraction',
  'threading_fraction',
  'network_fraction',
  'tangle_fraction',
  'out_of_contrast_fraction',
}


def foil_parameters(config: Mapping[str, Any]) -> FoilParameters:
  """The parameters of a foil from mappings, as a config has them.

  Args:
    config: fields of `FoilParameters`, with groups as mappings; fields that are
      left out have their defaults.

  Returns:
    The parameters.

  Raises:
    InputError: the numbers do not belong together: see `FoilParameters`.

  Examples:
    >>> foil = foil_parameters(
    ...   {'side_px': 1000, 'voids': {'diameter_nm': 30.0}}
    ... )
    >>> foil.voids.diameter_nm, foil.thickness_nm
    (30.0, 190.0)
    >>> f'{foil.area_m2:.3g} m2, {foil.volume_m3:.3g} m3'
    '1.02e-13 m2, 1.95e-20 m3'
  """
  given = dict(config)
  groups = {
    name: group(**given.pop(name, {})) for name, group in _GROUPS.items()
  }
  return FoilParameters(**given, **groups)


def _require_ranges(foil: FoilParameters) -> None:
  """Refuses numbers that are out of their ranges."""
  fields = {'foil': foil} | {f'foil.{n}': getattr(foil, n) for n in _GROUPS}
  for path, group in fields.items():
    for name, value in vars(group).items():
      if name in _GROUPS:
        continue
      field = f'config.{path}.{name}={value}'
      if name in _POSITIVE and not (math.isfinite(value) and value > 0):
        raise InputError(f'{field}: must be above 0')
      if not (math.isfinite(value) and value >= 0):
        raise InputError(f'{field}: must be 0 or more')
      if name in _FRACTIONS and value > 1:
        raise InputError(f'{field}: is a fraction; must be at most 1')
  if foil.side_px < 8:
    raise InputError(f'config.foil.side_px={foil.side_px}: must be at least 8')
  if foil.precipitates.elongation < 1:
    raise InputError(
      f'config.foil.precipitates.elongation={foil.precipitates.elongation}: is '
      'the longer axis over the shorter; must be 1 or more'
    )
  if foil.precipitates.roughness >= 0.5:
    raise InputError(
      f'config.foil.precipitates.roughness={foil.precipitates.roughness}: must '
      'be below 0.5, or outlines cross themselves'
    )
  if foil.detector.bits not in (8, 16):
    raise InputError(
      f'config.foil.detector.bits={foil.detector.bits}: choose 8 or 16'
    )
  lines = foil.dislocations
  kinds = (
    lines.threading_fraction + lines.network_fraction + lines.tangle_fraction
  )
  if kinds > 1:
    raise InputError(
      f'config.foil.dislocations: threading_fraction, network_fraction and '
      f'tangle_fraction make {kinds:g}; must be at most 1 together'
    )


def _require_room(foil: FoilParameters) -> None:
  """Refuses particles and lines that do not fit into the foil."""
  for name in ('voids', 'precipitates'):
    group = getattr(foil, name)
    if group.diameter_nm > foil.thickness_nm:
      raise InputError(
        f'config.foil.{name}.diameter_nm={group.diameter_nm}: is more than the '
        f"foil's thickness_nm={foil.thickness_nm}; make the foil thicker or "
        'the particles smaller'
      )
    if group.diameter_std_nm > group.diameter_nm:
      raise InputError(
        f'config.foil.{name}.diameter_std_nm={group.diameter_std_nm}: is more '
        f'than diameter_nm={group.diameter_nm}; must be at most that'
      )
    fraction = (
      group.density_per_m3
      * 1e-27
      * mean_volume_nm3(group.diameter_nm, group.diameter_std_nm)
    )
    if fraction > MAXIMUM_VOLUME_FRACTION:
      raise InputError(
        f'config.foil.{name}.density_per_m3={group.density_per_m3:g}: would '
        f'fill {fraction:.2g} of the foil; must fill at most '
        f'{MAXIMUM_VOLUME_FRACTION}'
      )
  covered = (
    foil.dislocations.density_per_m2
    * (foil.thickness_nm * 1e-9)
    * (LABEL_WIDTH_PX * foil.pixel_size_nm * 1e-9)
  )
  if covered > MAXIMUM_LINE_FRACTION:
    raise InputError(
      f'config.foil.dislocations.density_per_m2='
      f'{foil.dislocations.density_per_m2:g}: its lines would cover '
      f'{covered:.2g} of the micrograph; must cover at most '
      f'{MAXIMUM_LINE_FRACTION}'
    )


def mean_volume_nm3(diameter_nm: float, diameter_std_nm: float) -> float:
  """Mean of pi d^3 / 6 over gamma-distributed diameters.

  The third moment of a gamma distribution of mean m and relative variance
  r = (s / m)^2 is m^3 (1 + r) (1 + 2 r).
  """
  relative_variance = (diameter_std_nm / diameter_nm) ** 2
  return (
    math.pi
    / 6
    * diameter_nm**3
    * (1 + relative_variance)
    * (1 + 2 * relative_variance)
  )
