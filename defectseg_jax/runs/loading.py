"""From the files of a run to its network, as those who use it need it."""

import dataclasses
import pathlib
from collections.abc import Callable, Mapping
from typing import Any

import ml_collections
import numpy as np

from defectseg_jax.applicability.references import read_references
from defectseg_jax.errors import InputError
from defectseg_jax.micrographs.preprocessing import preprocess
from defectseg_jax.models.onnx_drawing import draw_model
from defectseg_jax.models.onnx_graph import OtherArraysError
from defectseg_jax.models.plan_catalogue import plan_of
from defectseg_jax.prediction.engines import choose_engine, engine_text
from defectseg_jax.prediction.forward import Forward, probabilities_of
from defectseg_jax.prediction.openvino_forward import make_forward
from defectseg_jax.prediction.scales import SeenSizes
from defectseg_jax.reporting.provenance import Provenance
from defectseg_jax.runs import detection_file
from defectseg_jax.runs.identity import network_identity
from defectseg_jax.runs.run import Run
from defectseg_jax.runs.seen_sizes import read_seen_sizes
from defectseg_jax.runs.settings import RunSettings, run_settings
from defectseg_jax.runs.workdir import Workdir
from defectseg_jax.training.progress import Progress


def load_run(
  path: str | pathlib.Path,
  *,
  orientations: int = 1,
  engine: str = 'auto',
  config: ml_collections.ConfigDict | None = None,
) -> Run:
  """Reads a trained run.

  Args:
    path: folder of the run.
    orientations: 8 averages probabilities over rotations and flips (test-time
      augmentation), at eight times the cost; 1 does not.
    engine: what computes it, as `choose_engine` takes it.
    config: of the run, where how to measure is to be changed; None for the
      run's own.

  Returns:
    The network of the run's best epoch.

  Raises:
    InputError: there is no trained run, or a damaged one; or `config` is of
      another run.
  """
  # Checkpoints need JAX, which a network's own file does without.
  from defectseg_jax.models import create_model
  from defectseg_jax.training import checkpoints, state
  from defectseg_jax.training.named_arrays import leaves_by_name

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
  params, batch_stats = checkpoints.restore_model(
    workdir.path, **state.variable_shapes(create_model(settings.model))
  )
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
    engine=engine,
    seen=read_seen_sizes(workdir.seen_sizes, settings),
    references=workdir.references,
    arrays=leaves_by_name({'params': params, 'batch_stats': batch_stats}),
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
  engine: str,
  seen: SeenSizes,
  references: pathlib.Path,
  arrays: Mapping[str, np.ndarray],
) -> Run:
  """Puts a run together from what was read.

  Args:
    path, origin, settings, progress, provenance, seen: as `Run` has them.
    detection: of the development set; its settings say how to measure.
    orientations, engine: as of `load_run`.
    references: file of its reference micrographs, if there is one.
    arrays: of the network, by their names in its file.

  Raises:
    InputError: the arrays are of another architecture, or as `choose_engine`
      says.
  """
  settings = dataclasses.replace(settings, quantification=detection.settings)
  progress = detection.judge(progress)
  identities = {
    number: network_identity(
      settings,
      arrays,
      threshold=progress.best().threshold,
      least_peak=detection.least_peak,
      orientations=number,
    )
    for number in {1, orientations}
  }
  engine = choose_engine(engine, plan_of(settings.model))
  forward = _make_forward(settings, arrays, engine=engine, path=path)
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
    engine=engine_text(engine),
    identity=identities[orientations],
    probabilities=_make_probabilities(settings, forward, orientations),
    release=forward.release,
    seen=seen,
    reference_identity=identities[1],
    # Eight orientations do no worse than one.
    references=tuple(read_references(references, network=identities[1])),
  )


def _make_forward(
  settings: RunSettings,
  arrays: Mapping[str, np.ndarray],
  *,
  engine: str,
  path: pathlib.Path,
) -> Forward:
  """What takes tiles through the network; no more is loaded than it needs."""
  if engine == 'onnx':
    try:
      drawn = draw_model(plan_of(settings.model), arrays, {})
      return make_forward(drawn.SerializeToString())
    except OtherArraysError as error:
      raise InputError(
        f'{path}: is of another architecture: {error}; choose one of the same '
        f'config.model, {settings.model.name}'
      ) from error
  from defectseg_jax.runs import network
  from defectseg_jax.training import step

  variables = network.variables_of(settings.model, arrays, path)
  return network.make_forward(settings.model)(*step.replicate(variables))


def _make_probabilities(
  settings: RunSettings, forward: Forward, orientations: int
) -> Callable[..., np.ndarray]:
  """What computes the network from a micrograph as it is in its file."""
  plan = plan_of(settings.model)

  def probabilities(
    pixels: np.ndarray, *, valid: np.ndarray | None = None, **more: Any
  ) -> np.ndarray:
    prepared = preprocess(pixels, settings.preprocessing, valid=valid)
    return probabilities_of(
      prepared, forward, plan, orientations=orientations, **more
    )

  return probabilities
