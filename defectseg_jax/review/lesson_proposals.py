"""What a network that learnt finds in other images, written to be looked at."""

import pathlib
from typing import Any

import numpy as np
from scipy import ndimage

from defectseg_jax.files import json_text, write_text, write_whole
from defectseg_jax.micrographs.masks import read_object_mask
from defectseg_jax.micrographs.object_ids import ObjectMask
from defectseg_jax.micrographs.reading import read_frames, read_micrograph
from defectseg_jax.micrographs.writing import write_mask, write_tiff
from defectseg_jax.prediction.view import create_view
from defectseg_jax.review.doubt import doubt
from defectseg_jax.review.lesson import read_json
from defectseg_jax.runs.run import Run


def read_truth(data: pathlib.Path, name: str) -> ObjectMask:
  """What a person accepted, and where it counts.

  Args:
    data: folder of the lesson's images.
    name: of the image.
  """
  objects = read_object_mask(data / 'masks' / f'{name}.tif')
  labelled = np.ones(objects.mask.shape, bool)
  for kind, is_labelled in (('ignore', False), ('valid', True)):
    path = data / kind / f'{name}.tif'
    if path.exists():
      labelled &= (read_frames(path)[0].values > 0) == is_labelled
  return objects.only_where(labelled)


def look(
  run: Run, folder: pathlib.Path, name: str
) -> tuple[np.ndarray, np.ndarray]:
  """Mask and probabilities of an image, as predict would have them.

  Args:
    run: the network.
    folder: with images/ and perhaps valid/.
    name: of the image.

  Returns:
    bool and float32, [H, W].
  """
  micrograph = read_micrograph(folder / 'images' / f'{name}.tif')
  path, valid = folder / 'valid' / f'{name}.tif', None
  if path.exists():
    valid = read_frames(path)[0].values > 0
  size_nm = micrograph.pixel_size_nm
  view = create_view(micrograph.pixels, valid, run.seen, pixel_size_nm=size_nm)
  found = run.at_image(view, run.look_and_trust(view), valid)
  return found.mask, found.probabilities


def propose(folder: pathlib.Path, name: str, run: Run) -> dict[str, Any]:
  """Writes what the new network finds in an image, unless that was done.

  Args:
    folder: of the lesson, below a session's folder.
    name: of the image.
    run: the new network.

  Returns:
    What differs from the mask now, and how unsure the network is; for JSON.
  """
  session = folder.parent.parent
  known = folder / 'masks' / f'{name}.json'
  if content := read_json(known):
    return content
  mask, probabilities = look(run, session, name)
  size_nm = read_micrograph(session / 'images' / f'{name}.tif').pixel_size_nm
  for kind, write, pixels in (
    ('probabilities', write_tiff, probabilities),
    ('masks', write_mask, mask),
  ):
    with write_whole(folder / kind / f'{name}.tif') as temporary:
      write(temporary, pixels, pixel_size_nm=size_nm)
  path = session / 'masks' / f'{name}.tif'
  now = read_object_mask(path).mask if path.exists() else np.zeros_like(mask)
  content = differences(now, mask)
  content['doubt'] = doubt(probabilities, run.threshold)
  with write_whole(known) as temporary:
    write_text(temporary, json_text(content))
  return content


def differences(now: np.ndarray, proposed: np.ndarray) -> dict[str, Any]:
  """How many objects come and go, by whether they overlap any other.

  Args:
    now: mask [H, W].
    proposed: mask [H, W].
  """
  counts = []
  for one, other in ((proposed, now), (now, proposed)):
    labels, count = ndimage.label(one, np.ones((3, 3)))  # pyright: ignore
    kept = np.unique(labels[other & one])
    counts.append((int(count), int(count) - len(kept)))
  (objects, new), (_, gone) = counts
  return {'objects': objects, 'new': new, 'gone': gone}
