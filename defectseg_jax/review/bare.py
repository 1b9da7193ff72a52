"""A session of bare micrographs, which no network looked at: to be labelled.

The micrographs are copied; the files that they come from stay as they are. The
folder is one that may be trained on.
"""

import dataclasses
import logging
import pathlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from defectseg_jax.disk import file_checksum
from defectseg_jax.errors import InputError
from defectseg_jax.micrographs.calibration_table import Calibration
from defectseg_jax.micrographs.files import files_by_stem
from defectseg_jax.micrographs.reading import read_frames
from defectseg_jax.micrographs.selection import select_images
from defectseg_jax.micrographs.stacks import iterate_micrographs
from defectseg_jax.micrographs.writing import write_mask, write_tiff
from defectseg_jax.quantification import (
  MeasurementSettings,
  QuantificationSettings,
)
from defectseg_jax.reporting.provenance import current_provenance
from defectseg_jax.sessions import reference
from defectseg_jax.sessions.asked import Asked
from defectseg_jax.sessions.calibration import Scale, Scales
from defectseg_jax.sessions.folder import SessionFolder
from defectseg_jax.sessions.hand_regions import drawn_regions
from defectseg_jax.sessions.image_files import in_smallest_type
from defectseg_jax.sessions.index import MASKS, Done
from defectseg_jax.sessions.results import SessionResults, write_results
from defectseg_jax.sessions.samples import Samples
from defectseg_jax.sessions.session_image import SessionImage


@dataclasses.dataclass(frozen=True)
class Bare:
  """Bare micrographs, and what is known of them.

  Attributes:
    images: files, folders and patterns.
    defect: what is to be labelled.
    pixel_size_nm, thickness_nm: None where the files say it, or nobody does.
    quantification: how to measure.
  """

  images: Sequence[str]
  defect: str
  pixel_size_nm: float | None = None
  thickness_nm: float | None = None
  quantification: QuantificationSettings = dataclasses.field(
    default_factory=QuantificationSettings
  )


def begin_bare(folder: SessionFolder, bare: Bare) -> None:
  """Copies micrographs, and gives each an empty mask; done once.

  Args:
    folder: to write, which this process holds.
    bare: the micrographs.

  Raises:
    InputError: a file cannot be read, or the folder is of a network.
  """
  paths, remarks, refused = select_images(bare.images)
  for line in [*remarks, *refused.values()]:
    logging.warning('%s', line)
  stems = files_by_stem(paths)
  if folder.asked is not None and folder.asked.get('limits') is not None:
    raise InputError(
      f'{folder.path}: a network made this session; leave --input out to look '
      'through it, or give another --output'
    )
  folder.require_images(stems)
  scales = Scales(
    pixel_size_nm=bare.pixel_size_nm,
    thickness_nm=bare.thickness_nm,
    files=paths,
  )
  settings = MeasurementSettings(bare.defect, bare.quantification)
  found = _copy_all(folder, paths, scales, settings)
  # Where each scale is from is kept for when the numbers are made again.
  asked = Asked(settings, scales=found)
  folder.begin(current_provenance(), asked.to_json())
  write_bare_results(folder, asked)


def write_bare_results(folder: SessionFolder, asked: Asked) -> SessionResults:
  """Measures the masks of a session without a network, and writes the page.

  Args:
    folder: which this process holds.
    asked: what it was made for.
  """
  provenance = current_provenance()
  return write_results(
    folder,
    [_session_image(folder, name, asked) for name in folder.names],
    {},
    settings=asked.settings,
    limits=None,
    truths=reference.Truths(),
    provenance=provenance,
    how_made={**provenance.rows(), 'masks': 'drawn by a person'},
    notes=[],
    samples=Samples(),
    check_interruption=lambda: None,
  )


def _copy_all(
  folder: SessionFolder,
  paths: Sequence[pathlib.Path],
  scales: Scales,
  settings: MeasurementSettings,
) -> dict[str, dict[str, Any]]:
  """Copies what is not there yet; the scale of each image by its name."""
  before = (folder.asked or {}).get('scales', {})
  found: dict[str, dict[str, Any]] = {}
  # session.json says whose files these are before there are any.
  folder.begin(current_provenance(), Asked(settings, scales=before).to_json())
  for path in paths:
    for micrograph in iterate_micrographs(path):
      name, pixels = micrograph.name, micrograph.pixels
      stated = {str(path): Calibration(micrograph.pixel_size_nm)}
      scale = scales.scale_of(path, stated, name)
      found[name] = {
        'source': str(path.absolute()),
        'pixel_size_nm': scale.pixel_size_nm,
        'thickness_nm': scale.thickness_nm,
        'pixel_size_from': scale.pixel_size_from,
        'thickness_from': scale.thickness_from,
      }
      if folder.record_of(name) is None:
        _copy(folder, name, path, pixels, scale.pixel_size_nm)
  return found


def _copy(
  folder: SessionFolder,
  name: str,
  path: pathlib.Path,
  pixels: np.ndarray,
  pixel_size_nm: float | None,
) -> None:
  scale: Any = {'pixel_size_nm': pixel_size_nm}
  small, empty = in_smallest_type(pixels), np.zeros(pixels.shape, bool)
  writers: Mapping[str, Callable[[pathlib.Path], object]] = {
    f'images/{name}.tif': lambda to: write_tiff(to, small, **scale),
    f'{MASKS}/{name}.tif': lambda to: write_mask(to, empty, **scale),
  }
  folder.claim(writers)
  folder.put(writers)
  key = file_checksum(folder.path / f'images/{name}.tif')
  folder.note_done(
    name, Done(path.stem, key, key, pixel_size_nm, list(writers))
  )


def _session_image(
  folder: SessionFolder, name: str, asked: Asked
) -> SessionImage:
  known = asked.scales[name]
  shape = read_frames(folder.path / f'images/{name}.tif')[0].values.shape
  return SessionImage(
    name,
    pathlib.Path(known['source']),
    Scale(
      known['pixel_size_nm'],
      known['thickness_nm'],
      known['pixel_size_from'],
      known['thickness_from'],
    ),
    correction=f'{MASKS}/{name}.tif',
    drawn=drawn_regions(folder, name, shape),
    edits=folder.edits_of(name),
    has_network=False,
  )
