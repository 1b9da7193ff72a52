"""Whether a search makes sense, before a study is made."""

import ml_collections

from defectseg_jax.errors import InputError
from defectseg_jax.runs.preparation import require_trainable
from defectseg_jax.runs.settings import run_settings
from defectseg_jax.runs.workdir import flat_fields
from defectseg_jax.search.settings import search_settings
from defectseg_jax.search.space import extreme_values, search_space


def require_searchable(config: ml_collections.ConfigDict) -> None:
  """Refuses what some trial, or every one, could not use.

  Raises:
    InputError: the config, the search space or a value that it reaches is at
      fault.
  """
  settings = search_settings(config.search)
  require_trainable(run_settings(config))
  for values in extreme_values(
    search_space(settings.space, flat_fields(config))
  ):
    trial = config.copy_and_resolve_references()
    trial.update_from_flattened_dict(values)
    try:
      require_trainable(run_settings(trial))
    except InputError as error:
      raise InputError(f'config.search.space reaches {error}') from error
