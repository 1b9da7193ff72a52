"""Sessions to be edited, as predict leaves them, made without a network."""

import dataclasses
import shutil

import numpy as np
from scipy import ndimage

from defectseg_jax.micrographs.reading import read_frames
from defectseg_jax.micrographs.writing import write_mask, write_tiff
from defectseg_jax.prediction.sure_regions import Hysteresis
from defectseg_jax.quantification import MeasurementSettings
from defectseg_jax.reporting.provenance import current_provenance
from defectseg_jax.sessions import reference
from defectseg_jax.sessions.asked import Asked
from defectseg_jax.sessions.calibration import Scale
from defectseg_jax.sessions.folder import SessionFolder
from defectseg_jax.sessions.hand_regions import drawn_regions
from defectseg_jax.sessions.index import Done
from defectseg_jax.sessions.results import write_results
from defectseg_jax.sessions.samples import NO_SAMPLES
from defectseg_jax.sessions.session_image import SessionImage

PIXEL_SIZE_NM, THICKNESS_NM = 0.5, 100.0
LIMITS = Hysteresis(0.5, 0.6)


def discs(places, shape=(120, 160), radius=8.0):
  """bool [H, W]: discs around rows and columns."""
  rows, columns = np.mgrid[: shape[0], : shape[1]]
  mask = np.zeros(shape, bool)
  for row, column in places:
    mask |= (rows - row) ** 2 + (columns - column) ** 2 <= radius**2
  return mask


def foil(mask, seed=0):
  """A micrograph on which the mask is bright, and a network's map of it."""
  rng = np.random.default_rng(seed)
  blurred = ndimage.gaussian_filter(mask.astype(float), 1.0)
  pixels = 90 + 60 * blurred + rng.normal(0, 4, mask.shape)
  return np.clip(pixels, 0, 255).astype(np.uint8), blurred.astype(np.float32)


def write_session(folder, masks, defect='voids', quantification=None):
  """Writes a session of images, with the masks that a network found.

  Args:
    folder: to be made.
    masks: by name: what is in the image, and what the network found of it.
    defect: what it is.
    quantification: how to measure; None for the defaults.
  """
  settings = MeasurementSettings(
    defect, **({'quantification': quantification} if quantification else {})
  )
  session, images = SessionFolder(folder, overwrite=False), []
  provenance = current_provenance()
  scale = {'pixel_size_nm': PIXEL_SIZE_NM}
  with session.hold():
    session.begin(provenance, Asked(settings, LIMITS).to_json())
    for name, (there, found) in masks.items():
      pixels, probabilities = foil(there)
      image = SessionImage(
        name,
        folder / f'{name}.dm4',
        Scale(PIXEL_SIZE_NM, THICKNESS_NM, '--pixel_size_nm', '--thickness_nm'),
      )
      files = image.files()
      session.put(
        {
          files['images']: lambda to, p=pixels: write_tiff(to, p, **scale),
          files['masks']: lambda to, m=found: write_mask(to, m, **scale),
          files['probabilities']: lambda to, p=probabilities: write_tiff(
            to, p, **scale
          ),
        }
      )
      done = Done(name, 'key', 'key', PIXEL_SIZE_NM, list(files.values()))
      session.note_done(name, done)
      images.append(image)
    measure(session, images, settings, provenance)
  return folder


def measure(session, images, settings, provenance):
  """Writes what follows from the masks, as predict does."""
  return write_results(
    session,
    images,
    {},
    settings=settings,
    limits=LIMITS,
    truths=reference.Truths(),
    provenance=provenance,
    how_made=provenance.rows(),
    notes=[],
    samples=NO_SAMPLES,
    check_interruption=lambda: None,
  )


def again(folder):
  """The rows of the session, measured again as predict would; by image."""
  session, images = SessionFolder(folder, overwrite=False), []
  asked = session.asked['measurement']['defect']
  for name in session.names:
    scale = Scale(
      PIXEL_SIZE_NM, THICKNESS_NM, '--pixel_size_nm', '--thickness_nm'
    )
    image = SessionImage(name, folder / f'{name}.dm4', scale)
    if session.is_corrected(f'masks/{name}.tif'):
      image = dataclasses.replace(
        image,
        correction=f'masks/{name}.tif',
        edits=session.edits_of(name),
      )
    pixels = read_frames(folder / f'images/{name}.tif')[0].values
    drawn = drawn_regions(session, name, pixels.shape)
    images.append(dataclasses.replace(image, drawn=drawn))
  with session.hold():
    found = measure(
      session, images, MeasurementSettings(asked), current_provenance()
    )
  return {row['image']: row for row in found.numbers.rows}


def copy_of(session, folder):
  """A copy of a session."""
  shutil.copytree(session, folder)
  return folder


def apply(document, kind, **fields):
  """Applies an operation to the document as it is."""
  return document.apply({'kind': kind, **fields, 'version': document.version})


def layers(document):
  """Copies of the layers."""
  return [
    getattr(document, name).copy() for name in ('ids', 'removed', 'regions')
  ]
