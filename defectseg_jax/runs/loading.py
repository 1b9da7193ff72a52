"""From the files of a run to its network, as those who use it need it."""

import dataclasses
import pathlib
from collections.abc import Callable
from typing import Any

import ml_collections
import numpy as np

from defectseg_jax.applicability.references import read_references
from defectseg_jax.errors import InputError
from defectseg_jax.micrographs.preprocessing import preprocess
from defectseg_jax.models import create_model
from defectseg_jax.prediction.scales import SeenSizes
from defectseg_jax.reporting.provenance import Provenance
from defectseg_jax.runs import detection_file, network
from defectseg_jax.runs.identity import network_identity
from defectseg_jax.runs.run import Run
from defectseg_jax.runs.seen_sizes import read_seen_sizes
from defectseg_jax.runs.settings import RunSettings, run_settings
from defectseg_jax.runs.workdir import Workdir
from defectseg_jax.training import checkpoints, state, step
from defectseg_jax.training.progress import Progress


def load_run(
  path: str | pathlib.Path,
  *,
  orientations: int = 1,
  config: ml_collections.ConfigDict | None = None,
) -> Run:
  """Reads a trained run.

  Args:
    path: folder of the run.
    orientations: 8 averages probabilities over rotations and flips (test-time
      augmentation), at eight times the cost; 1 does not.
    config: of the run, where how to measure is to be changed; None for the
      run's own.

  Returns:
    The network of the run's best epoch.

  Raises:
    InputError: there is no trained run, or a damaged one; or `config` is of
      another run.
  """
  workdir = Workdir(path)
  if config is None:
    config = workdir.read_config()
  workdir.require_config(config)
  if not workdir.dev_detection.exists():
    raise InputError(
      f'{workdir.dev_detection}: is missing; train the run to its end, or '
      f'score it by --mode=evaluate --workdir={workdir.path}'
    )
  settings = run_settings(config)
  return create_run(
    workdir.path,
    origin=str(workdir.path),
    settings=settings,
    detection=detection_file.read_detection(
      workdir.dev_detection, settings.defect, settings.quantification
    ),
    progress=checkpoints.read_progress(workdir.path),
    provenance=workdir.read_provenance(),
    orientations=orientations,
    seen=read_seen_sizes(workdir.seen_sizes, settings),
    references=workdir.references,
    variables=checkpoints.restore_model(
      workdir.path, **state.variable_shapes(create_model(settings.model))
    ),
  )


def create_run(
  path: pathlib.Path,
  *,
  origin: str,
  settings: RunSettings,
  progress: Progress,
  detection: detection_file.RunDetection,
  provenance: Provenance | None,
  orientations: int,
  seen: SeenSizes,
  references: pathlib.Path,
  variables: tuple[Any, Any],
) -> Run:
  """Puts a run together from what was read.

  Args:
    path: as `Run` has it, and so have the next six.
    origin: where the network comes from, in words.
    settings: of the run.
    progress: of the run.
    detection: of the development set; its settings say how to measure.
    provenance: of the run.
    orientations: 1 or 8.
    seen: sizes that the network knows.
    references: file of its reference micrographs, if there is one.
    variables: parameters and running statistics of the network.
  """
  settings = dataclasses.replace(settings, quantification=detection.settings)
  progress = detection.judge(progress)
  identities = {
    number: network_identity(
      settings,
      variables,
      threshold=progress.best().threshold,
      least_peak=detection.least_peak,
      orientations=number,
    )
    for number in {1, orientations}
  }
  return Run(
    path=path,
    origin=origin,
    settings=settings,
    progress=progress,
    detection=detection.counts,
    by_size=detection.by_size,
    least_peak=detection.least_peak,
    provenance=provenance,
    orientations=orientations,
    identity=identities[orientations],
    probabilities=_make_probabilities(settings, orientations, variables),
    seen=seen,
    reference_identity=identities[1],
    # Eight orientations do no worse than one.
    references=tuple(read_references(references, network=identities[1])),
  )


def _make_probabilities(
  settings: RunSettings, orientations: int, variables: tuple[Any, Any]
) -> Callable[..., np.ndarray]:
  """From a micrograph as it is in its file to probabilities."""
  params, batch_stats = step.replicate(variables)
  of_network = network.make_probabilities(
    settings.model, orientations=orientations
  )

  def probabilities(
    pixels: np.ndarray, *, valid: np.ndarray | None = None, **more: Any
  ) -> np.ndarray:
    prepared = preprocess(pixels, settings.preprocessing, valid=valid)
    return of_network(params, batch_stats, prepared, **more)

  return probabilities
