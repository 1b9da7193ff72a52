"""A session of one image with many objects, made without a network."""

import pathlib

import numpy as np
from scipy import ndimage

from defectseg_jax.micrographs.writing import write_mask, write_tiff
from defectseg_jax.prediction.sure_regions import Hysteresis
from defectseg_jax.quantification import MeasurementSettings
from defectseg_jax.reporting.provenance import current_provenance
from defectseg_jax.sessions import reference
from defectseg_jax.sessions.asked import Asked
from defectseg_jax.sessions.calibration import Scale
from defectseg_jax.sessions.folder import SessionFolder
from defectseg_jax.sessions.index import Done
from defectseg_jax.sessions.results import write_results
from defectseg_jax.sessions.samples import Samples
from defectseg_jax.sessions.session_image import SessionImage

PIXEL_SIZE_NM, THICKNESS_NM = 0.3, 100.0
LIMITS = Hysteresis(0.5)


def write_session(
  folder: pathlib.Path, defect: str, *, side_px: int, count: int, seed: int = 0
) -> None:
  """Writes what predict would of one image, `x`.

  Args:
    folder: to be made.
    defect: 'dislocations' makes lines, all else discs.
    side_px: of the image.
    count: of discs.
    seed: of all random numbers.
  """
  rng = np.random.default_rng(seed)
  lines = defect == 'dislocations'
  mask = _lines(rng, side_px) if lines else _discs(rng, side_px, count)
  soft = ndimage.gaussian_filter(mask.astype(np.float32), 1.0)
  noise = rng.normal(0, 4, mask.shape)
  pixels = np.clip(90 + 60 * soft + noise, 0, 255).astype(np.uint8)
  mask = soft >= LIMITS.threshold
  settings, session = (
    MeasurementSettings(defect),
    SessionFolder(folder, overwrite=False),
  )
  image = SessionImage(
    'x',
    folder / 'x.dm4',
    Scale(PIXEL_SIZE_NM, THICKNESS_NM, '--pixel_size_nm', '--thickness_nm'),
  )
  files, provenance = image.files(), current_provenance()
  with session.hold():
    session.begin(provenance, Asked(settings, LIMITS).to_json())
    session.put(
      {
        files['images']: lambda to: write_tiff(
          to, pixels, pixel_size_nm=PIXEL_SIZE_NM
        ),
        files['masks']: lambda to: write_mask(
          to, mask, pixel_size_nm=PIXEL_SIZE_NM
        ),
        files['probabilities']: lambda to: write_tiff(
          to, soft, pixel_size_nm=PIXEL_SIZE_NM
        ),
      }
    )
    session.note_done(
      'x', Done('x', 'key', 'key', PIXEL_SIZE_NM, list(files.values()))
    )
    write_results(
      session,
      [image],
      {},
      settings=settings,
      limits=LIMITS,
      truths=reference.Truths(),
      provenance=provenance,
      how_made=provenance.rows(),
      notes=[],
      samples=Samples(),
      check_interruption=lambda: None,
    )


def _discs(rng: np.random.Generator, side_px: int, count: int) -> np.ndarray:
  mask, reach = np.zeros((side_px, side_px), bool), 15
  rows, columns = np.mgrid[-reach : reach + 1, -reach : reach + 1]
  apart = 2 * reach
  cells = (side_px - 2 * reach) // apart
  chosen = rng.choice(cells**2, min(count, cells**2), replace=False)
  for place in chosen:
    row, column = np.array(divmod(int(place), cells)) * apart + 2 * reach
    row, column = (np.array([row, column]) + rng.integers(-4, 5, 2)).tolist()
    disc = rows**2 + columns**2 <= rng.uniform(3, 11) ** 2
    part = mask[
      row - reach : row + reach + 1, column - reach : column + reach + 1
    ]
    part |= disc[: part.shape[0], : part.shape[1]]
  return mask


def _lines(rng: np.random.Generator, side_px: int) -> np.ndarray:
  mask = np.zeros((side_px, side_px), bool)
  for _ in range(side_px // 20):
    middle, angle = rng.uniform(0, side_px, 2), rng.uniform(0, np.pi)
    along = np.linspace(-150, 150, 1200)
    across = 12 * np.sin(along / rng.uniform(20, 60))
    rows = middle[0] + along * np.sin(angle) + across * np.cos(angle)
    columns = middle[1] + along * np.cos(angle) - across * np.sin(angle)
    inside = (rows >= 0) & (rows < side_px)
    inside &= (columns >= 0) & (columns < side_px)
    mask[rows[inside].astype(int), columns[inside].astype(int)] = True
  return ndimage.binary_dilation(mask, np.ones((3, 3)))
