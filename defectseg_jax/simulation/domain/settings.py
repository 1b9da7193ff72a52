"""The ranges that micrographs of a domain are drawn from: `config.domain`."""

import dataclasses
from collections.abc import Mapping
from typing import Annotated, Any

from defectseg_jax.bounds import Fraction, read_fields, within
from defectseg_jax.errors import InputError
from defectseg_jax.simulation.domain.camera import CameraSettings
from defectseg_jax.simulation.domain.diffraction import BackgroundSettings
from defectseg_jax.simulation.domain.draws import Range
from defectseg_jax.simulation.domain.line_scene import LineSettings
from defectseg_jax.simulation.domain.surface_ground import SurfaceSettings

# Kinds of micrograph that not all defects have.
_DEFECTS = {
  'annular_dark_field': ('voids', 'precipitates'),
  'scanned_surface': ('precipitates',),
  'weak_beam': ('dislocations',),
}
_WEIGHT = within(0, 1e6, 'it is a weight')


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

  bright_field: Annotated[float, _WEIGHT] = 0.72
  annular_dark_field: Annotated[float, _WEIGHT] = 0.06
  scanning_foil: Annotated[float, _WEIGHT] = 0.22
  scanned_surface: Annotated[float, _WEIGHT] = 0.0
  weak_beam: Annotated[float, _WEIGHT] = 0.0

  @property
  def weights(self) -> dict[str, float]:
    """Weights by the names of the kinds."""
    return {
      'bright_field': self.bright_field,
      'annular_dark_field': self.annular_dark_field,
      'scanning_foil': self.scanning_foil,
      'scanned_surface': self.scanned_surface,
      'weak_beam': self.weak_beam,
    }


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

  diameter_px: Annotated[
    Range, within(1e-6, 2000, 'larger ones leave no ground')
  ] = (5.0, 80.0)
  diameter_nm: Annotated[
    Range, within(1e-6, 100000.0, 'it is in nanometres')
  ] = (0.8, 80.0)
  relative_std: Annotated[
    Range, within(1e-6, 1, 'it is relative to the mean')
  ] = (0.03, 0.5)
  covered_fraction: Annotated[Range, within(1e-6, 1, 'it is a fraction')] = (
    0.03,
    0.45,
  )
  empty_fraction: Fraction = 0.06
  thickness_per_diameter: Annotated[
    Range, within(1, 10000, 'below 1, no object fits into its foil')
  ] = (1.3, 12.0)
  visible_ratio: Annotated[
    float, within(0, 1000, 'nothing would be labelled')
  ] = 10.0


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

  voltage_kv: Annotated[
    tuple[float, ...], within(1, 10000, 'it is in kilovolts')
  ] = (80.0, 200.0, 300.0)
  focused_fraction: Fraction = 0.2
  over_focus_fraction: Fraction = 0.2
  fringe_px: Annotated[
    Range, within(1e-6, 1000, 'it is the width of a fringe')
  ] = (0.5, 14.0)
  spherical_aberration_mm: Annotated[
    Range, within(1e-6, 1000, 'it is in millimetres')
  ] = (0.001, 2.0)
  focal_spread_nm: Annotated[
    Range, within(1e-6, 10000, 'it is in nanometres')
  ] = (2.0, 12.0)
  convergence_mrad: Annotated[
    Range, within(1e-6, 1000, 'it is in milliradians')
  ] = (0.02, 0.5)
  aperture_mrad: Annotated[
    Range, within(1e-6, 1000, 'it is in milliradians')
  ] = (4.0, 20.0)
  inner_potential_v: Annotated[Range, within(1e-6, 1000, 'it is in volts')] = (
    14.0,
    27.0,
  )
  absorption_length_nm: Annotated[
    Range, within(1e-6, 1000000.0, 'it is in nanometres')
  ] = (15.0, 200.0)
  speckle_rad: Annotated[Range, within(1e-6, 100, 'it is in radians')] = (
    0.004,
    0.25,
  )


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
  real_background_fraction: Fraction = 0.35
  gain: Annotated[Range, within(1e-6, 1000, 'it is a factor')] = (
    0.5,
    1.7,
  )
  offset: Annotated[
    float, within(0, 1000, 'a micrograph has a standard deviation of 1')
  ] = 0.6
  patches: Annotated[int, within(1, 10000000, 'each takes time')] = 800
  micrographs: Annotated[int, within(1, 100000, 'each takes time')] = 24
  side_px: Annotated[int, within(64, 4096, 'memory grows with its square')] = (
    384
  )


def require_kinds(imaging: ImagingSettings, defect: str) -> None:
  """Looks whether micrographs of a defect can be drawn.

  Args:
    imaging: how often each kind is drawn.
    defect: that is looked for.

  Raises:
    InputError: no kind is drawn, or one that the defect does not have.
  """
  for kind, weight in imaging.weights.items():
    if weight and defect not in _DEFECTS.get(kind, (defect,)):
      raise InputError(
        f'config.domain.imaging.{kind}={weight}: must be 0 for {defect}'
      )
  if not sum(imaging.weights.values()):
    raise InputError('config.domain.imaging: one kind must be above 0')


def domain_settings(config: Mapping[str, Any]) -> DomainSettings:
  """The settings from mappings, as a config has them.

  Args:
    config: fields of `DomainSettings`, with groups as mappings; fields that are
      left out have their defaults.

  Returns:
    The settings.

  Raises:
    InputError: a field is unknown or out of its bounds, or a range is no pair
      of ascending numbers.

  Examples:
    >>> domain_settings({'objects': {'diameter_px': (8.0, 40.0)}}).objects
    ObjectSettings(diameter_px=(8.0, 40.0), ...
  """
  return read_fields(DomainSettings, config, 'config.domain')
