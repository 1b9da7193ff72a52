"""An electron wave through the objective lens: from exit wave to intensity.

Lengths are in nanometres. Spatial frequencies are those of `numpy.fft.fftfreq`.
"""

import dataclasses
import math

import numpy as np
import scipy
from jaxtyping import Complex, Float


@dataclasses.dataclass(frozen=True)
class Lens:
  """The objective lens and its illumination.

  Attributes:
    voltage_kv: accelerating voltage.
    defocus_nm: above 0 is under focus, as in Scherzer's condition.
    spherical_aberration_mm: third order.
    focal_spread_nm: standard deviation of the defocus, by chromatic aberration.
    convergence_mrad: semi-angle of the illumination.
    aperture_mrad: semi-angle of the objective aperture.
  """

  voltage_kv: float = 200.0
  defocus_nm: float = 0.0
  spherical_aberration_mm: float = 1.2
  focal_spread_nm: float = 4.0
  convergence_mrad: float = 0.1
  aperture_mrad: float = 10.0

  @property
  def wavelength_nm(self) -> float:
    """Of the electrons; see `electron_wavelength_nm`."""
    return electron_wavelength_nm(self.voltage_kv)


def electron_wavelength_nm(voltage_kv: float) -> float:
  """De Broglie's wavelength of relativistic electrons.

  h / sqrt(2 m e U (1 + e U / (2 m c^2)))

  Args:
    voltage_kv: accelerating voltage U.

  Returns:
    The wavelength.

  References:
    D. B. Williams and C. B. Carter, Transmission Electron Microscopy, 2nd ed.
    (Springer, 2009), equation 1.6.

  Examples:
    >>> round(electron_wavelength_nm(200), 6)  # Their Table 1.2.
    0.002508
  """
  energy_j = scipy.constants.e * voltage_kv * 1e3
  mass, light = scipy.constants.m_e, scipy.constants.c
  momentum = math.sqrt(
    2 * mass * energy_j * (1 + energy_j / (2 * mass * light**2))
  )
  return scipy.constants.h / momentum * 1e9


def interaction_constant(voltage_kv: float) -> float:
  """Phase of an electron wave, in radians, for each volt and nanometre.

  2 pi / (lambda U) (m c^2 + e U) / (2 m c^2 + e U)

  Args:
    voltage_kv: accelerating voltage U.

  Returns:
    Radians per volt of inner potential and nanometre of path.

  References:
    E. J. Kirkland, Advanced Computing in Electron Microscopy, 2nd ed.
    (Springer, 2010), equation 5.6.

  Examples:
    >>> round(interaction_constant(200), 5)
    0.00729
  """
  rest_v = scipy.constants.m_e * scipy.constants.c**2 / scipy.constants.e
  volts = voltage_kv * 1e3
  relativistic = (rest_v + volts) / (2 * rest_v + volts)
  return (
    2 * math.pi / (electron_wavelength_nm(voltage_kv) * volts) * relativistic
  )


def transfer_function(
  side_px: int, pixel_size_nm: float, lens: Lens
) -> Complex[np.ndarray, '{side_px} {side_px}']:
  """What the lens does to each spatial frequency q of a wave.

  A(q) exp(-i chi(q)), with
  chi(q) = -pi lambda defocus q^2 + pi / 2 Cs lambda^3 q^4,
  and in A the aperture and the envelopes of partial coherence.

  Args:
    side_px: of the square image.
    pixel_size_nm: side of a pixel.
    lens: its properties.

  Returns:
    complex64 [side_px, side_px].

  References:
    Williams and Carter, chapter 28; R. H. Wade and J. Frank, Optik 49, 81
    (1977), for the envelopes.

  Examples:
    >>> transfer = transfer_function(64, 0.2, Lens(defocus_nm=500.0))
    >>> transfer.shape, bool(transfer[0, 0] == 1)
    ((64, 64), True)
  """
  # A quarter of it is the whole, since it depends on |q| alone.
  frequency = np.abs(scipy.fft.fftfreq(side_px, pixel_size_nm)).astype(
    np.float32
  )
  half = frequency[: side_px // 2 + 1]
  q2 = half[:, None] ** 2 + half[None, :] ** 2
  wavelength = lens.wavelength_nm
  aberration_nm = lens.spherical_aberration_mm * 1e6
  chi = (
    -math.pi * wavelength * lens.defocus_nm * q2
    + 0.5 * math.pi * aberration_nm * wavelength**3 * q2**2
  )
  q = np.sqrt(q2)
  slope = lens.defocus_nm * q - aberration_nm * wavelength**2 * q2 * q
  temporal = (math.pi * wavelength * lens.focal_spread_nm * q2) ** 2 / 2
  spatial = (math.pi * lens.convergence_mrad * 1e-3 * slope) ** 2
  highest = lens.aperture_mrad * 1e-3 / wavelength
  # The edge of the aperture is as wide as a tenth of its radius: a sharp one
  # would ring from one side of the image to the other.
  aperture = 1 / (1 + np.exp(np.clip((q / highest - 1) * 20, -30, 30)))
  envelope = aperture / aperture[0, 0] * np.exp(-temporal - spatial)
  quarter = _polar(envelope, -chi)
  place = np.minimum(np.arange(side_px), side_px - np.arange(side_px))
  return quarter.take(place, axis=0).take(place, axis=1)


def exit_wave(
  intensity: Float[np.ndarray, 'h w'], phase_rad: Float[np.ndarray, 'h w']
) -> Complex[np.ndarray, 'h w']:
  """sqrt(intensity) exp(i phase).

  Args:
    intensity: [H, W], not below 0.
    phase_rad: [H, W].

  Returns:
    complex64 [H, W].
  """
  return _polar(np.sqrt(intensity), phase_rad)


def _polar(modulus: np.ndarray, phase: np.ndarray) -> np.ndarray:
  """modulus exp(i phase), complex64, in a third of the time of np.exp."""
  wave = np.empty(modulus.shape, np.complex64)
  np.multiply(modulus, np.cos(phase), out=wave.real, casting='same_kind')
  np.multiply(modulus, np.sin(phase), out=wave.imag, casting='same_kind')
  return wave


def image_intensity(
  wave_of_foil: Complex[np.ndarray, 'h w'],
  transfer: Complex[np.ndarray, 'h w'],
) -> Float[np.ndarray, 'h w']:
  """The image of an exit wave.

  Args:
    wave_of_foil: complex64 [H, W], from `exit_wave`; opposite sides are taken
      to meet.
    transfer: complex64 [H, W], from `transfer_function`.

  Returns:
    float32 [H, W], 1 where an empty wave of amplitude 1 arrives.
  """
  waves = np.asarray(scipy.fft.fft2(wave_of_foil))
  waves *= transfer
  wave = np.asarray(scipy.fft.ifft2(waves, overwrite_x=True))
  # Real and imaginary parts side by side.
  parts = wave.view(np.finfo(wave.dtype).dtype)
  parts *= parts
  return parts[:, ::2] + parts[:, 1::2]
