"""What a request of a session names, found and read."""

import dataclasses
import pathlib
from collections.abc import Mapping, Sequence

from defectseg_jax.errors import InputError
from defectseg_jax.micrographs import files
from defectseg_jax.micrographs.sample_table import SampleTable
from defectseg_jax.micrographs.selection import select_images
from defectseg_jax.sessions.calibration import Scales
from defectseg_jax.sessions.reference import Truths, true_masks
from defectseg_jax.sessions.requests import PredictRequest
from defectseg_jax.sessions.samples import read_samples
from defectseg_jax.sessions.screening import Screening, create_screening
from defectseg_jax.sessions.series import sort_frames


@dataclasses.dataclass(frozen=True, eq=False)
class Given:
  """What a request names, found and read, before a network is.

  Attributes:
    request: the request.
    paths: of the micrographs.
    remarks: what was passed over.
    refused: by name, why files that a folder has cannot be taken.
    scales, screening, truths: what is known of them.
    samples: the table of samples; None without one.
  """

  request: PredictRequest
  paths: Sequence[pathlib.Path]
  remarks: Sequence[str]
  refused: Mapping[str, str]
  scales: Scales
  screening: Screening
  truths: Truths
  samples: SampleTable | None

  @classmethod
  def of(cls, request: PredictRequest) -> 'Given':
    """Raises InputError if a file or a flag is wrong."""
    paths, remarks, refused = select_images(request.images)
    paths = sort_frames(paths) if request.series else paths
    given = cls(
      request,
      paths,
      remarks,
      refused,
      _scales(request, paths),
      create_screening(request),
      _truths(request, paths),
      read_samples(request.samples, request.calibration),
    )
    _require_named(request.included, paths)
    return given


def _scales(request: PredictRequest, paths: Sequence[pathlib.Path]) -> Scales:
  return Scales(
    pixel_size_nm=request.pixel_size_nm,
    thickness_nm=request.thickness_nm,
    object_diameter_nm=request.object_diameter_nm,
    table=request.calibration,
    surface=request.surface,
    files=paths,
  )


def _truths(request: PredictRequest, paths: Sequence[pathlib.Path]) -> Truths:
  """True masks; none without --reference."""
  if not request.reference:
    return Truths()
  stems = files.files_by_stem(paths)
  return true_masks(request.reference, stems, request.mask_values)


def _require_named(
  include: Sequence[str], paths: Sequence[pathlib.Path]
) -> None:
  """Raises InputError if --include names no image of the session."""
  for name in include:
    # As x, x.tif or x[0]; which images x has is not known yet.
    if not name.startswith(tuple(path.stem for path in paths)):
      raise InputError(
        f'--include={name}: --input names no such image; give its name as the '
        'table has it'
      )
