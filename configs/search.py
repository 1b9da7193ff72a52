"""What --mode=search tries: how many trials, and what is drawn for each.

A field is searched if it stands in `space`, under its own name:

  ('log', low, high)      a number, its logarithm uniform
  ('uniform', low, high)  a number
  ('integer', low, high)  a whole number, both ends included
  ('choice', a, b, ...)   one of these
  ()                      the config's own value, in every trial

Any field of configs/common.py may be added in a config file; on the command
line, those that stand here are changed, as
--config.search.space.training.l2="('log', 1e-5, 1e-3)".
"""

import ml_collections


def get_config() -> ml_collections.ConfigDict:
  """The paper's ranges where it gives them, else those of its release."""
  config = ml_collections.ConfigDict()

  # Trials of the first round, each with weights of its own.
  config.trials = 16
  # The best trials so far, from whose weights each later round begins.
  config.top = 4
  # New trials from each of those.
  config.warm_trials = 3
  # Rounds at most; the search ends earlier if a round brings no better
  # development IU.
  config.max_rounds = 6
  # A trial whose development IU has stayed below the median of the others'
  # after so many epochs is given up; 0 gives none up, as in the paper. With it,
  # what comes out depends on which trials ended first.
  config.prune_after_epochs = 0

  space = ml_collections.ConfigDict()
  space.training = ml_collections.ConfigDict()
  # The paper's own range.
  space.training.learning_rate = ('log', 1e-5, 1e-2)
  # The release draws it between 1 and 50.
  space.training.positive_weight = ('uniform', 1.0, 50.0)
  # The release draws all of 0 to 1; below a half the weight is gone at once.
  space.training.positive_weight_decay = ('uniform', 0.5, 1.0)
  # The release draws 0 to 1, of which nothing reaches its gradient.
  space.training.l2 = ('log', 1e-6, 1e-2)
  # The release draws 0 to 1.
  space.training.plateau_factor = ('uniform', 0.1, 0.9)
  space.model = ml_collections.ConfigDict()
  # The release found 0.2 and 0.23.
  space.model.dropout_rate = ('uniform', 0.0, 0.5)
  config.space = space

  return config
