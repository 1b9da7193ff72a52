"""What a simulated foil is made of: all numbers that can be set.

`configs/foil.py` says what each field means, and where its number comes from.
Defaults are the same as there.
"""

import dataclasses
import math
from collections.abc import Mapping
from typing import Annotated, Any

from defectseg_jax.bounds import (
  PIXEL_SIZE_NM,
  THICKNESS_NM,
  Fraction,
  one_of,
  read_fields,
  within,
)
from defectseg_jax.errors import InputError

# Spheres at random positions overlap long before they fill a third of the
# volume; the limit is by eye.
MAXIMUM_VOLUME_FRACTION = 0.3
# Nobody can tell lines apart that cover half of the micrograph; the limit is by
# eye.
MAXIMUM_LINE_FRACTION = 0.5
# From the paper.
LABEL_WIDTH_PX = 3
# Particles, or spots, that are drawn one by one within minutes; by eye.
MAXIMUM_COUNT = 100_000

_DENSITY = within(0, 1e30, 'particles would fill the foil')
_DIAMETER = within(0.01, 1e5, 'it is in nanometres')
_THICKNESS = within(0.1, 1e6, 'it is in nanometres')


@dataclasses.dataclass(frozen=True)
class Voids:
  """Cavities."""

  density_per_m3: Annotated[float, _DENSITY] = 0.7e21
  diameter_nm: Annotated[float, _DIAMETER] = 21.5
  diameter_std_nm: Annotated[
    float, within(0, 100000.0, 'it is at most the diameter')
  ] = 7.5
  spherical_fraction: Fraction = 0.3


@dataclasses.dataclass(frozen=True)
class Precipitates:
  """Particles of a second phase."""

  density_per_m3: Annotated[float, _DENSITY] = 7.0e21
  diameter_nm: Annotated[float, _DIAMETER] = 10.5
  diameter_std_nm: Annotated[
    float, within(0, 100000.0, 'it is at most the diameter')
  ] = 4.8
  elongation: Annotated[
    float, within(1, 100, 'it is the longer axis over the shorter')
  ] = 1.6
  roughness: Annotated[
    float, within(0, 0.5, 'with more, outlines cross themselves', below=True)
  ] = 0.12
  halo_fraction: Fraction = 0.15


@dataclasses.dataclass(frozen=True)
class Dislocations:
  """Line defects."""

  density_per_m2: Annotated[
    float, within(0, 1e20, 'lines would fill the foil')
  ] = 1.0e14
  threading_fraction: Fraction = 0.2
  network_fraction: Fraction = 0.2
  tangle_fraction: Fraction = 0.1
  out_of_contrast_fraction: Fraction = 0.05


@dataclasses.dataclass(frozen=True)
class Contrast:
  """How the foil weakens the beam."""

  absorption_length_nm: Annotated[float, _THICKNESS] = 80.0
  precipitate_absorption: Annotated[
    float, within(0, 1000, 'it is relative to the matrix')
  ] = 2.2
  extinction_distance_nm: Annotated[float, _THICKNESS] = 40.0
  fresnel_rim: Annotated[float, within(0, 10, 'the background has 1')] = 0.12
  line_darkness: Annotated[
    float, within(0, 100, 'lines are black long before')
  ] = 0.4
  line_width_nm: Annotated[float, within(0.01, 1000, 'lines are narrow')] = 4.0
  line_shift_nm: Annotated[
    float, within(0, 1000, 'an image lies near its line')
  ] = 0.8
  wedge_nm: Annotated[
    float, within(0, 100000.0, 'it is a part of the thickness')
  ] = 15.0
  bend_contours: Annotated[float, within(0, 100, 'each takes time')] = 1.5
  lath_boundaries: Annotated[float, within(0, 100, 'each takes time')] = 1.0
  mottling: Annotated[
    float, within(0, 10, 'it is relative to the background')
  ] = 0.03
  surface_spots_per_um2: Annotated[
    float, within(0, 1000000.0, 'more would cover the micrograph')
  ] = 100.0


@dataclasses.dataclass(frozen=True)
class Detector:
  """How the beam becomes pixels."""

  dose_electrons_per_px: Annotated[
    float, within(0.01, 1000000000.0, 'they are counted one by one')
  ] = 300.0
  read_noise_electrons: Annotated[
    float, within(0, 1000000.0, 'it is in electrons')
  ] = 4.0
  probe_nm: Annotated[float, within(0, 100, 'it is the width of a probe')] = 0.4
  jitter_px: Annotated[float, within(0, 100, 'it shifts rows by pixels')] = 0.4
  flyback_px: Annotated[
    float, within(0, 1000, 'it shifts the left edge by pixels')
  ] = 2.0
  bits: Annotated[int, one_of(8, 16)] = 8


@dataclasses.dataclass(frozen=True)
class FoilParameters:
  """A foil, its contrast and its detector: the fields of `config.foil`.

  Raises:
    InputError: a particle is larger than the foil, or so many defects do not
      fit into it, or are too many to be drawn.
  """

  side_px: Annotated[int, within(8, 8192, 'memory grows with its square')] = (
    2048
  )
  pixel_size_nm: Annotated[float, PIXEL_SIZE_NM] = 0.32
  thickness_nm: Annotated[float, THICKNESS_NM] = 190.0
  voids: Voids = Voids()
  precipitates: Precipitates = Precipitates()
  dislocations: Dislocations = Dislocations()
  contrast: Contrast = Contrast()
  detector: Detector = Detector()

  def __post_init__(self) -> None:
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


def foil_parameters(config: Mapping[str, Any]) -> FoilParameters:
  """The parameters of a foil from mappings, as a config has them.

  Args:
    config: fields of `FoilParameters`, with groups as mappings; fields that are
      left out have their defaults.

  Returns:
    The parameters.

  Raises:
    InputError: a field is unknown or out of its bounds, or the numbers do not
      belong together: see `FoilParameters`.

  Examples:
    >>> foil = foil_parameters(
    ...   {'side_px': 1000, 'voids': {'diameter_nm': 30.0}}
    ... )
    >>> foil.voids.diameter_nm, foil.thickness_nm
    (30.0, 190.0)
    >>> f'{foil.area_m2:.3g} m2, {foil.volume_m3:.3g} m3'
    '1.02e-13 m2, 1.95e-20 m3'
  """
  return read_fields(FoilParameters, config, 'config.foil')


def _require_room(foil: FoilParameters) -> None:
  """Refuses particles and lines that do not fit into the foil."""
  lines = foil.dislocations
  kinds = (
    lines.threading_fraction + lines.network_fraction + lines.tangle_fraction
  )
  if kinds > 1:
    raise InputError(
      f'config.foil.dislocations: threading_fraction, network_fraction and '
      f'tangle_fraction make {kinds:g}; must be at most 1 together'
    )
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
    _require_countable(
      f'{name}.density_per_m3={group.density_per_m3:g}',
      group.density_per_m3 * foil.volume_m3,
    )
  _require_countable(
    f'contrast.surface_spots_per_um2={foil.contrast.surface_spots_per_um2:g}',
    foil.contrast.surface_spots_per_um2 * foil.area_m2 * 1e12,
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


def _require_countable(what: str, count: float) -> None:
  if count > MAXIMUM_COUNT:
    raise InputError(
      f'config.foil.{what}: would be {count:.2g} in a micrograph; must be at '
      f'most {MAXIMUM_COUNT}, or make the foil smaller'
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
