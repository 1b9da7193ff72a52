"""Micrographs of graded difficulty, to learn where a network fails.

Some are as the network learnt them, others are made worse step by step, and
some show no such defect at all. How much worse, and in which way, is by eye.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np
from PIL import Image
from scipy import ndimage

from defectseg_jax.simulation.domain.draws import draw, draw_log
from defectseg_jax.simulation.domain.no_specimen import no_specimen
from defectseg_jax.simulation.domain.patch import Patch
from defectseg_jax.simulation.domain.patches import simulate_patch
from defectseg_jax.simulation.domain.settings import (
  DomainSettings,
  ImagingSettings,
)
from defectseg_jax.simulation.parameters import FoilParameters

# The first number of a micrograph's seed; `micrographs.SPLITS` has the others.
SEED = 4
# How many are of which kind, relative to the others.
_KINDS = {
  'domain': 0.42,
  'noisy': 0.1,
  'blurred': 0.06,
  'faint': 0.07,
  'enlarged': 0.04,
  'reduced': 0.04,
  'inverted': 0.04,
  'another defect': 0.12,
  'no specimen': 0.12,
}
_SIDES_PX = (256, 384, 512, 512)
# By eye: objects are smaller than the micrograph by this factor at least, so
# that it has some.
_SIDE_PER_DIAMETER = 12.0
# Another defect's micrographs, for those of each.
_OTHERS = {
  'voids': ('precipitates', 'dislocations'),
  'precipitates': ('voids', 'dislocations'),
  'dislocations': ('voids', 'precipitates'),
}
_IMAGING = {
  'voids': ImagingSettings(0.8, 0.2, 0, 0, 0),
  'precipitates': ImagingSettings(0.2, 0.2, 0, 0.6, 0),
  'dislocations': ImagingSettings(0.8, 0, 0, 0, 0.2),
}
# Of lines, where `domain.objects` is of particles, and the other way round.
_LINE_WIDTHS = {'diameter_px': (1.6, 10.0), 'diameter_nm': (1.5, 12.0)}
_PARTICLES = {'diameter_px': (5.0, 30.0), 'diameter_nm': (0.8, 80.0)}


@dataclasses.dataclass(frozen=True, eq=False)
class Graded:
  """A micrograph with its truth.

  Attributes:
    kind: in which way it is difficult.
    pixels: float32 [H, W], as a file has them.
    mask: bool [H, W], the truth.
    counts: bool [H, W], False where an object counts neither way.
  """

  kind: str
  pixels: np.ndarray
  mask: np.ndarray
  counts: np.ndarray


def simulate_graded(
  domain: DomainSettings,
  foil: FoilParameters,
  *,
  defect: str,
  seed: int,
  index: int,
  backgrounds: Sequence[np.ndarray] = (),
) -> Graded:
  """One such micrograph.

  Args:
    domain: that the network learnt.
    foil: of the scanned bright-field images.
    defect: that the network finds.
    seed: of all.
    index: of this one.
    backgrounds: real ones; may be none.
  """
  rng = np.random.default_rng([SEED, seed, index])
  shares = np.array(list(_KINDS.values()))
  kind = str(rng.choice(list(_KINDS), p=shares / shares.sum()))
  side_px = int(rng.choice(_SIDES_PX))
  if kind == 'no specimen':
    pixels = _as_file(no_specimen(side_px, rng))
    nothing = np.zeros(pixels.shape, bool)
    return Graded(kind, pixels, nothing, ~nothing)
  domain = _with_many_objects(domain, side_px)
  what = defect
  if kind == 'another defect':
    what = str(rng.choice(_OTHERS[defect]))
    domain = _of_another(domain, defect, what)
  patch = simulate_patch(
    domain,
    foil,
    defect=what,
    side_px=side_px,
    seed=(SEED, seed, index),
    backgrounds=() if 'dislocations' in (defect, what) else backgrounds,
  )
  if kind == 'another defect':
    nothing = np.zeros(patch.mask.shape, bool)
    return Graded(kind, patch.pixels, nothing, ~nothing)
  return worse(kind, patch, rng)


def _with_many_objects(domain: DomainSettings, side_px: int) -> DomainSettings:
  smallest, largest = domain.objects.diameter_px
  largest = max(smallest, min(largest, side_px / _SIDE_PER_DIAMETER))
  objects = dataclasses.replace(domain.objects, diameter_px=(smallest, largest))
  return dataclasses.replace(domain, objects=objects)


def _of_another(
  domain: DomainSettings, defect: str, other: str
) -> DomainSettings:
  """The domain of another defect, with this one's camera and background."""
  objects = domain.objects
  if other == 'dislocations':
    objects = dataclasses.replace(objects, **_LINE_WIDTHS)
  elif defect == 'dislocations':
    objects = dataclasses.replace(objects, **_PARTICLES)
  background = dataclasses.replace(
    domain.background, lines_fraction=0.0, spots_fraction=0.0
  )
  return dataclasses.replace(
    domain, imaging=_IMAGING[other], objects=objects, background=background
  )


def worse(kind: str, patch: Patch, rng: np.random.Generator) -> Graded:
  """The same micrograph, more difficult.

  Args:
    kind: noisy, blurred, faint, enlarged, reduced or inverted; any other leaves
      it as it is.
    patch: the micrograph.
    rng: decides how much.
  """
  pixels, mask, counts = patch.pixels, patch.mask, patch.counts
  spread = float(pixels.std()) + 1e-6
  if kind == 'noisy':
    noise = ndimage.gaussian_filter(
      rng.standard_normal(pixels.shape), draw((0.0, 1.2), rng)
    )
    noise *= draw_log((0.4, 6.0), rng) * spread / noise.std()
    pixels = pixels + noise
  elif kind == 'blurred':
    pixels = ndimage.gaussian_filter(pixels, draw_log((1.0, 8.0), rng))
    pixels = pixels + rng.normal(
      0, draw((0.02, 0.5), rng) * pixels.std(), pixels.shape
    )
  elif kind == 'faint':
    # Unevenness of the specimen that is larger than what is looked for.
    smooth = ndimage.gaussian_filter(
      rng.standard_normal(pixels.shape), draw_log((2.0, 40.0), rng)
    )
    smooth *= draw_log((0.7, 6.0), rng) * spread / smooth.std()
    pixels = pixels + smooth
  elif kind in ('enlarged', 'reduced'):
    factor = draw_log((1.6, 4.0), rng)
    if kind == 'reduced':
      factor = 1 / factor
    pixels, mask, counts = (
      _zoom(one, factor) for one in (pixels, mask, counts)
    )
  elif kind == 'inverted':
    pixels = pixels.max() - pixels
  return Graded(kind, _as_file(pixels), mask, counts)


def _zoom(array: np.ndarray, factor: float) -> np.ndarray:
  """Enlarged and cut, or reduced; of truths the nearest pixel."""
  side = array.shape[0]
  if factor > 1:
    kept = round(side / factor)
    array, target = array[:kept, :kept], side
  else:
    target = max(96, round(side * factor))
  whole = array.dtype == bool
  image = Image.fromarray(array.astype(np.uint8 if whole else np.float32))
  way = Image.Resampling.NEAREST if whole else Image.Resampling.BILINEAR
  resized = np.asarray(image.resize((target, target), way))
  return resized.astype(array.dtype)


def _as_file(pixels: np.ndarray) -> np.ndarray:
  """Stretched to the 256 grey levels of a file."""
  low, high = np.quantile(pixels, [0.0005, 0.9995])
  unit = np.clip((pixels - low) / max(float(high - low), 1e-9), 0, 1)
  return np.rint(255 * unit).astype(np.float32)
