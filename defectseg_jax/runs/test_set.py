"""A trained run's test set: scored, drawn, and put on a page."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import ml_collections
import numpy as np
from rich.console import Console
from rich.markup import escape

from defectseg_jax.evaluation import confusion, thresholds
from defectseg_jax.files import write_text, write_whole
from defectseg_jax.models import create_model
from defectseg_jax.prediction.engines import engine_text
from defectseg_jax.prediction.sure_regions import Hysteresis, sure_mask
from defectseg_jax.reporting import figures, tables
from defectseg_jax.runs import config_checks, network
from defectseg_jax.runs.data import read_data
from defectseg_jax.runs.detection_file import RunDetection, read_detection
from defectseg_jax.runs.how_made import how_made, provenance_of_use
from defectseg_jax.runs.labels import only_labelled, where_labelled
from defectseg_jax.runs.page import run_page
from defectseg_jax.runs.settings import RunSettings, run_settings
from defectseg_jax.runs.sure_objects import choose_sure_objects
from defectseg_jax.runs.workdir import Workdir
from defectseg_jax.training import checkpoints, state, step
from defectseg_jax.training.checksums import unverified_text
from defectseg_jax.training.progress import Progress


def evaluate(
  config: ml_collections.ConfigDict, workdir: Workdir, console: Console
) -> None:
  """Scores the test set with a run's best checkpoint.

  Args:
    config: of the run.
    workdir: of a run that was trained for an epoch at least.
    console: where the table goes.

  Raises:
    InputError: the run has no checkpoint, is of another config, or its data
      have changed or cannot be read.
  """
  settings = run_settings(config)
  config_checks.require_valid(settings)
  workdir.require_config(config)
  progress = checkpoints.read_progress(workdir.path)
  with console.status('Preparing the micrographs'):
    data = read_data(settings, splits=['dev', 'test'])
  word = unverified_text(workdir.path)
  for remark in (*([word] if word else []), *data.remarks):
    console.print(escape(remark), soft_wrap=True)
  data.require_same(progress.fingerprint, workdir.path)
  with workdir.claim(config):
    score_test_set(
      config,
      workdir,
      console,
      regions=data.regions,
      progress=progress,
    )


def score_test_set(
  config: ml_collections.ConfigDict,
  workdir: Workdir,
  console: Console,
  *,
  regions: Mapping[str, Sequence[Any]],
  progress: Progress,
) -> None:
  """Writes test_metrics.json, dev_detection.json, figures and the page.

  Args:
    config: of the run.
    workdir: of the run; claimed.
    console: where the table goes.
    regions: of the splits dev and test.
    progress: of the run; says the best checkpoint and its threshold.
  """
  settings = run_settings(config)
  maps_of = _make_maps(settings, workdir, regions)
  detection = _score_dev_set(
    settings,
    workdir,
    maps_of('dev'),
    regions['dev'],
    progress.best().threshold,
  )
  progress = detection.judge(progress)
  limits = Hysteresis(progress.best().threshold, detection.least_peak)
  maps = maps_of('test')
  masks = [
    only_labelled(region, sure_mask(one, limits))
    for one, region in zip(maps, regions['test'], strict=True)
  ]
  metrics = test_metrics(
    settings.defect, maps, masks, regions['test'], progress
  )
  workdir.write_json(workdir.test_metrics, metrics)
  workdir.note_test_score(
    {
      'iu_mean': metrics['mean']['iu'],
      'iu_std': metrics['std']['iu'],
      'images': len(metrics['per_image']),
    }
  )
  _write_figures(workdir, masks, regions['test'], metrics, progress)
  _write_page(
    settings,
    workdir,
    metrics,
    progress=progress,
    detection=detection,
    regions=regions['test'],
    maps=maps,
  )
  console.print(tables.test_table(metrics))
  console.print(
    f'Scores: {workdir.test_metrics}\nPictures: {workdir.figures}\n'
    f'Page: {workdir.report}',
    soft_wrap=True,
  )


def _score_dev_set(
  settings: RunSettings,
  workdir: Workdir,
  maps: Sequence[np.ndarray],
  regions: Sequence[Any],
  threshold: float,
) -> RunDetection:
  """Writes dev_detection.json, and reads it as those do who use the run."""
  truths = [region.mask > 0 for region in regions]
  maps = [
    only_labelled(region, one)
    for region, one in zip(regions, maps, strict=True)
  ]
  workdir.write_json(
    workdir.dev_detection,
    choose_sure_objects(settings, maps, truths, threshold),
  )
  return read_detection(
    workdir.dev_detection, settings.defect, settings.quantification
  )


def _make_maps(
  settings: RunSettings,
  workdir: Workdir,
  regions: Mapping[str, Sequence[Any]],
) -> Callable[[str], list[np.ndarray]]:
  """From a split to probabilities of each of its regions, float32 [H, W]."""
  shapes = state.variable_shapes(create_model(settings.model))
  params, batch_stats = step.replicate(
    checkpoints.restore_model(workdir.path, **shapes)
  )
  maps = network.make_probability_maps(
    settings.model, tile_px=settings.evaluation.tile_px
  )
  return lambda split: maps(params, batch_stats, regions[split])


def test_metrics(
  defect: str,
  maps: Sequence[np.ndarray],
  masks: Sequence[np.ndarray],
  regions: Sequence[Any],
  progress: Progress,
) -> dict[str, Any]:
  """The content of test_metrics.json.

  Args:
    defect: what was looked for.
    maps: float32 [H, W] probabilities of each region.
    masks: bool [H, W] of each region, what is found.
    regions: with their masks.
    progress: of the run.

  Returns:
    `threshold` (chosen on the development set), `per_image`, `mean`, `std` and
    `pooled` of the masks; `oracle`, the mean over images of plain thresholding
    where the mean IU is best on the test set itself; `dev`, what the choice was
    made by.
  """

  def summary_of(found: Sequence[np.ndarray]) -> dict[str, Any]:
    return confusion.summary(
      [
        confusion.confusion(
          where_labelled(region, mask), where_labelled(region, region.mask > 0)
        )
        for mask, region in zip(found, regions, strict=True)
      ]
    )

  kept = progress.best()
  honest = summary_of(masks)
  best, _ = thresholds.best_threshold(
    thresholds.mean_iu(network.histograms(maps, regions))
  )
  names = [{'name': region.name} for region in regions]
  return {
    'defect': defect,
    'threshold': kept.threshold,
    'per_image': [
      name | row for name, row in zip(names, honest['per_image'], strict=True)
    ],
    'mean': honest['mean'],
    'std': honest['std'],
    'pooled': honest['pooled'],
    'oracle': {
      'threshold': best,
      **summary_of([one >= best for one in maps])['mean'],
    },
    'dev': {'iu': kept.iu, 'epoch': kept.epoch},
  }


def _write_page(
  settings: RunSettings,
  workdir: Workdir,
  metrics: Mapping[str, Any],
  *,
  progress: Progress,
  detection: RunDetection,
  regions: Sequence[Any],
  maps: Sequence[np.ndarray],
) -> None:
  """The page measures with what the development set has just chosen."""
  settings = dataclasses.replace(settings, quantification=detection.settings)
  rows = how_made(
    provenance_of_use(workdir.read_provenance(), engine_text('jax')),
    settings,
    progress,
    run=str(workdir.path),
    least_peak=detection.least_peak,
  )
  with write_whole(workdir.report) as path:
    write_text(
      path,
      run_page(
        settings.defect,
        settings=detection.settings,
        seed=settings.seed,
        metrics=metrics,
        history=progress.history,
        regions=regions,
        probability_maps=maps,
        limits=Hysteresis(progress.best().threshold, detection.least_peak),
        how_made=rows,
        by_size=detection.by_size,
      ),
    )


def _write_figures(
  workdir: Workdir,
  masks: Sequence[np.ndarray],
  regions: Sequence[Any],
  metrics: Mapping[str, Any],
  progress: Progress,
) -> None:
  curves = figures.iu_curves(
    progress.history, defect=metrics['defect'], best_epoch=progress.best().epoch
  )
  with write_whole(workdir.figures / 'iu_curves.png') as path:
    curves.savefig(path, dpi=120)
  for mask, region, row in zip(
    masks, regions, metrics['per_image'], strict=True
  ):
    figure = figures.test_image(
      region.image,
      region.mask > 0,
      mask,
      name=region.name,
      scores={key: row[key] for key in confusion.RATIOS},
    )
    with write_whole(workdir.figures / f'test_{region.name}.png') as path:
      figure.savefig(path)
