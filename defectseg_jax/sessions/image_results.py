"""One image of a session: measured, its files written, what is small kept."""

import dataclasses
import pathlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from defectseg_jax.applicability.widening import with_verdict, without_verdict
from defectseg_jax.errors import InputError
from defectseg_jax.micrographs.masks import read_object_mask
from defectseg_jax.micrographs.object_ids import ObjectMask
from defectseg_jax.micrographs.reading import read_frames
from defectseg_jax.prediction.sure_regions import Hysteresis
from defectseg_jax.quantification import (
  Measurement,
  MeasurementSettings,
  QualityWarning,
  kind_of,
)
from defectseg_jax.quantification.particles.components import covers_all
from defectseg_jax.quantification.plausibility import LARGEST_REGION
from defectseg_jax.quantification.review import mean_probabilities
from defectseg_jax.reporting import imagej_rois
from defectseg_jax.reporting.page import ImageView, image_view
from defectseg_jax.reporting.page.content import ImageArrays, page_image
from defectseg_jax.sessions import pictures, reference
from defectseg_jax.sessions.hand_regions import read_regions
from defectseg_jax.sessions.image_numbers import ImageNumbers, image_numbers
from defectseg_jax.sessions.mask_settings import mask_settings
from defectseg_jax.sessions.series import SeriesCollector
from defectseg_jax.sessions.session_image import SessionImage


@dataclasses.dataclass(frozen=True)
class ImageResults:
  """What is kept of one image once its files are written.

  Attributes:
    numbers: for the tables.
    view: for the page.
    comparable: whether its mask could be compared with the true mask; None
      where there is no true mask.
  """

  numbers: ImageNumbers
  view: ImageView
  comparable: bool | None


def write_image_results(
  folder: pathlib.Path,
  made: pathlib.Path,
  image: SessionImage,
  *,
  settings: MeasurementSettings,
  limits: Hysteresis | None,
  truths: reference.Truths,
  of_page: int,
  frames: SeriesCollector | None = None,
) -> ImageResults:
  """Measures an image and writes its overlay, histogram and ROI set.

  Args:
    folder, made: of the session, with mask and probabilities; where to write.
    image, settings: to measure, and how.
    limits: what made the masks of probabilities; None without a network.
    truths: true masks; without any for no comparison.
    of_page, frames: how many images the page has; of a series, to be followed.

  Returns:
    What tables and page need; none of the large arrays.

  Raises:
    InputError: the mask cannot be read as a mask any more.
  """
  how = mask_settings(settings, zooms=image.zooms, by_hand=image.corrected)
  settings = image.scale.settings(how.settings)
  arrays, ids = _read_arrays(folder, image)
  arrays, about_truth, mismatch = _with_truth(truths, image.name, arrays)
  image = dataclasses.replace(image, warnings=(*image.warnings, *about_truth))
  found = settings.measure(
    arrays.mask,
    pixel_size_nm=image.scale.pixel_size_nm,
    thickness_nm=image.scale.thickness_nm,
    image=arrays.pixels,
    ids=ids,
    valid=arrays.valid,
  )
  found = dataclasses.replace(found, summary=how.summary(found.summary))
  found = _with_session(found, image, arrays.probabilities, mismatch)
  numbers = image_numbers(
    *(image.name, found, image.scale),
    settings=settings,
    sources=_sources(image, settings),
    replaced_pixels=image.replaced_pixels,
    scores=_scores(arrays) if truths.masks else None,
    verdict=image.verdict,
    include=image.included,
  )
  drawn: Any = {'pixels': arrays.pixels, 'settings': settings}
  pictures.write_image_pictures(made, image.name, found, image.scale, **drawn)
  _write_rois(made / 'rois', image.name, found)
  if frames:
    frames.add(numbers, found, arrays.pixels, image.scale)
  return ImageResults(
    numbers,
    view_of_image(found, arrays, numbers, settings, limits, of_page),
    comparable=_comparable(arrays, mismatch),
  )


def _comparable(arrays: ImageArrays, mismatch: str | None) -> bool | None:
  return None if arrays.truth is None and mismatch is None else not mismatch


def _scores(arrays: ImageArrays) -> Mapping[str, float | None]:
  if arrays.truth is None:
    return reference.NO_SCORES
  return reference.scores(
    arrays.mask, arrays.truth, valid=arrays.where_compared
  )


def _sources(
  image: SessionImage, settings: MeasurementSettings
) -> dict[str, Any]:
  """What summary.json says of where an image's numbers come from."""
  return {
    'micrograph': str(image.source),
    'mask': image.files()['masks'],
    'corrected_in': image.correction,
    'corrected_objects': image.edits.get('corrected'),
    'zooms': list(image.zooms),
    'minimum_area_px': settings.quantification.minimum_area_px,
  }


