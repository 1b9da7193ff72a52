"""What every defect's config begins from: the paper's protocol.

A config is overridden on the command line, as --config.training.epochs=20, or
by arguments of its file: --config=configs/voids.py:scale=quick. Arguments are
key=value, separated by commas; these are known:

  scale=paper  patches, batch and epochs of Roberts et al. (2019); the network
               that is kept is an average over steps, which theirs is not
  scale=quick  a run of about 5 minutes on 4 cores

Without one, the file's own stand: the paper's, if it says nothing of them.
"""

import math

import ml_collections

from configs import foil, search

SCALES = {
  'paper': {
    'data.patch_px': 512,
    'data.patches': 'tiled',
    'data.orientations': 8,
    'simulation.micrographs': 2,
    'model.dropout_rate': 0.1,
    'training.batch_size': 16,
    'training.epochs': 100,
    'training.plateau_patience_epochs': 10,
    'training.average_decay': 0.99,
  },
  'quick': {
    'data.patch_px': 256,
    'data.patches': 'random',
    'simulation.micrographs': 4,
    'model.dropout_rate': 0.0,
    'training.batch_size': 8,
    'training.epochs': 15,
    'training.plateau_patience_epochs': 2,
    'training.positive_weight_decay': 0.6,
    'training.average_decay': 0.95,
  },
}


