"""What every defect's config begins from: the paper's protocol.

Any field can be changed on the command line: --config.training.epochs=20. An
argument after the file's name changes several fields at once:
--config=configs/voids.py:scale=quick. There are three:

  scale=paper  patches, batches and epochs of Roberts et al. (2019), and the
               moving average of the weights, which the paper does not have
  scale=quick  a run of about 5 minutes on 4 cores; its numbers are by eye
  scale=general  a night on 2 cores: ever fresh patches of a whole domain, for a
               network that finds the defect in micrographs of any microscope;
               its numbers are by eye

alloy=ht9 and alloy=316 set config.properties (configs/alloys.py); both
arguments may be given, as scale=quick,alloy=316.

Without an argument, the fields are as the config file sets them.

Comments say where a number comes from: the paper, its authors' public release,
or "by eye", where no source gives it. The development set is the part of the
micrographs on which thresholds and the best epoch are chosen: a validation set.
"""

import math

import ml_collections

from configs import alloys, domain, foil, search

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
  'general': {
    'data.source': 'domain',
    'data.patch_px': 256,
    'preprocessing.background': 'none',
    'model.name': 'unet_350k',
    'model.dropout_rate': 0.0,
    'training.batch_size': 8,
    'training.epochs': 40,
    'training.learning_rate': 2e-3,
    'training.positive_weight': 2.0,
    'training.plateau_patience_epochs': 2,
    'training.l2': 1e-5,
    'training.average_decay': 0.995,
  },
}

# What may follow the name of a config file, and what each value sets.
_ARGUMENTS = {
  'scale': SCALES,
  'alloy': {
    name: {f'properties.{field}': value for field, value in alloy.items()}
    for name, alloy in alloys.ALLOYS.items()
  },
}


