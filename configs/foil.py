"""What simulated foils are made of: a thin foil, its contrast, its detector.

Where numbers come from:

  paper    Roberts et al. (2019): its text and its Tables 2 and 3.
  derived  worked out from the paper's tables, where its text says nothing or
           is wrong: 0.32 nm per pixel, and foils of 113 nm (dislocations), of
           177 nm and of 207 nm (voids and precipitates).
  by eye   no source gives the number; with it, simulated micrographs look like
           the paper's. Replace it where you know better.

Densities, numbers and fractions are means: what one foil has is random.
"""

import ml_collections


def get_config() -> ml_collections.ConfigDict:
  """A foil with voids and precipitates, and few dislocations."""
  config = ml_collections.ConfigDict()
  # Side of a micrograph, in pixels; paper.
  config.side_px = 2048
  # Side of a pixel, in nanometres; derived.
  config.pixel_size_nm = 0.32
  # Mean thickness of the foil, in nanometres; derived: between 177 and 207.
  config.thickness_nm = 190.0

  config.voids = ml_collections.ConfigDict()
  # Voids per cubic metre of the foil, counted by their centres; the paper has
  # 0.53e21 and 1.04e21.
  config.voids.density_per_m3 = 0.7e21
  # Mean diameter, in nanometres, of the circle that has the void's area as seen
  # from above; the paper has 22.6 and 20.3.
  config.voids.diameter_nm = 21.5
  # Standard deviation of the diameters, in nanometres; the paper has 8.5 and
  # 6.8. Diameters have a gamma distribution, by eye.
  config.voids.diameter_std_nm = 7.5
  # Fraction of voids that are spheres, by eye; the others have crystal faces.
  config.voids.spherical_fraction = 0.3

  config.precipitates = ml_collections.ConfigDict()
  # Precipitates per cubic metre of the foil, counted by their centres; the
  # paper has 6.6e21 and 8.4e21.
  config.precipitates.density_per_m3 = 7.0e21
  # Mean diameter, in nanometres, as for voids; the paper has 10.2 and 10.8.
  config.precipitates.diameter_nm = 10.5
  # Standard deviation of the diameters, in nanometres; the paper has 5.1 and
  # 4.5. Diameters have a gamma distribution, by eye.
  config.precipitates.diameter_std_nm = 4.8
  # Largest ratio of a precipitate's long axis to its short axis; by eye.
  config.precipitates.elongation = 1.6
  # Irregularity of outlines: relative deviation of the radius; by eye.
  config.precipitates.roughness = 0.12
  # Fraction of precipitates with a strain field around them; by eye.
  config.precipitates.halo_fraction = 0.15

  config.dislocations = ml_collections.ConfigDict()
  # Length of dislocation lines, in metres, per cubic metre of the foil. By eye:
  # few; configs/dislocations.py has the paper's density.
  config.dislocations.density_per_m2 = 1.0e14
  # Fraction of curves that cross the foil steeply from surface to surface; by
  # eye. What the three fractions leave are lines that lie flat in the foil.
  config.dislocations.threading_fraction = 0.2
  # Fraction of curves that are networks: lines that meet in nodes; by eye.
  config.dislocations.network_fraction = 0.2
  # Fraction of curves that are tangles: crowded, strongly bent lines; by eye.
  config.dislocations.tangle_fraction = 0.1
  # Fraction of lines that are out of contrast (g.b = 0) and so not labelled;
  # by eye.
  config.dislocations.out_of_contrast_fraction = 0.05

  config.contrast = ml_collections.ConfigDict()
  # Thickness, in nanometres, over which the beam weakens to 1/e; by eye.
  config.contrast.absorption_length_nm = 80.0
  # How strongly a precipitate weakens the beam: a path of 1 nm through it adds
  # as much as this many nanometres of matrix; by eye.
  config.contrast.precipitate_absorption = 2.2
  # Depth, in nanometres, after which a dislocation's contrast repeats; by eye.
  config.contrast.extinction_distance_nm = 40.0
  # Brightness of the Fresnel rims that defocus gives to voids; by eye.
  config.contrast.fresnel_rim = 0.12
  # Darkness of a dislocation: it transmits exp(-darkness) at most; by eye.
  config.contrast.line_darkness = 0.4
  # Width of a dislocation's image at half its darkness, in nanometres; by eye.
  config.contrast.line_width_nm = 4.0
  # Largest distance, in nanometres, between a dislocation and its image, to
  # either side; the image swings with depth. By eye.
  config.contrast.line_shift_nm = 0.8
  # Increase in thickness across the micrograph, in nanometres; by eye.
  config.contrast.wedge_nm = 15.0
  # Mean number of bend contours in a micrograph; by eye.
  config.contrast.bend_contours = 1.5
  # Mean number of lath boundaries in a micrograph; by eye.
  config.contrast.lath_boundaries = 1.0
  # Relative strength of the mottling of damaged surfaces; by eye.
  config.contrast.mottling = 0.03
  # Pits and oxide islands per square micrometre; by eye. They are soft spots,
  # and not labelled.
  config.contrast.surface_spots_per_um2 = 100.0

  config.detector = ml_collections.ConfigDict()
  # Electrons per pixel behind a foil of mean thickness; by eye.
  config.detector.dose_electrons_per_px = 300.0
  # Standard deviation of the readout noise, in electrons; by eye.
  config.detector.read_noise_electrons = 4.0
  # Standard deviation of the probe's profile, in nanometres; by eye.
  config.detector.probe_nm = 0.4
  # Standard deviation of where a scanned row begins, in pixels; by eye.
  config.detector.jitter_px = 0.4
  # Error of the beam's position at the left edge, in pixels, after it has flown
  # back; by eye.
  config.detector.flyback_px = 2.0
  # Bits per pixel of the file: 8 or 16.
  config.detector.bits = 8
  return config
