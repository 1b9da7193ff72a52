"""A patch of a domain: one draw of everything, imaged and labelled."""

from collections.abc import Sequence

import numpy as np

from defectseg_jax.simulation.domain.annular_dark_field import (
  annular_dark_field,
)
from defectseg_jax.simulation.domain.bright_field import Images, bright_field
from defectseg_jax.simulation.domain.camera import digitise, record
from defectseg_jax.simulation.domain.line_patches import draw_dislocations
from defectseg_jax.simulation.domain.patch import Patch
from defectseg_jax.simulation.domain.precipitate_scene import (
  PrecipitateScene,
  draw_precipitate_scene,
  precipitates_in_annular_dark_field,
  precipitates_in_bright_field,
)
from defectseg_jax.simulation.domain.real_backgrounds import draw_background
from defectseg_jax.simulation.domain.scanned_surface import (
  draw_scanned_surface,
)
from defectseg_jax.simulation.domain.scanning_foil import draw_scanning_foil
from defectseg_jax.simulation.domain.scene import Scene, draw_void_scene
from defectseg_jax.simulation.domain.settings import (
  DomainSettings,
  ImagingSettings,
)
from defectseg_jax.simulation.domain.visibility import (
  fill_silhouettes,
  noise_of_averages,
  visible_objects,
)
from defectseg_jax.simulation.parameters import FoilParameters

# Simulated beyond the patch, in pixels: the Fourier transform takes opposite
# edges to meet. By eye, the longest fringes that matter.
_MARGIN_PX = 32


def simulate_patch(
  domain: DomainSettings,
  foil: FoilParameters,
  *,
  defect: str,
  side_px: int,
  seed: Sequence[int],
  backgrounds: Sequence[np.ndarray] = (),
  to_judge_by: bool = False,
) -> Patch:
  """One patch of a domain.

  Args:
    domain: what is drawn from.
    foil: of the bright-field STEM, varied.
    defect: voids, precipitates or dislocations: what is labelled.
    side_px: of the patch.
    seed: numbers, 0 or more, that decide all random numbers.
    backgrounds: real ones, from `read_backgrounds`; may be none.
    to_judge_by: takes out of foils what is too faint to be labelled, since a
      mask has no third value. A threshold that is chosen where such objects
      count as background is too low.

  Returns:
    The patch.

  Raises:
    InputError: the defect has no micrograph of a kind that is asked for.
  """
  rng = np.random.default_rng(list(seed))
  kind = _draw_kind(domain.imaging, rng)
  if kind == 'scanning_foil':
    return draw_scanning_foil(domain, foil, defect, side_px, rng)
  if kind == 'scanned_surface':
    return draw_scanned_surface(domain, side_px, rng)
  if defect == 'dislocations':
    weak = kind == 'weak_beam'
    return draw_dislocations(domain, side_px, rng, weak_beam=weak)
  draw_scene = (
    draw_precipitate_scene if defect == 'precipitates' else draw_void_scene
  )
  scene = draw_scene(side_px + 2 * _MARGIN_PX, domain.objects, rng)
  before = rng.bit_generator.state
  while True:
    images = _image(kind, scene, domain, backgrounds, rng)
    patch, visible = _record(scene, images, domain, side_px, rng)
    if all(visible) or not to_judge_by:
      return patch
    # Without their neighbours, others may be too faint in turn: the same
    # micrograph once more, but for what is taken out.
    scene = scene.keep(visible)
    rng.bit_generator.state = before


def _draw_kind(imaging: ImagingSettings, rng: np.random.Generator) -> str:
  """A kind of micrograph."""
  weights = imaging.weights
  share = np.array(list(weights.values())) / sum(weights.values())
  return str(rng.choice(list(weights), p=share))


def _image(
  kind: str,
  scene: Scene,
  domain: DomainSettings,
  backgrounds: Sequence[np.ndarray],
  rng: np.random.Generator,
) -> Images:
  if isinstance(scene, PrecipitateScene):
    return _image_precipitates(kind, scene, domain, backgrounds, rng)
  return _image_voids(kind, scene, domain, backgrounds, rng)


def _image_precipitates(
  kind: str,
  scene: PrecipitateScene,
  domain: DomainSettings,
  backgrounds: Sequence[np.ndarray],
  rng: np.random.Generator,
) -> Images:
  if kind == 'annular_dark_field':
    return precipitates_in_annular_dark_field(scene, domain.background, rng)
  ground = None
  if backgrounds and rng.random() < domain.real_background_fraction:
    ground = draw_background(backgrounds, scene.side_px, rng)
  return precipitates_in_bright_field(scene, domain, ground, rng)


def _image_voids(
  kind: str,
  scene: Scene,
  domain: DomainSettings,
  backgrounds: Sequence[np.ndarray],
  rng: np.random.Generator,
) -> Images:
  real = kind == 'bright_field' and len(backgrounds) > 0
  if real and rng.random() < domain.real_background_fraction:
    clean = bright_field(scene, domain.optics, None, rng)
    ground = draw_background(backgrounds, scene.side_px, rng)
    return clean.over(ground)
  if kind == 'bright_field':
    return bright_field(scene, domain.optics, domain.background, rng)
  return annular_dark_field(scene, domain.background, rng)


def _record(
  scene: Scene,
  images: Images,
  domain: DomainSettings,
  side_px: int,
  rng: np.random.Generator,
) -> tuple[Patch, list[bool]]:
  """The scene through the camera, with the labels of what can be seen.

  Returns:
    The patch; of each object of the scene whether it is labelled.
  """
  inner = slice(_MARGIN_PX, _MARGIN_PX + side_px)
  signal, relative = record(images.objects[inner, inner], domain.camera, rng)
  mean = float(images.empty.mean())
  empty = np.maximum(images.empty, 1e-3 * mean)
  visible = visible_objects(
    scene.silhouettes,
    images.objects / empty - 1,
    noise_of_averages(
      empty,
      counting=relative * np.sqrt(mean / empty),
      diameter_px=scene.diameter_px,
    ),
    ratio=domain.objects.visible_ratio,
  )
  pairs = list(zip(scene.silhouettes, visible, strict=True))
  mask = fill_silhouettes([s for s, seen in pairs if seen], scene.side_px)
  faint = fill_silhouettes([s for s, seen in pairs if not seen], scene.side_px)
  patch = Patch(
    pixels=digitise(signal, domain.camera, rng),
    mask=mask[inner, inner],
    counts=(mask | ~faint)[inner, inner],
    pixel_size_nm=scene.pixel_size_nm,
    diameter_px=scene.diameter_px,
  )
  return patch, visible
