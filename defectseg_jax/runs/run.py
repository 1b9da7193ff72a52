"""A trained run, as those who use its network need it."""

import dataclasses
import hashlib
from collections.abc import Callable
from typing import Any

import jax
import ml_collections
import numpy as np

from defectseg_jax.micrographs.preprocessing import preprocess
from defectseg_jax.micrographs.settings import PreprocessingSettings
from defectseg_jax.models import ModelSettings, create_model
from defectseg_jax.runs import network
from defectseg_jax.runs.workdir import Workdir
from defectseg_jax.training import checkpoints, state, step
from defectseg_jax.training.progress import Progress


@dataclasses.dataclass(frozen=True)
class Run:
  """The network of a run's best epoch.

  Attributes:
    config: of the run.
    progress: of the run: its best epoch and its threshold.
    identity: changes with the weights and with how they are applied.
    probabilities: `of(pixels, **more)`, from a micrograph as it was read,
      [H, W], to probabilities, float32 [H, W].
  """

  config: ml_collections.ConfigDict
  progress: Progress
  identity: str
  probabilities: Callable[..., np.ndarray]


def load_run(
  config: ml_collections.ConfigDict, workdir: Workdir, *, orientations: int
) -> Run:
  """Reads a run.

  Args:
    config: of the run.
    workdir: its folder.
    orientations: as in `network.make_probabilities`.

  Returns:
    The network.

  Raises:
    InputError: the run has no checkpoint, or a damaged one.
  """
  progress = checkpoints.read_progress(workdir.path)
  shapes = state.variable_shapes(create_model(ModelSettings(**config.model)))
  restored = checkpoints.restore_model(workdir.path, **shapes)
  params, batch_stats = step.replicate(restored)
  probabilities = network.make_probabilities(config, orientations=orientations)

  settings = PreprocessingSettings(**config.preprocessing)

  def of(pixels: np.ndarray, **more: Any) -> np.ndarray:
    prepared = preprocess(pixels, settings)
    return probabilities(params, batch_stats, prepared, **more)

  digest = hashlib.sha256(
    repr(
      (
        sorted(config.preprocessing.items()),
        config.model.name,
        progress.threshold,
        orientations,
      )
    ).encode()
  )
  for leaf in jax.tree.leaves(restored):
    digest.update(np.asarray(leaf).tobytes())
  return Run(config, progress, digest.hexdigest(), of)
