"""A domain of micrographs: ranges that each patch is drawn from.

Read where config.data.source is domain, as scale=general sets it. Two numbers
are the ends of a range: one of micrographs' sizes, doses and lengths is drawn
evenly on a logarithmic scale, an angle or a fraction evenly. All numbers are by
eye, after micrographs of irradiated steels from many microscopes, where nothing
else is said.
"""

import ml_collections


def get_config() -> ml_collections.ConfigDict:
  """Voids, in TEM bright field mostly.

  Other defects' configs change what differs, for scale=general.
  """
  config = ml_collections.ConfigDict()
  # Patches in an epoch. Each is simulated for its step, and seen once.
  config.patches = 800
  # Micrographs of the development set, and as many of the test set.
  config.micrographs = 24
  # Side of each of those, in pixels.
  config.side_px = 384
  # Fraction of the bright-field micrographs whose background is a part of a
  # real one, where config.simulation.background is a folder of them.
  config.real_background_fraction = 0.35
  # Factor on a patch after its preprocessing: the standard deviation of a
  # micrograph is not that of its parts.
  config.gain = (0.5, 1.7)
  # Largest shift of a patch after that, as the mean is not, either.
  config.offset = 0.6

  config.imaging = ml_collections.ConfigDict()
  # How many micrographs are TEM bright field by wave optics, relative to the
  # others.
  config.imaging.bright_field = 0.72
  # STEM annular dark field, where voids are dark.
  config.imaging.annular_dark_field = 0.06
  # The bright-field STEM of config.foil, at other scales, densities and doses.
  config.imaging.scanning_foil = 0.22
  # SEM of polished or etched surfaces; of precipitates only.
  config.imaging.scanned_surface = 0.0
  # Weak-beam dark field of dislocations; of no other defect.
  config.imaging.weak_beam = 0.0

  config.objects = ml_collections.ConfigDict()
  # Mean diameter in a micrograph, in pixels: what the network sees.
  config.objects.diameter_px = (5.0, 80.0)
  # Mean diameter in nanometres. Together they give the size of a pixel.
  config.objects.diameter_nm = (0.8, 80.0)
  # Standard deviation of the diameters over their mean.
  config.objects.relative_std = (0.03, 0.5)
  # Fraction of the area that objects cover; overlaps count twice.
  config.objects.covered_fraction = (0.03, 0.45)
  # Fraction of the micrographs without any.
  config.objects.empty_fraction = 0.06
  # Thickness of the foil over the mean diameter.
  config.objects.thickness_per_diameter = (1.3, 12.0)
  # Objects of less contrast over noise, of averages over their area, count
  # neither way. Rose's criterion for seeing one at all is 5, on even ground;
  # with 7, many labels over diffraction contrast are not to be seen by eye.
  config.objects.visible_ratio = 10.0

  config.optics = ml_collections.ConfigDict()
  # Accelerating voltages, in kV.
  config.optics.voltage_kv = (80.0, 200.0, 300.0)
  # Fraction of the micrographs that are in focus.
  config.optics.focused_fraction = 0.2
  # Fraction of the others that are over focus.
  config.optics.over_focus_fraction = 0.2
  # Width of a Fresnel fringe, sqrt(wavelength x defocus), in pixels.
  config.optics.fringe_px = (0.5, 14.0)
  # Spherical aberration, in mm; the least is that of a corrected lens.
  config.optics.spherical_aberration_mm = (0.001, 2.0)
  # Standard deviation of the focus by chromatic aberration, in nanometres.
  config.optics.focal_spread_nm = (2.0, 12.0)
  # Semi-angle of the illumination, in mrad.
  config.optics.convergence_mrad = (0.02, 0.5)
  # Semi-angle of the objective aperture, in mrad.
  config.optics.aperture_mrad = (4.0, 20.0)
  # Mean inner potential of the matrix, in volts; iron has about 20 to 25.
  config.optics.inner_potential_v = (14.0, 27.0)
  # Thickness that weakens the beam to 1/e, in nanometres.
  config.optics.absorption_length_nm = (15.0, 200.0)
  # Standard deviation of the phase that amorphous surfaces add, in radians.
  config.optics.speckle_rad = (0.004, 0.25)

  config.background = ml_collections.ConfigDict()
  # Standard deviation of smooth contrast, in the exponent of the intensity.
  config.background.mottling = (0.01, 0.35)
  # Fraction of micrographs with bend contours.
  config.background.contours_fraction = 0.5
  # How dark they are, in the exponent.
  config.background.contour_darkness = (0.1, 1.6)
  # Fraction with boundaries of grains or laths.
  config.background.grains_fraction = 0.25
  # Fraction with moire fringes.
  config.background.moire_fraction = 0.1
  # Fraction with dislocations, where those are not looked for.
  config.background.lines_fraction = 0.4
  # Fraction with dark spots of strain.
  config.background.spots_fraction = 0.4
  # Their width, in pixels.
  config.background.spot_px = (1.5, 16.0)

  config.camera = ml_collections.ConfigDict()
  # Electrons for each pixel.
  config.camera.dose_electrons_per_px = (20.0, 2500.0)
  # Standard deviation of the camera's point spread, in pixels.
  config.camera.blur_px = (0.25, 1.1)
  # Standard deviation of the readout noise, in electrons.
  config.camera.read_noise_electrons = (0.1, 6.0)
  # Fraction that were enlarged, or scanned from film: smooth noise.
  config.camera.oversampled_fraction = 0.0
  # How much of the file's range of numbers the image fills.
  config.camera.contrast_fraction = (0.12, 1.0)
  # Exponent of the display.
  config.camera.gamma = (0.7, 1.4)
  # Fraction of micrographs with X-ray spikes.
  config.camera.spikes_fraction = 0.12
  # Fraction with a hot or a dead column.
  config.camera.columns_fraction = 0.05
  # Fraction whose brightest or darkest parts are clipped.
  config.camera.saturated_fraction = 0.1
  # Fraction that were saved as JPEG.
  config.camera.jpeg_fraction = 0.15

  config.surface = ml_collections.ConfigDict()
  # Surfaces with precipitates in SEM. Mean diameter, in nanometres.
  config.surface.diameter_nm = (40.0, 4000.0)
  # Fraction of the micrographs whose particles are bright.
  config.surface.bright_fraction = 0.12
  # Width of the particles' edges, in pixels.
  config.surface.edge_px = (0.5, 3.5)
  # Standard deviation of a pixel's noise over a typical particle's contrast.
  config.surface.noise = (0.04, 1.0)
  # Standard deviation of the matrix, likewise.
  config.surface.mottling = (0.02, 0.6)
  # Fraction of micrographs whose particles have a bright rim on one side, as
  # the detector stands aside.
  config.surface.relief_fraction = 0.7
  # Fraction whose particles have a bright rim all around.
  config.surface.halo_fraction = 0.35
  # Fraction whose particles have faces.
  config.surface.facets_fraction = 0.25
  # Fraction of the particles that have grown together with another.
  config.surface.pairs_fraction = 0.1
  # Fraction of micrographs with blurred particles below the surface, which are
  # not labelled.
  config.surface.buried_fraction = 0.55
  # Fraction with scratches of polishing.
  config.surface.scratches_fraction = 0.2
  # Fraction with a crack, or the border of another phase.
  config.surface.cracks_fraction = 0.12
  # Fraction with bright debris.
  config.surface.debris_fraction = 0.3
  # Fraction with streaks of charging along the scan.
  config.surface.streaks_fraction = 0.25
  # Fraction whose scan lines differ in brightness.
  config.surface.scan_lines_fraction = 0.6

  config.lines = ml_collections.ConfigDict()
  # Where dislocations are looked for, a line's width is the objects' diameter.
  # How dark a typical one is, in the exponent of the intensity.
  config.lines.darkness = (0.12, 1.6)
  # Fraction of micrographs with loops beside lines.
  config.lines.loops_fraction = 0.35
  # Fraction with loops and without lines.
  config.lines.loops_only_fraction = 0.25
  # Mean diameter of the loops, in pixels.
  config.lines.loop_px = (6.0, 90.0)
  # Of those micrographs, fraction whose loops are dark spots without a hole.
  config.lines.filled_loops_fraction = 0.65
  # Fraction with pile-ups.
  config.lines.pile_ups_fraction = 0.4
  # Fraction with networks.
  config.lines.networks_fraction = 0.25
  # Fraction with stacking faults, which are not labelled.
  config.lines.faults_fraction = 0.12
  # Fraction whose lines have double images.
  config.lines.double_fraction = 0.2
  # Fraction whose lines beat with depth, and are dotted near the surfaces.
  config.lines.dotted_fraction = 0.4
  # Fraction of the lines that are nearly out of contrast.
  config.lines.faint_fraction = 0.06
  return config
