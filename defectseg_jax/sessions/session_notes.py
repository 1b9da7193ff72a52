"""What a reader must know of a session of a network, besides its numbers."""

from collections.abc import Iterator, Mapping, Sequence

from defectseg_jax.micrographs.image_names import row_of
from defectseg_jax.runs.run import Run
from defectseg_jax.sessions.screening import Screening
from defectseg_jax.sessions.session_image import SessionImage


def notes_of(run: Run, images: Sequence[SessionImage]) -> Iterator[str]:
  """What nobody can tell of the weights, and of images without a scale."""
  if word := run.caution:
    yield word
  sizes_nm = run.seen.pixel_size_nm
  unknown = [one.name for one in images if one.scale.pixel_size_nm is None]
  if sizes_nm is not None and unknown:
    knows = ' to '.join(f'{size:g}' for size in dict.fromkeys(sizes_nm))
    yield (
      f'The network knows pixels of {knows} nm, and saw images without a scale '
      f'as they are: {", ".join(unknown)}. Where their pixels have another '
      'size, it may miss objects: give --pixel_size_nm.'
    )


def not_used(
  images: Sequence[SessionImage],
  failures: Mapping[str, str],
  include: Sequence[str],
  screening: Screening,
) -> Iterator[str]:
  """What was given for images that there are not: a slip of the pen?"""
  names = [*(image.name for image in images), *failures]
  used = {row_of(include, image.source, image.name) for image in images}
  for flag, given in (
    ('--include', [one for one in include if one not in {*names, *used}]),
    ('--valid', screening.unused(names)),
  ):
    if given:
      yield f'{flag}: no image has the name {", ".join(given)}.'
