"""The page a person looks at: one HTML file that needs nothing else.

session_page   of the micrographs of a session, measured
training_page  of a run's test set, beside the paper
search_page    of the trials of a search

A page is rendered from what was collected: `image_view` makes of an image's
arrays what the page shows of it, so that the arrays need not be kept.

Examples:
  >>> import numpy as np
  >>> image = PageImage(
  ...   'foil.dm4',
  ...   summary={'swelling': 0.003},
  ...   layers={'micrograph': np.zeros((64, 64), np.uint8)},
  ... )
  >>> html = session_page(
  ...   'Voids of one foil',
  ...   defect='voids',
  ...   images=[image_view(image)],
  ...   headlines=['swelling'],
  ...   over_images={},
  ...   conventions={'swelling': 'V / (V_foil - V)'},
  ...   how_made={'network': 'none: drawn by hand'},
  ... )
  >>> html.splitlines()[0]
  '<!DOCTYPE html>'
"""

from defectseg_jax.reporting.figures.search import Searched
from defectseg_jax.reporting.page.detection import DetectionView, detection_view
from defectseg_jax.reporting.page.page_image import PageImage
from defectseg_jax.reporting.page.search import search_page
from defectseg_jax.reporting.page.session import session_page
from defectseg_jax.reporting.page.training import QuantityError, training_page
from defectseg_jax.reporting.page.views import ImageView, image_view

__all__ = [
  'DetectionView',
  'ImageView',
  'PageImage',
  'QuantityError',
  'Searched',
  'detection_view',
  'image_view',
  'search_page',
  'session_page',
  'training_page',
]
