"""How many clicks and seconds until every object is right, by a scripted user.

  python -m benchmarks.review_worth --part=clicks --sets=voids,superalloys

The user corrects what `predict` found, beside another who outlines everything
in an empty mask. An object is right if it shares more than half of itself and
of its match with the truth. The user knows the truth, and has a person's hand:

| | seconds | from |
|---|---|---|
| to find an object, and to decide | 1.35 | M of the keystroke-level model |
| to point at it | 1.1 | P of that model |
| to press and let go | 0.2 | BB of that model |
| a key | 0.28 | K of that model, an average typist |
| each further corner of an outline | 0.6 | by eye: a short move, and a press |

Corners are 7 pixels apart, six at least, and off by 1 pixel (standard
deviation); clicks on an object by 1.5 pixels. Both are by eye, at twice the
size of the image. What is false is clicked away. What is missed is clicked
with the tool that grows it; if that is not right, it is undone and outlined.
Then the user looks again, and does once more what is not right, three times in
all.

References:
  S. K. Card, T. P. Moran, A. Newell, "The keystroke-level model for user
  performance time with interactive systems", Communications of the ACM 23
  (1980) 396-410.
"""

import dataclasses
import importlib
import pathlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Collection
from typing import Any

import numpy as np
from scipy import ndimage

from benchmarks import report
from benchmarks.real_sets import Example, sets_of
from defectseg_jax.errors import InputError
from defectseg_jax.micrographs.micrograph import Micrograph
from defectseg_jax.micrographs.outlines import outlines
from defectseg_jax.micrographs.writing import write_mask, write_tiff
from defectseg_jax.quantification.particles.components import label_regions
from defectseg_jax.quantification.particles.detection import (
  f_score,
  match_labels,
  match_particles,
)
from defectseg_jax.review.document import Document
from defectseg_jax.review.review import Review
from defectseg_jax.sessions.image_files import in_smallest_type
from defectseg_jax.simulation import foil_parameters, simulate_foil

_DECIDE_S, _POINT_S, _PRESS_S, _KEY_S, _CORNER_S = 1.35, 1.1, 0.2, 0.28, 0.6
_CORNERS_APART_PX, _FEWEST_CORNERS = 7.0, 6
_CORNER_PX, _CLICK_PX = 1.0, 1.5
_ROUNDS = 3


@dataclasses.dataclass
class Hand:
  """A person at a document.

  Attributes:
    document: that is corrected.
    rng: of the hand's tremor.
    clicks: presses of the pointer so far.
    seconds: that they took.
    grown: missed objects of which the first click gave a right outline.
    missed: that were clicked.
  """

  document: Document
  rng: np.random.Generator
  clicks: int = 0
  seconds: float = 0.0
  grown: int = 0
  missed: int = 0

  def click(self, kind: str, region: np.ndarray) -> bool:
    """Clicks into the middle of a region; whether something was done."""
    row, column = self._inside(region)
    self.clicks += 1
    self.seconds += _DECIDE_S + _POINT_S + _PRESS_S
    return self._apply(kind=kind, row=row, column=column)

  def undo(self) -> None:
    """Takes the last change back, by a key, once it was looked at."""
    self.document.undo()
    self.seconds += _DECIDE_S + _KEY_S

  def outline(self, region: np.ndarray) -> None:
    """Clicks along the outline of a region, and closes it by a key."""
    polygon = max(outlines(region), key=len).astype(float)
    closed = np.append(polygon, polygon[:1], axis=0)
    along = np.append(0, np.hypot(*np.diff(closed, axis=0).T).cumsum())
    count = max(_FEWEST_CORNERS, round(along[-1] / _CORNERS_APART_PX))
    places = np.arange(count) / count * along[-1]
    corners = np.stack(
      [np.interp(places, along, closed[:, axis]) for axis in (1, 0)], axis=1
    )
    corners += self.rng.normal(0, _CORNER_PX, corners.shape)
    self.clicks += count
    self.seconds += _DECIDE_S + _POINT_S + _PRESS_S
    self.seconds += (count - 1) * _CORNER_S + _KEY_S
    self._apply(kind='polygon', points=corners.tolist(), erase=False, id=None)

  def _apply(self, **operation: Any) -> bool:
    try:
      self.document.apply({**operation, 'version': self.document.version})
    except InputError:
      return False
    return True

  def _inside(self, region: np.ndarray) -> tuple[float, float]:
    """The innermost place, and a tremor that stays on the object."""
    place, depth = innermost(region)
    off = self.rng.normal(0, min(_CLICK_PX, depth / 3), 2)
    row, column = np.clip(place + off, 0, np.array(region.shape) - 0.01)
    return float(row), float(column)


def correct(document: Document, truth: np.ndarray, seed: int) -> Hand:
  """Makes every object right, or gives up after some rounds.

  Args:
    document: with what was found; or with nothing.
    truth: int32 [H, W], ids of what is there.
    seed: of the tremor.
  """
  hand = Hand(document, np.random.default_rng(seed))
  found_any = bool(document.ids.any())
  for tried in range(_ROUNDS):
    before = document.ids.copy()
    wrong, missed = _to_do(before, truth)
    for one in wrong:
      hand.click('toggle', before == one)
    for one in missed:
      # Who saw it fail does not click again, nor who has no network.
      _mark(hand, truth == one, grow=found_any and tried == 0)
  return hand


