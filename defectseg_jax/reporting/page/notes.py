"""What stands beside the name of an image: its scale, and what is not shown."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from defectseg_jax.reporting.page.page_image import PageImage
from defectseg_jax.reporting.page.pictures import LONGEST_PX

# Objects that are outlined and listed on a page, over all of its images; by
# eye, with 250 bytes each.
_PAGE_OBJECTS = 100_000


def objects_shown(image: PageImage, images: int) -> Sequence[Mapping[str, Any]]:
  """The objects that are outlined and listed: most often all.

  Args:
    image: of the page.
    images: of the page, which share what it can hold.

  Returns:
    Those to be checked, and the largest of the others, by their ids.
  """
  most = _PAGE_OBJECTS // images
  if len(image.objects) <= most:
    return image.objects
  first = {number for number, _ in image.check}

  def rank(row: Mapping[str, Any]) -> tuple[bool, float]:
    # Particles have an area, lines a length.
    size_px = row.get('length_px', row.get('area_px')) or 0
    return row['id'] not in first, -size_px

  kept = sorted(image.objects, key=rank)[: max(most, len(first))]
  return sorted(kept, key=lambda row: row['id'])


def note(image: PageImage, objects: int, picture_px: int) -> str:
  """Scale and thickness, and what a page of many images does not show.

  Args:
    image: of the page.
    objects: how many are shown.
    picture_px: the longest side of its first picture.
  """
  parts = *_specimen(image.summary), *_left_out(image, objects, picture_px)
  return ', '.join(parts)


def _left_out(image: PageImage, objects: int, picture_px: int) -> Iterator[str]:
  if image.layers and picture_px < min(max(image.frame), LONGEST_PX):
    yield f'picture of {picture_px} pixels'
  if objects < len(image.objects):
    yield f'the largest {objects} of {len(image.objects)} objects are shown'


def _specimen(summary: Mapping[str, Any]) -> Iterator[str]:
  if summary.get('width_px'):
    yield f'{summary["width_px"]} × {summary["height_px"]} pixels'
  if summary.get('pixel_size_nm'):
    yield f'{summary["pixel_size_nm"]:g} nm a pixel' + _uncertainty(
      summary, 'pixel_size_uncertainty'
    )
  if summary.get('thickness_nm'):
    yield f'foil of {summary["thickness_nm"]:g} nm' + _uncertainty(
      summary, 'thickness_uncertainty'
    )
  if summary.get('valid_fraction', 1) < 1:
    yield f'{100 * summary["valid_fraction"]:.3g}% of it specimen'
  if replaced := summary.get('replaced_pixels'):
    yield f'{replaced} pixel{"s" if replaced > 1 else ""} replaced'


def _uncertainty(summary: Mapping[str, Any], name: str) -> str:
  """One standard deviation, in percent; '' where it is not known."""
  share = summary.get(name)
  return f' ± {100 * share:.3g}%' if share else ''
