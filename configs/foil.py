"""What simulated foils are made of; numbers of Roberts et al. (2019).

Scale, thicknesses and densities that the paper does not print were worked out
from its tables: 0.32 nm per pixel, and foils of 113 nm (dislocations) and of
177 and 207 nm (voids and precipitates).
"""

import ml_collections


def get_config() -> ml_collections.ConfigDict:
  """A foil with voids and precipitates; dislocations are few."""
  config = ml_collections.ConfigDict()
  # Side of a micrograph, in pixels.
  config.side_px = 2048
  # Side of a pixel, in nanometres.
  config.pixel_size_nm = 0.32
  # Mean thickness of the foil, in nanometres.
  config.thickness_nm = 190.0

  config.voids = ml_collections.ConfigDict()
  # Voids whose centre is in a cubic metre of the foil.
  config.voids.density_per_m3 = 0.7e21
  # Mean of their diameters: circles of the same area, seen from above.
  config.voids.diameter_nm = 21.5
  # Standard deviation of their diameters, which have a gamma distribution.
  config.voids.diameter_std_nm = 7.5
  # Fraction that are spheres; the others have the faces of a crystal.
  config.voids.spherical_fraction = 0.3

  config.precipitates = ml_collections.ConfigDict()
  # Precipitates whose centre is in a cubic metre of the foil.
  config.precipitates.density_per_m3 = 7.0e21
  # Mean of their diameters, as of voids.
  config.precipitates.diameter_nm = 10.5
  # Standard deviation of their diameters.
  config.precipitates.diameter_std_nm = 4.8
  # The largest ratio of a precipitate's axes.
  config.precipitates.elongation = 1.6
  # How irregular outlines are: relative deviation of the radius.
  config.precipitates.roughness = 0.12
  # Fraction with a halo of strain.
  config.precipitates.halo_fraction = 0.15

  config.dislocations = ml_collections.ConfigDict()
  # Length of dislocation lines, in metres, in a cubic metre of the foil.
  config.dislocations.density_per_m2 = 1.0e14
  # Fraction of lines that go steeply from one surface to the other. What the
  # three fractions leave lies flat in the foil.
  config.dislocations.threading_fraction = 0.2
  # Fraction of curves that are networks of several lines, with nodes.
  config.dislocations.network_fraction = 0.2
  # Fraction of curves that are tangles of several lines.
  config.dislocations.tangle_fraction = 0.1
  # Fraction of lines that are out of contrast: there, but seen by nobody.
  config.dislocations.out_of_contrast_fraction = 0.05

  config.contrast = ml_collections.ConfigDict()
  # Thickness over which the beam weakens to 1/e.
  config.contrast.absorption_length_nm = 80.0
  # How much more than the matrix a precipitate weakens the beam, per length.
  config.contrast.precipitate_absorption = 2.2
  # Period in depth of the contrast of dislocations.
  config.contrast.extinction_distance_nm = 40.0
  # Brightness of the rims that defocus gives voids.
  config.contrast.fresnel_rim = 0.12
  # How dark a dislocation is: the exponent of its transmission.
  config.contrast.line_darkness = 0.4
  # Width of a dislocation's image at half its darkness.
  config.contrast.line_width_nm = 4.0
  # The most that beating contrast moves a dislocation's image off its line, to
  # the one side and the other.
  config.contrast.line_shift_nm = 0.8
  # How much thicker the foil is on one side of the micrograph.
  config.contrast.wedge_nm = 15.0
  # Bend contours in a micrograph, on average.
  config.contrast.bend_contours = 1.5
  # Lath boundaries in a micrograph, on average.
  config.contrast.lath_boundaries = 1.0
  # Strength of the mottling of damaged surfaces: relative, at its grains.
  config.contrast.mottling = 0.03
  # Pits and oxide islands in a square micrometre: soft spots, no defects.
  config.contrast.surface_spots_per_um2 = 100.0

  config.detector = ml_collections.ConfigDict()
  # Electrons that a pixel gets behind a foil of mean thickness.
  config.detector.dose_electrons_per_px = 300.0
  # Standard deviation of the noise of reading a pixel, in electrons.
  config.detector.read_noise_electrons = 4.0
  # Standard deviation of the probe's profile.
  config.detector.probe_nm = 0.4
  # Standard deviation of where a row begins, in pixels.
  config.detector.jitter_px = 0.4
  # How far the beam is off at the left edge, after flying back, in pixels.
  config.detector.flyback_px = 2.0
  # Bits of a pixel: 8 or 16.
  config.detector.bits = 8
  return config
