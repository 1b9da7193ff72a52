"""A trained run, as those who use its network need it."""

import dataclasses
import pathlib
from collections.abc import Callable, Sequence
from typing import Any

import ml_collections
import numpy as np

from defectseg_jax.errors import InputError
from defectseg_jax.micrographs.micrograph import Micrograph
from defectseg_jax.micrographs.preprocessing import preprocess
from defectseg_jax.models import create_model
from defectseg_jax.prediction.merging import Merged, merge_objects
from defectseg_jax.prediction.scales import (
  SeenSizes,
  choose_zooms,
  maps_at_scales,
)
from defectseg_jax.prediction.sure_regions import Hysteresis, sure_mask
from defectseg_jax.quantification import (
  Detection,
  LineDetection,
  MeasurementSettings,
)
from defectseg_jax.quantification.checks import require_positive
from defectseg_jax.reporting.provenance import Provenance
from defectseg_jax.runs import detection_file, network
from defectseg_jax.runs.identity import network_identity
from defectseg_jax.runs.prediction import Prediction
from defectseg_jax.runs.seen_sizes import read_seen_sizes
from defectseg_jax.runs.settings import RunSettings, run_settings
from defectseg_jax.runs.workdir import Workdir
from defectseg_jax.training import checkpoints, state, step
from defectseg_jax.training.progress import Progress


@dataclasses.dataclass(frozen=True, repr=False)
class Run:
  """The network of a run's best epoch, and how it is used.

  Attributes:
    path: folder of the run, or file of the network.
    origin: where the network comes from, in words.
    settings: of the run; those of `quantification` have the smallest particle
      that the development set asks for.
    progress: of the run: its best epoch and its threshold.
    detection: true positives, false negatives and false positives of the
      development set.
    least_peak: probability that a region must reach somewhere; 0 where it need
      not.
    provenance: how the run was made; None of a run of version 0.1.0.
    orientations: 1, or 8 for test-time augmentation.
    identity: changes with the weights and with how they are applied.
    probabilities: `probabilities(pixels, **more)`, from a micrograph as it is
      in its file, [H, W], to probabilities, float32 [H, W]; `more` goes to
      `prediction.tiles.probability_map`.
    seen: sizes that the network knows; they tell at which scales it looks.
  """

  path: pathlib.Path
  origin: str
  settings: RunSettings
  progress: Progress
  detection: Detection | LineDetection
  least_peak: float
  provenance: Provenance | None
  orientations: int
  identity: str
  probabilities: Callable[..., np.ndarray]
  seen: SeenSizes

  def __repr__(self) -> str:
    best = self.progress.best()
    return (
      f'Run({str(self.path)!r}: {self.settings.defect}, '
      f'{self.settings.model.name}, epoch {best.epoch}, development IU '
      f'{best.iu:.3f} at threshold {best.threshold:.3f})'
    )

  @property
  def threshold(self) -> float:
    """Probability from which a pixel is taken for defect."""
    return self.progress.best().threshold

  @property
  def limits(self) -> Hysteresis:
    """What makes a mask of probabilities."""
    return Hysteresis(self.threshold, self.least_peak)

  @property
  def measurement_settings(self) -> MeasurementSettings:
    """How the run measures masks, its own or corrected ones."""
    return MeasurementSettings(
      self.settings.defect,
      self.settings.quantification,
      self.detection,
      seed=self.settings.seed,
    )

  def look(
    self,
    pixels: np.ndarray,
    zooms: Sequence[float],
    *,
    on_tiles: Callable[[int, int], None] = lambda done, count: None,
  ) -> Merged:
    """Takes an image through the network at one or several scales.

    Args:
      pixels: [H, W], as they are in the file.
      zooms: from `choose_zooms`.
      on_tiles: called with what is done, and how much there is.

    Returns:
      The mask, the probabilities, and the scales that they are taken from.
      Regions of which the network is nowhere sure are not in the mask.
    """
    maps = maps_at_scales(pixels, self.probabilities, zooms, on_tiles=on_tiles)
    if len(maps) == 1 or self.seen.diameter_px is None:
      probabilities = maps[zooms[0]]
      mask = sure_mask(probabilities, self.limits)
      return Merged(mask, probabilities, tuple(zooms))
    return merge_objects(
      maps,
      self.limits,
      diameter_px=self.seen.diameter_px,
      minimum_area_px=self.settings.quantification.minimum_area_px,
    )

  def predict(
    self,
    micrograph: Micrograph,
    *,
    thickness_nm: float | None = None,
    pixel_size_nm: float | None = None,
    object_diameter_nm: float | None = None,
  ) -> Prediction:
    """Looks for defects in one micrograph.

    Args:
      micrograph: of any size, as `read_micrograph` gives it; preprocessing is
        the run's own.
      thickness_nm: of the foil; None if the micrograph knows it, or if nothing
        is to be measured.
      pixel_size_nm: side of a pixel; None for the micrograph's own.
      object_diameter_nm: about how large the objects are, where the network has
        seen all kinds of scales; None to try several.

    Returns:
      Probabilities and mask; `measure()` turns them into numbers.

    Raises:
      InputError: a length is not above 0, or the network or the micrograph
        cannot use `object_diameter_nm`.
    """
    if object_diameter_nm is not None:
      require_positive(object_diameter_nm, 'object_diameter_nm')
    lengths = {'thickness_nm': thickness_nm, 'pixel_size_nm': pixel_size_nm}
    micrograph = dataclasses.replace(
      micrograph, **{k: v for k, v in lengths.items() if v is not None}
    )
    found = self.look(
      micrograph.pixels,
      choose_zooms(
        micrograph.pixels.shape,
        self.seen,
        pixel_size_nm=micrograph.pixel_size_nm,
        object_diameter_nm=object_diameter_nm,
      ),
    )
    settings = self.measurement_settings.at_zooms(found.zooms)
    return Prediction(
      micrograph,
      settings.trusted(found.mask),
      found.probabilities,
      self.threshold,
      settings,
      found.zooms,
    )


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
    variables: parameters and running statistics of the network.
  """
  settings = dataclasses.replace(settings, quantification=detection.settings)
  progress = detection.judge(progress)
  return Run(
    path=path,
    origin=origin,
    settings=settings,
    progress=progress,
    detection=detection.counts,
    least_peak=detection.least_peak,
    provenance=provenance,
    orientations=orientations,
    identity=network_identity(
      settings,
      variables,
      threshold=progress.best().threshold,
      least_peak=detection.least_peak,
      orientations=orientations,
    ),
    probabilities=_make_probabilities(settings, orientations, variables),
    seen=seen,
  )


def _make_probabilities(
  settings: RunSettings, orientations: int, variables: tuple[Any, Any]
) -> Callable[..., np.ndarray]:
  """From a micrograph as it is in its file to probabilities."""
  params, batch_stats = step.replicate(variables)
  of_network = network.make_probabilities(
    settings.model, orientations=orientations
  )

  def probabilities(pixels: np.ndarray, **more: Any) -> np.ndarray:
    prepared = preprocess(pixels, settings.preprocessing)
    return of_network(params, batch_stats, prepared, **more)

  return probabilities
