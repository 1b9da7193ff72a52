"""The page of a session, of a network's masks and of anybody's."""

from collections.abc import Mapping, Sequence

from defectseg_jax.reporting.page import (
  ImageView,
  PageImage,
  detection_view,
  image_view,
  session_page,
)
from defectseg_jax.sessions.numbers import SessionNumbers
from defectseg_jax.sessions.sample_files import view_of_samples
from defectseg_jax.sessions.series_files import view_of_series


def session_html(
  numbers: SessionNumbers,
  views: Sequence[ImageView],
  how_made: Mapping[str, str],
) -> str:
  """The page.

  Args:
    numbers: of all images.
    views: of those that were measured.
    how_made: label and text.
  """
  defect = numbers.settings.defect
  failed = [
    image_view(PageImage(name=name, failure=reason))
    for name, reason in numbers.failures.items()
  ]
  return session_page(
    f'{defect.capitalize()}, {len(views)} micrographs',
    defect=defect,
    images=[*views, *failed],
    headlines=numbers.headlines,
    over_images=numbers.over_images,
    conventions=numbers.conventions,
    how_made=how_made,
    cautions=numbers.cautions,
    remarks=numbers.remarks,
    detection=detection_view(numbers.settings.by_size, defect=defect),
    samples=view_of_samples(numbers),
    series=numbers.series and view_of_series(numbers.series),
  )