def _to_do(ids: np.ndarray, truth: np.ndarray) -> tuple[list[int], list[int]]:
  """Objects to be taken out, and those of the truth to be marked.

  What covers the middle of another object, too, is two that were found as one:
  it is taken out, and both are marked.
  """
  matched, found = match_labels(ids, truth)
  partner = dict(zip(matched.tolist(), found.tolist(), strict=True))
  wrong, missed = _others(ids, matched), _others(truth, found)
  for one in list(missed):
    row, column = innermost(truth == one)[0].astype(int)
    over = int(ids[row, column])
    if over in partner:
      wrong.append(over)
      missed.append(partner.pop(over))
  return wrong, missed


def innermost(region: np.ndarray) -> tuple[np.ndarray, float]:
  """The place farthest from a region's outline, and how far that is."""
  depth: Any = ndimage.distance_transform_edt(np.pad(region, 1))
  place = np.array(np.unravel_index(np.argmax(depth), depth.shape)) - 0.5
  return place, float(depth.max())


def _mark(hand: Hand, region: np.ndarray, *, grow: bool) -> None:
  """A click, if that gives it a right outline; else corners."""
  if grow:
    hand.missed += 1
    if hand.click('grow', region):
      if _is_right(hand.document.ids, region):
        hand.grown += 1
        return
      hand.undo()
  hand.outline(region)


def _others(ids: np.ndarray, known: np.ndarray) -> list[int]:
  there = np.unique(ids[ids > 0])
  return np.setdiff1d(there, known).tolist()


def _is_right(ids: np.ndarray, region: np.ndarray) -> bool:
  numbers, shared = np.unique(ids[region & (ids > 0)], return_counts=True)
  if not len(numbers):
    return False
  best = int(np.argmax(shared))
  union = np.count_nonzero(region | (ids == numbers[best]))
  return bool(shared[best] > union / 2)


def main(foils: int, sets: Collection[str]) -> None:
  """Prints the table.

  Args:
    foils: how many micrographs of each set.
    sets: voids, superalloys or both.
  """
  rows = []
  if 'voids' in sets:
    for number, example in enumerate(_voids(foils)):
      rows += _rows('voids', 'voids', example, number)
  if 'superalloys' in sets:
    examples = sets_of('precipitates')['superalloys']()[:foils]
    for number, example in enumerate(examples):
      rows += _rows('superalloys', 'precipitates', example, number)
  header = (
    *('set', 'image', 'way', 'objects', 'F1 before', 'F1 after'),
    *('clicks', 'seconds', 'grown at the first click'),
  )
  print(report.table(header, rows))


def _voids(count: int) -> list[Example]:
  foil = foil_parameters(
    importlib.import_module('configs.voids').get_config().foil.to_dict()
  )
  found = []
  for index in range(count):
    made = simulate_foil(foil, seed=1000, index=index)
    micrograph = Micrograph(
      made.pixels, name=f'foil_{index}', pixel_size_nm=foil.pixel_size_nm
    )
    found.append(Example(micrograph, made.masks['voids']))
  return found


def _rows(
  name: str, network: str, example: Example, number: int
) -> list[list[str]]:
  truth = label_regions(example.mask)[0]
  rows = []
  with tempfile.TemporaryDirectory() as scratch:
    folder = pathlib.Path(scratch)
    _predict(folder, network, example)
    for way in ('corrected', 'from nothing'):
      session = folder / way
      shutil.copytree(folder / 'results', session)
      if way == 'from nothing':
        size_nm = example.micrograph.pixel_size_nm
        nothing = np.zeros_like(example.mask)
        path = session / 'masks/image.tif'
        write_mask(path, nothing, pixel_size_nm=size_nm)
      with Review.open(session) as review:
        document = review.document('image')
        before = _f1(document, truth)
        hand = correct(document, truth, seed=number)
        after = _f1(document, truth)
      rows.append(
        [
          *(name, str(number), way, str(int(truth.max()))),
          *(f'{before:.2f}', f'{after:.2f}', str(hand.clicks)),
          f'{hand.seconds:.0f}',
          f'{hand.grown} of {hand.missed}' if hand.missed else '',
        ]
      )
      print(rows[-1], flush=True)
  return rows


def _f1(document: Document, truth: np.ndarray) -> float:
  return f_score(match_particles(document.ids, truth))


def _predict(folder: pathlib.Path, network: str, example: Example) -> None:
  """A session of one image, by the program as a user starts it."""
  pixels = in_smallest_type(example.micrograph.pixels)
  size_nm = example.micrograph.pixel_size_nm
  write_tiff(folder / 'image.tif', pixels, pixel_size_nm=size_nm)
  command = [
    *(sys.executable, '-m', 'defectseg_jax.main', '--mode=predict'),
    *(f'--network={network}', f'--input={folder / "image.tif"}'),
    # The number is of no matter here; an image that is not applied to is.
    *('--thickness_nm=100', '--include=image'),
    f'--output={folder / "results"}',
  ]
  subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