def get_config() -> ml_collections.ConfigDict:
  """The paper's protocol, for any defect."""
  config = ml_collections.ConfigDict()

  # The defect: voids, precipitates or dislocations. It names the run and its
  # dataset.
  config.defect = ''
  # Seed of the random numbers: first weights, order, positions and orientations
  # of patches, dropout.
  config.seed = 0
  # Where the first weights come from: a workdir, one folder of its
  # checkpoints/, a network that comes with the program, as 'voids', or the path
  # of a .safetensors file; '' draws them at random.
  config.init_from = ''

  config.data = ml_collections.ConfigDict()
  # Where micrographs come from: 'simulated' foils, a 'domain' of micrographs of
  # many microscopes, or a 'folder'.
  config.data.source = 'simulated'
  # The folder. It has images/ and masks/, and may have splits.csv, ignore/ and
  # valid/.
  config.data.dir = ''
  # What to do with micrographs in colour: 'refuse' them, or read their
  # 'luminance'. Files whose colour channels are equal are grey: they are always
  # read.
  config.data.rgb = 'refuse'
  # What is defect in masks of several classes: a value ('2'), a colour
  # ('255,0,0'), the name of a label ('void'), or 'all' for every number above 0
  # an object. '' where masks have two values, or numbers of objects.
  config.data.mask_class = ''
  # What is not labelled in masks, likewise: it counts in no loss and in no
  # score. '' for what masks tell by themselves (docs/labels.md).
  config.data.mask_ignore = ''
  # Folder that keeps prepared datasets between runs; '' is
  # ~/.cache/defectseg_jax.
  config.data.cache_dir = ''
  # Side of a training patch, in pixels; paper. It must be a multiple of 8, of
  # 16 for unet, and of 32 for fcn8s and fc_densenet.
  config.data.patch_px = 512
  # Where patches lie. 'tiled', as in the paper: each epoch has every tile in
  # every orientation. 'random': each epoch has as many patches as there are
  # tiles, equally many from each micrograph, at random positions and in random
  # orientations.
  config.data.patches = 'tiled'
  # Orientations of a patch. 8: all rotations by 90 degrees and flips, as in the
  # paper; 2: as it is, and flipped left to right; 1: as it is. Take 2 or 1
  # where up and down differ, for example where the detector shades one side.
  config.data.orientations = 8

  config.simulation = ml_collections.ConfigDict()
  # Number of simulated micrographs, by eye. Each is divided into training,
  # development and test regions as in the paper.
  config.simulation.micrographs = 2
  # Seed of everything in the simulated micrographs.
  config.simulation.seed = 0
  # File of a micrograph without defects, into which defects are rendered; of a
  # domain, a folder of them. '' simulates the background, too.
  config.simulation.background = ''
  # What the foils are made of: configs/foil.py.
  config.foil = foil.get_config()
  # What micrographs of a domain are drawn from: configs/domain.py.
  config.domain = domain.get_config()

  config.preprocessing = ml_collections.ConfigDict()
  # Whether to invert the micrograph: True where defects are dark.
  config.preprocessing.invert = False
  # How the background is subtracted: none, gaussian or rolling_ball. The paper
  # subtracts it, and does not say how.
  config.preprocessing.background = 'gaussian'
  # Standard deviation of the Gaussian, or radius of the ball, in pixels; by
  # eye.
  config.preprocessing.background_radius_px = 100.0
  # How variance is normalised: none, global (over the micrograph) or local
  # (over a window). The paper does not say which.
  config.preprocessing.normalisation = 'global'
  # Standard deviation of the window of local normalisation, in pixels; by eye.
  config.preprocessing.normalisation_radius_px = 100.0

  config.model = ml_collections.ConfigDict()
  # The architecture: defectsegnet (paper); defectsegnet_no_dense, _no_skips,
  # _added or _bilinear; fcn8s; unet; fc_densenet56, 67 or 103. Names that end
  # in _350k, like unet_350k, have as many parameters as defectsegnet.
  config.model.name = 'defectsegnet'
  # Spatial dropout: fraction of the feature maps that are set to 0 after each
  # hidden convolution, in training. By eye; the release has 0.2. Without it,
  # the network learns two micrographs by heart (docs/foils.md).
  config.model.dropout_rate = 0.1
  # Fraction of itself that batch normalisation's running mean and variance keep
  # at each step; by eye.
  config.model.batch_norm_momentum = 0.9

  config.training = ml_collections.ConfigDict()
  # Patches per step, over all devices together; paper. It must be a multiple of
  # the number of devices.
  config.training.batch_size = 16
  # Largest number of passes through the training patches; paper.
  config.training.epochs = 100
  # Learning rate of Adam before any decay; the release's, for dislocations.
  config.training.learning_rate = 1.8e-3
  # Factor on the learning rate at a plateau of the development IU; by eye. The
  # release has 0.8 and 0.27.
  config.training.plateau_factor = 0.5
  # A plateau is this many epochs without a better development IU; paper.
  config.training.plateau_patience_epochs = 10
  # Training ends after this many decays of the learning rate; paper.
  config.training.max_decays = 6
  # Weight of a defect pixel in the loss, in the first epoch; the release's, for
  # dislocations. A background pixel has the weight 1.
  config.training.positive_weight = 8.0
  # Factor, each epoch, on what that weight is above 1; by eye. The paper lets
  # the weight fall, and does not say how fast.
  config.training.positive_weight_decay = 0.9
  # L2 regularisation: the loss has this number times half the sum of squares of
  # the kernels; by eye.
  config.training.l2 = 1e-4
  # Decay of the exponential moving average of the weights, which is the network
  # that is scored and kept. 0.99, by eye, averages over about 100 steps: 8
  # epochs of the paper's patches. 0 keeps the weights of the last step, as in
  # the paper.
  config.training.average_decay = 0.99

  config.evaluation = ml_collections.ConfigDict()
  # Side of the part of a micrograph that is predicted at once, in pixels; by
  # eye, as large as the paper's patches. Memory depends on it, scores do not.
  config.evaluation.tile_px = 512

  # What --mode=search tries: configs/search.py.
  config.search = search.get_config()

  config.quantification = ml_collections.ConfigDict()
  # Whether pixels that touch only at a corner belong together: 8 yes, 4 no.
  config.quantification.connectivity = 8
  # Particles of fewer pixels are left out. 0 takes the number that the run has
  # chosen on its development set, or counts all particles of masks that come
  # without a run.
  config.quantification.minimum_area_px = 0
  # Whether holes in particles are filled.
  config.quantification.fill_holes = False
  # Whether particles that touch are separated where their outline is narrow.
  config.quantification.separate = False
  # Which particles at the image's edges are counted. all: every one; exclude:
  # only whole ones; frame: an unbiased counting frame, which leaves out those
  # that touch the bottom or the right edge.
  config.quantification.border = 'frame'
  # Of a particle that the foil's surface has cut, nobody draws a remainder that
  # is thinner than this, in nanometres; 0 assumes that all are drawn.
  config.quantification.unseen_nm = 0.0
  # Distance between the test lines of the grid over dislocations, in pixels; by
  # eye.
  config.quantification.spacing_px = 32
  # Number of test lines at random positions and in random directions; by eye.
  config.quantification.random_lines = 64
  # Shorter side branches of a dislocation's skeleton are pruned, in pixels; by
  # eye.
  config.quantification.spur_px = 5.0
  # Ratio of the dislocations' length to their length in projection: 4 / pi for
  # lines in random directions, 1 for lines that lie flat in the foil.
  config.quantification.projection_factor = 4 / math.pi
  # Relative standard uncertainty of that ratio.
  config.quantification.projection_uncertainty = 0.0
  # Fraction of the dislocations' length that is out of contrast.
  config.quantification.unseen_fraction = 0.0
  # Standard uncertainty of that fraction.
  config.quantification.unseen_uncertainty = 0.0
  # Relative standard uncertainty of the foil's thickness: 0.1 means 10%.
  config.quantification.thickness_uncertainty = 0.0
  # Relative standard uncertainty of a pixel's side.
  config.quantification.pixel_size_uncertainty = 0.0

  # What densities mean for an alloy: configs/alloys.py.
  config.properties = alloys.get_config()

  return config


def with_arguments(
  config: ml_collections.ConfigDict, argument: str | None
) -> ml_collections.ConfigDict:
  """Applies the argument of --config=FILE:key=value,... to a config.

  Args:
    config: changed in place.
    argument: `key=value` pairs separated by commas; None or '' for none.

  Returns:
    The config.

  Raises:
    ValueError: a pair has no `=`, its key or its value is unknown, or a key is
      given twice.
  """
  given = {}
  for pair in argument.split(',') if argument else []:
    key, equals, value = pair.partition('=')
    if not equals or key not in _ARGUMENTS or key in given:
      raise ValueError(
        f'config argument {pair!r}: write scale=NAME or alloy=NAME, each once'
      )
    if value not in _ARGUMENTS[key]:
      raise ValueError(
        f'config argument {key}={value}: choose one of '
        f'{", ".join(_ARGUMENTS[key])}'
      )
    given[key] = value
    config.update_from_flattened_dict(_ARGUMENTS[key][value])
  return config