def get_config() -> ml_collections.ConfigDict:
  """The paper's protocol, for any defect."""
  config = ml_collections.ConfigDict()

  # voids, precipitates or dislocations: names the run and its dataset.
  config.defect = ''
  # Of the first weights, the order and orientation of patches, and dropout.
  config.seed = 0
  # A workdir, or one folder of its checkpoints/, whose weights to begin from;
  # '' begins from random ones.
  config.init_from = ''

  config.data = ml_collections.ConfigDict()
  # Where micrographs come from: simulated foils, or a folder.
  config.data.source = 'simulated'
  # The folder: images/, masks/ and optionally splits.csv.
  config.data.dir = ''
  # What to do with micrographs in colour: refuse them, or take their luminance.
  # Those whose channels are equal are grey, and are read either way.
  config.data.rgb = 'refuse'
  # Where prepared datasets are kept between runs; '' is ~/.cache/defectseg_jax.
  config.data.cache_dir = ''
  # Side of a training patch, in pixels: a multiple of 8; of 16 for unet, of 32
  # for fcn8s and fc_densenet.
  config.data.patch_px = 512
  # How patches are laid out: 'tiled' gives every tile in every orientation
  # each epoch; 'random' gives as many as there are tiles, from each micrograph
  # as often, each at a random place and in a random orientation.
  config.data.patches = 'tiled'
  # Orientations of a patch: 8, the rotations and flips; 2, as it is and flipped
  # left to right; 1, as it is. Fewer where up and down differ: by the side on
  # which the detector stood, or by labels that sit to one side.
  config.data.orientations = 8

  config.simulation = ml_collections.ConfigDict()
  # Micrographs that are simulated; each is divided as in the paper.
  config.simulation.micrographs = 2
  # Of everything in them.
  config.simulation.seed = 0
  # A micrograph without defects, to render them into; '' simulates that too.
  config.simulation.background = ''
  # What the foils are made of: configs/foil.py.
  config.foil = foil.get_config()

  config.preprocessing = ml_collections.ConfigDict()
  # Whether defects are dark in the micrograph, and it is to be inverted.
  config.preprocessing.invert = False
  # How the background is subtracted: none, gaussian or rolling_ball.
  config.preprocessing.background = 'gaussian'
  # Standard deviation of the Gaussian, or radius of the ball, in pixels.
  config.preprocessing.background_radius_px = 100.0
  # How variance is normalised: none, global or local.
  config.preprocessing.normalisation = 'global'
  # Standard deviation of the window of local normalisation, in pixels.
  config.preprocessing.normalisation_radius_px = 100.0

  config.model = ml_collections.ConfigDict()
  # The architecture: defectsegnet; defectsegnet_no_dense, _no_skips, _added or
  # _bilinear; fcn8s; unet; fc_densenet56, 67 or 103. With _350k at the end (and
  # fc_densenet_350k) it has as many parameters as the first.
  config.model.name = 'defectsegnet'
  # Fraction of maps dropped after each hidden convolution. Two micrographs are
  # learnt by heart without.
  config.model.dropout_rate = 0.1
  # What running statistics keep at each step.
  config.model.batch_norm_momentum = 0.9

  config.training = ml_collections.ConfigDict()
  # Patches in a step, over all devices; their number must divide it.
  config.training.batch_size = 16
  # Passes through the training patches, at most.
  config.training.epochs = 100
  # Adam's, before any decay.
  config.training.learning_rate = 1.8e-3
  # What the rate is multiplied by at a plateau of the development IU.
  config.training.plateau_factor = 0.5
  # Epochs without a better development IU that make a plateau.
  config.training.plateau_patience_epochs = 10
  # Training ends after this many decays.
  config.training.max_decays = 6
  # Weight of a defect pixel in the loss, in the first epoch.
  config.training.positive_weight = 8.0
  # What the weight's excess over 1 is multiplied by each epoch.
  config.training.positive_weight_decay = 0.9
  # Weight of half the sum of squares of the kernels in the loss.
  config.training.l2 = 1e-4
  # The network that is scored and kept is an average over steps, which keeps so
  # much of itself at each: 0.99 is one of about 100 steps, 8 epochs of the
  # paper's patches. 0 takes the last step alone, as in the paper.
  config.training.average_decay = 0.99

  config.evaluation = ml_collections.ConfigDict()
  # Side of the part of a micrograph that one tile covers, in pixels.
  config.evaluation.tile_px = 512

  # What --mode=search tries: configs/search.py.
  config.search = search.get_config()

  config.quantification = ml_collections.ConfigDict()
  # Whether pixels that touch at a corner belong together: 8 yes, 4 no.
  config.quantification.connectivity = 8
  # Particles of fewer pixels are left out; 0 leaves it to the development set
  # of the run that drew them, and takes all where no run did.
  config.quantification.minimum_area_px = 0
  # Whether background that a particle encloses becomes part of it.
  config.quantification.fill_holes = False
  # Whether particles that touch are cut apart where they are narrow.
  config.quantification.separate = False
  # Which particles at the image's edge are counted: all; exclude, only whole
  # ones; frame, not those that touch the bottom or the right side.
  config.quantification.border = 'frame'
  # Thickness of the thickest sliver of a cut particle that nobody draws.
  config.quantification.unseen_nm = 0.0
  # Between test lines that are laid over dislocations.
  config.quantification.spacing_px = 32
  # Test lines at random places and in random directions.
  config.quantification.random_lines = 64
  # Side branches of dislocations that are shorter are pruned.
  config.quantification.spur_px = 5.0
  # Length of dislocations over that of their projection: 4 / pi in random
  # directions, 1 if they lie flat in the foil.
  config.quantification.projection_factor = 4 / math.pi
  # Relative standard uncertainty of that factor.
  config.quantification.projection_uncertainty = 0.0
  # Fraction of the dislocations' length that is out of contrast.
  config.quantification.unseen_fraction = 0.0
  # Standard uncertainty of that fraction.
  config.quantification.unseen_uncertainty = 0.0
  # Relative standard uncertainty of the foil's thickness: 0.1 is 10%.
  config.quantification.thickness_uncertainty = 0.0
  # Relative standard uncertainty of the pixel's side.
  config.quantification.pixel_size_uncertainty = 0.0

  return config


def with_arguments(
  config: ml_collections.ConfigDict, argument: str | None
) -> ml_collections.ConfigDict:
  """Applies what stands after the colon of --config=FILE:key=value,...

  Args:
    config: changed in place.
    argument: `key=value` pairs separated by commas; None or '' for none.

  Returns:
    The config.

  Raises:
    ValueError: a pair is no pair, its key is unknown, or stands there twice,
      or its value is unknown.
  """
  given = {}
  for pair in argument.split(',') if argument else []:
    key, equals, value = pair.partition('=')
    if not equals or key != 'scale' or key in given:
      raise ValueError(
        f'config argument {pair!r}: write scale=paper or scale=quick, once'
      )
    given[key] = value
  if not given:
    return config
  if given['scale'] not in SCALES:
    raise ValueError(
      f'config argument scale={given["scale"]}: choose one of '
      f'{", ".join(SCALES)}'
    )
  config.update_from_flattened_dict(SCALES[given['scale']])
  return config
