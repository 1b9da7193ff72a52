"""What --mode=search tries: how many trials, and which values at random.

`space` has the fields that are searched, under their names in the config, and
what each trial draws for them:

  ('log', low, high)      a number whose logarithm is uniformly distributed
  ('uniform', low, high)  a number that is uniformly distributed
  ('integer', low, high)  a whole number; low and high are included
  ('choice', a, b, ...)   one of these values
  ()                      nothing: every trial has the config's own value

A config file may add any field of configs/common.py. The command line can
change those that are here:
--config.search.space.training.l2="('log', 1e-5, 1e-3)".
"""

import ml_collections


def get_config() -> ml_collections.ConfigDict:
  """The ranges of the paper, else of its release, else by eye."""
  config = ml_collections.ConfigDict()

  # Trials of the first round, each with random first weights; by eye.
  config.trials = 16
  # Each later round begins from the weights of this many best trials; by eye.
  config.top = 4
  # New trials that begin from each of those; by eye.
  config.warm_trials = 3
  # Largest number of rounds, by eye. The search ends earlier if a round brings
  # no better development IU.
  config.max_rounds = 6
  # After this many epochs, a trial whose best development IU is below the
  # median of the other trials is stopped. 0 stops none, as in the paper. With
  # another number, the result depends on the order in which trials end.
  config.prune_after_epochs = 0

  # Trials that one process trains at once: their steps are one program, which
  # fills a GPU better. On a CPU it is slower than one after the other
  # (docs/search.md). Trials of one program have the same architecture, batch
  # size and size of patches.
  config.parallel = 1

  space = ml_collections.ConfigDict()
  space.training = ml_collections.ConfigDict()
  # The paper's range.
  space.training.learning_rate = ('log', 1e-5, 1e-2)
  # The release's range.
  space.training.positive_weight = ('uniform', 1.0, 50.0)
  # The release draws 0 to 1. From 0.5, by eye: with less, the weight is near 1
  # after a few epochs.
  space.training.positive_weight_decay = ('uniform', 0.5, 1.0)
  # By eye. The release draws 0 to 1, and its gradient does not use the number.
  space.training.l2 = ('log', 1e-6, 1e-2)
  # The release draws 0 to 1; 0.1 to 0.9 by eye.
  space.training.plateau_factor = ('uniform', 0.1, 0.9)
  space.model = ml_collections.ConfigDict()
  # By eye, around the release's best values: 0.2 and 0.23.
  space.model.dropout_rate = ('uniform', 0.0, 0.5)
  config.space = space

  return config