def view_of_image(
  found: Measurement,
  arrays: ImageArrays,
  numbers: ImageNumbers,
  settings: MeasurementSettings,
  limits: Hysteresis | None,
  of_page: int,
) -> ImageView:
  """What the page shows of an image.

  Args:
    found: what was measured in it.
    arrays: of it.
    numbers: for the tables.
    settings: how it was measured.
    limits: what made the mask of probabilities; None without a network.
    of_page: how many images the page has.
  """
  shown = page_image(
    numbers.name,
    found,
    arrays,
    defect=settings.defect,
    minimum_area_px=settings.quantification.minimum_area_px,
    threshold=limits.threshold if limits else 1.0,
    least_peak=limits.least_peak if limits else 0.0,
    summary=numbers.row,
    warnings=numbers.warnings,
  )
  kind = kind_of(settings.defect)
  has_scale = numbers.row['pixel_size_nm'] is not None
  label = kind.sizes_label if has_scale else kind.sizes_label_px
  return image_view(shown, sizes_label=label, images=of_page)


def _write_rois(folder: pathlib.Path, name: str, found: Measurement) -> None:
  folder.mkdir(exist_ok=True)
  if _fits_imagej(found):
    imagej_rois.write_rois(folder / f'{name}.zip', found.labels)


def _read_arrays(
  folder: pathlib.Path, image: SessionImage
) -> tuple[ImageArrays, np.ndarray | None]:
  """The arrays, and ids of objects that touch."""
  files = image.files()
  objects = read_object_mask(folder / files['masks'])
  # As they are stored: a large micrograph of 8 bits stays small.
  pixels, probabilities = (
    read_frames(folder / files[kind])[0].values if kind in files else None
    for kind in ('images', 'probabilities')
  )
  assert pixels is not None
  valid, labelled = read_regions(folder, image)
  if labelled is not None:
    objects = objects.only_where(labelled)
    valid = labelled if valid is None else valid & labelled
  arrays = ImageArrays(pixels, objects.mask, probabilities, valid=valid)
  return arrays, objects.ids


def _with_truth(
  truths: reference.Truths, name: str, arrays: ImageArrays
) -> tuple[ImageArrays, Sequence[QualityWarning], str | None]:
  """With the true mask, what it warns of, and why it cannot be compared."""
  try:
    truth = truths.of(name, arrays.mask.shape)
  except InputError as error:
    return arrays, (), str(error)
  if truth is None:
    return arrays, (), None
  arrays = dataclasses.replace(
    arrays, truth=truth.mask, compared=truth.labelled
  )
  return arrays, list(_truth_warnings(truth)), None


def _truth_warnings(truth: ObjectMask) -> Iterator[QualityWarning]:
  for name, message in truth.remarks:
    yield QualityWarning(name, f'the true mask: {message}')
  if covers_all(truth.mask, LARGEST_REGION):
    yield QualityWarning(
      'reference_inverted',
      'one region covers most of the true mask and touches all its sides: if '
      'defects are black in it, give --mask_class=0',
    )


def _with_session(
  found: Measurement,
  image: SessionImage,
  probabilities: np.ndarray | None,
  mismatch: str | None,
) -> Measurement:
  """With what the session knows: corrections, probabilities, warnings."""
  if image.verdict is not None:
    # The network's own numbers know how wrong it may be.
    found = with_verdict(found, image.verdict, include=image.included)
  elif image.signs is not None:
    found = without_verdict(found)
  warnings = [*image.warnings, *found.warnings]
  if image.outdated:
    warnings.append(
      QualityWarning(
        'corrected_mask_kept',
        f'{image.correction} was corrected by hand when the run or the '
        'micrograph was another, and the numbers are of it; --overwrite takes '
        "the network's masks again",
      )
    )
  if not _fits_imagej(found):
    warnings.append(
      QualityWarning(
        'no_regions',
        f"ImageJ's regions end at {imagej_rois.LARGEST_COORDINATE_PX} pixels, "
        'the image is larger: rois/ has no regions of it',
      )
    )
  if mismatch is not None:
    warnings.append(QualityWarning('no_comparison', mismatch))
  columns = dict(found.objects)
  if probabilities is not None:
    columns['mean_probability'] = mean_probabilities(
      found.labels, probabilities, len(found.counted)
    )
  return dataclasses.replace(found, objects=columns, warnings=warnings)


def _fits_imagej(found: Measurement) -> bool:
  return max(found.labels.shape) <= imagej_rois.LARGEST_COORDINATE_PX
