"""The ranges that micrographs of a domain are drawn from: `config.domain`."""

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

from defectseg_jax.errors import InputError
from defectseg_jax.simulation.domain.camera import CameraSettings
from defectseg_jax.simulation.domain.diffraction import BackgroundSettings
from defectseg_jax.simulation.domain.draws import Range
from defectseg_jax.simulation.domain.line_scene import LineSettings
from defectseg_jax.simulation.domain.surface_ground import SurfaceSettings


@dataclasses.dataclass(frozen=True)
class ImagingSettings:
  """How often a micrograph is of which kind; weights, not below 0.

  Attributes:
    bright_field: TEM by wave optics; of dislocations, with two beams.
    annular_dark_field: STEM, incoherent; 0 for dislocations.
    scanning_foil: the bright-field STEM of `config.foil`, its numbers varied.
    scanned_surface: SEM of precipitates; 0 for any other defect.
    weak_beam: dark field of dislocations; 0 for any other defect.
  """

  bright_field: float = 0.72
  annular_dark_field: float = 0.06
  scanning_foil: float = 0.22
  scanned_surface: float = 0.0
  weak_beam: float = 0.0


@dataclasses.dataclass(frozen=True)
class ObjectSettings:
  """Sizes and numbers of the objects that are looked for.

  Attributes:
    diameter_px: mean diameter in a micrograph.
    diameter_nm: mean diameter; with `diameter_px` it gives the pixel size.
    relative_std: of the diameters of a micrograph.
    covered_fraction: of the micrograph's area, overlaps counted twice.
    empty_fraction: of the micrographs that have no object.
    thickness_per_diameter: of the foil.
    visible_ratio: an object is labelled if its contrast, over the noise of an
      average over its area, is at least this; Rose's criterion asks for 5. A
      fainter one counts neither way.
  """

  diameter_px: Range = (5.0, 80.0)
  diameter_nm: Range = (0.8, 80.0)
  relative_std: Range = (0.03, 0.5)
  covered_fraction: Range = (0.03, 0.45)
  empty_fraction: float = 0.06
  thickness_per_diameter: Range = (1.3, 12.0)
  visible_ratio: float = 10.0

  def __post_init__(self) -> None:
    if max(self.relative_std) > 1:
      raise InputError(
        f'config.domain.objects.relative_std={self.relative_std}: must be at '
        'most 1, the mean'
      )
    if min(self.thickness_per_diameter) < 1:
      raise InputError(
        'config.domain.objects.thickness_per_diameter='
        f'{self.thickness_per_diameter}: must be at least 1, or no object fits '
        'into its foil'
      )


@dataclasses.dataclass(frozen=True)
class OpticsSettings:
  """The lens, and what voids do to the wave.

  Attributes:
    voltage_kv: accelerating voltages, one of which is taken.
    focused_fraction: of the micrographs that are in focus.
    over_focus_fraction: of those that are not in focus.
    fringe_px: sqrt(wavelength x defocus), the width of a Fresnel fringe.
    spherical_aberration_mm: of the lens.
    focal_spread_nm: of the lens and the source.
    convergence_mrad: of the illumination.
    aperture_mrad: of the objective aperture.
    inner_potential_v: mean inner potential of the matrix.
    absorption_length_nm: thickness that weakens the beam to 1/e.
    speckle_rad: standard deviation of the phase of amorphous surfaces.
  """

  voltage_kv: tuple[float, ...] = (80.0, 200.0, 300.0)
  focused_fraction: float = 0.2
  over_focus_fraction: float = 0.2
  fringe_px: Range = (0.5, 14.0)
  spherical_aberration_mm: Range = (0.001, 2.0)
  focal_spread_nm: Range = (2.0, 12.0)
  convergence_mrad: Range = (0.02, 0.5)
  aperture_mrad: Range = (4.0, 20.0)
  inner_potential_v: Range = (14.0, 27.0)
  absorption_length_nm: Range = (15.0, 200.0)
  speckle_rad: Range = (0.004, 0.25)


@dataclasses.dataclass(frozen=True)
class DomainSettings:
  """Fields are those of `config.domain`.

  Attributes:
    imaging: the kinds of micrograph.
    objects: that are looked for.
    optics: of the microscope.
    background: what else a foil shows.
    camera: of the microscope.
    surface: of precipitates in SEM.
    lines: where dislocations are looked for.
    real_background_fraction: of the bright-field micrographs that have a part
      of a real one as their background, if `config.simulation.background` is
      a folder.
    gain: factor on a patch after its preprocessing: a micrograph's standard
      deviation is not that of its parts.
    offset: largest shift of a patch after its preprocessing, likewise.
    patches: in an epoch; each is seen once.
    micrographs: of the development set, of the test set, and of the samples in
      the training set.
    side_px: of each of those.
  """

  imaging: ImagingSettings = ImagingSettings()
  objects: ObjectSettings = ObjectSettings()
  optics: OpticsSettings = OpticsSettings()
  background: BackgroundSettings = dataclasses.field(
    default_factory=BackgroundSettings
  )
  camera: CameraSettings = dataclasses.field(default_factory=CameraSettings)
  surface: SurfaceSettings = dataclasses.field(default_factory=SurfaceSettings)
  lines: LineSettings = dataclasses.field(default_factory=LineSettings)
  real_background_fraction: float = 0.35
  gain: Range = (0.5, 1.7)
  offset: float = 0.6
  patches: int = 800
  micrographs: int = 24
  side_px: int = 384

  def __post_init__(self) -> None:
    _require_ranges('config.domain', self)


_GROUPS = {
  'imaging': ImagingSettings,
  'objects': ObjectSettings,
  'optics': OpticsSettings,
  'background': BackgroundSettings,
  'camera': CameraSettings,
  'surface': SurfaceSettings,
  'lines': LineSettings,
}


def domain_settings(config: Mapping[str, Any]) -> DomainSettings:
  """The settings from mappings, as a config has them.

  Args:
    config: fields of `DomainSettings`, with groups as mappings; fields that are
      left out have their defaults.

  Returns:
    The settings.

  Raises:
    InputError: a range is no pair of ascending numbers, a fraction is not in 0
      to 1, or a number is below 0.

  Examples:
    >>> domain_settings({'objects': {'diameter_px': (8.0, 40.0)}}).objects
    ObjectSettings(diameter_px=(8.0, 40.0), ...
  """
  given = dict(config)
  groups = {
    name: group(**given.pop(name, {})) for name, group in _GROUPS.items()
  }
  return DomainSettings(**given, **groups)


def _require_ranges(path: str, group: Any) -> None:
  for field in dataclasses.fields(group):
    value = getattr(group, field.name)
    name = f'{path}.{field.name}={value}'
    if dataclasses.is_dataclass(value):
      _require_ranges(f'{path}.{field.name}', value)
    elif isinstance(value, tuple):
      if not all(math.isfinite(v) and v > 0 for v in value):
        raise InputError(f'{name}: must be above 0')
      if field.name != 'voltage_kv' and (
        len(value) != 2 or value[0] > value[1]
      ):
        raise InputError(f'{name}: give two numbers, the smaller first')
    elif not (math.isfinite(value) and value >= 0):
      raise InputError(f'{name}: must be 0 or more')
    elif field.name.endswith('_fraction') and value > 1:
      raise InputError(f'{name}: is a fraction; must be at most 1')
