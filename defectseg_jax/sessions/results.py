"""What is made of a session's masks: numbers, regions to click on, the page.

All of it follows from the files that the network left, so that a person who
measures those masks again finds the same numbers.
"""

import dataclasses
import math
import os
import pathlib
import shutil
from collections.abc import Mapping, Sequence

import ml_collections

from defectseg_jax.errors import InputError
from defectseg_jax.files import csv_text
from defectseg_jax.micrographs.masks import read_mask
from defectseg_jax.micrographs.reading import read_frames
from defectseg_jax.quantification.dislocations.detection import LineDetection
from defectseg_jax.quantification.kinds import kind_of
from defectseg_jax.quantification.measure_mask import measure
from defectseg_jax.quantification.particles.detection import Detection
from defectseg_jax.quantification.plausibility import QualityWarning
from defectseg_jax.quantification.review import mean_probabilities
from defectseg_jax.quantification.settings import QuantificationSettings
from defectseg_jax.reporting import imagej_rois, page
from defectseg_jax.reporting.page.content import page_image
from defectseg_jax.runs.run import Run
from defectseg_jax.runtime.interruption import Interruption
from defectseg_jax.sessions import reference
from defectseg_jax.sessions.folder import SessionFolder
from defectseg_jax.sessions.predict_images import SessionImage
from defectseg_jax.sessions.tables import Numbers

# Of an image whose truth is of no use.
NO_COMPARISON = 'no_comparison'


def write_results(
  folder: SessionFolder,
  config: ml_collections.ConfigDict,
  run: Run,
  images: Sequence[SessionImage],
  failures: Mapping[str, str],
  *,
  counts: Detection | LineDetection,
  truths: Mapping[str, pathlib.Path],
  how_made: Mapping[str, str],
  interruption: Interruption,
) -> Numbers:
  """Measures all masks and writes what a person looks at.

  Args:
    folder: of the session, with images, masks and probabilities.
    config: `quantification` says how to measure.
    run: the network that made the masks.
    images: that are done.
    failures: why others could not be.
    counts: true positives, false negatives and false positives of the network
      on its development set.
    truths: true masks by the name of their image; empty for no comparison.
    how_made: what the page says of that.
    interruption: asked before each image whether to stop.

  Returns:
    The numbers.

  Raises:
    InputError: a file of somebody else is in the way, or a mask in the folder
      is none any more.
    Stopped: the user asked to stop.
  """
  made = folder.path / f'.results.{os.getpid()}'
  made.mkdir()
  try:
    numbers = Numbers(made, config, compared=bool(truths))
    numbers.failures.update(failures)
    numbers.notes += _notes(images, failures, truths)

    def pages():
      for image in images:
        interruption.check()
        truth = truths.get(image.name)
        yield _add(
          numbers, made, folder.path, config, run, image, counts, truth
        )
      for name, reason in failures.items():
        yield page.PageImage(name=name, failure=reason)

    if images:
      (made / 'splits.csv').write_text(_splits(images))
    (made / 'report.html').write_text(
      page.session_page(
        f'{config.defect.capitalize()}, {len(images)} micrographs',
        defect=config.defect,
        images=pages(),
        headlines=numbers.headlines,
        over_images=numbers.write_tables,
        conventions=numbers.conventions,
        how_made=how_made,
        remarks=numbers.remarks(),
        sizes_label=kind_of(config.defect).sizes_label,
      ),
      encoding='utf-8',
    )
    folder.take_results(made)
  finally:
    shutil.rmtree(made, ignore_errors=True)
  return numbers


def _notes(images, failures, truths):
  corrected = [image.name for image in images if image.corrected]
  if corrected:
    yield (
      f'Masks corrected by hand: {", ".join(corrected)}. Numbers are of the '
      'corrected masks.'
    )
  unused = reference.unused(
    truths, [*(image.name for image in images), *failures]
  )
  if unused:
    yield unused


def _add(numbers, made, path, config, run, image, counts, truth):
  files = image.files()
  mask = read_mask(path / files['masks'])
  # As they are stored: a large micrograph of 8 bits stays small.
  pixels, probabilities = (
    read_frames(path / files[kind])[0].values
    for kind in ('images', 'probabilities')
  )
  found = measure(
    mask,
    config.defect,
    image=pixels,
    pixel_size_nm=image.scale.pixel_size_nm,
    thickness_nm=image.scale.thickness_nm,
    settings=QuantificationSettings(**config.quantification),
    detection=counts,
    seed=config.seed,
  )
  if image.corrected:
    found = _of_a_person(found)
  if image.outdated:
    found.warnings.append(
      QualityWarning(
        'corrected_mask_kept',
        f'{files["masks"]} was corrected by hand when the run or the '
        'micrograph was another, and the numbers are of it; --overwrite takes '
        "the network's masks again",
      )
    )
  too_large = max(found.labels.shape) > imagej_rois.LARGEST_COORDINATE_PX
  if too_large:
    found.warnings.append(
      QualityWarning(
        'no_regions',
        f"ImageJ's regions end at {imagej_rois.LARGEST_COORDINATE_PX} pixels, "
        'the image does not: rois/ has none of it',
      )
    )
  scores = {}
  if truth is not None:
    try:
      truth = reference.true_mask(truth, mask.shape)
      scores = reference.scores(mask, truth)
    except InputError as error:
      truth = None
      found.warnings.append(QualityWarning(NO_COMPARISON, str(error)))
  means = mean_probabilities(found.labels, probabilities, len(found.counted))
  found = dataclasses.replace(
    found, objects={**found.objects, 'mean_probability': means}
  )
  numbers.add(
    image.name,
    found,
    image.scale,
    pixels=pixels,
    sources={'micrograph': str(image.source), 'mask': files['masks']},
    scores=scores,
  )
  (made / 'rois').mkdir(exist_ok=True)
  if not too_large:
    imagej_rois.write_rois(made / 'rois' / f'{image.name}.zip', found.labels)
  return page_image(
    image.name,
    numbers.rows[-1],
    found,
    config=config,
    threshold=run.progress.threshold,
    pixels=pixels,
    mask=mask,
    probabilities=probabilities,
    doubts=[*image.scale.doubts, *found.warnings],
    truth=truth,
  )


def _of_a_person(found):
  """Without what corrects for the network's errors."""
  return dataclasses.replace(
    found,
    summary={
      name: math.nan if '_detected' in name else value
      for name, value in found.summary.items()
    },
  )


def _splits(images):
  return csv_text(
    [
      {
        'file': pathlib.Path(image.files()['images']).name,
        'split': '',
        'pixel_size_nm': repr(image.scale.pixel_size_nm),
        'thickness_nm': repr(image.scale.thickness_nm),
      }
      for image in images
    ],
    digits=None,
  )
