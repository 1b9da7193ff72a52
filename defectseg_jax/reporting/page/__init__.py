"""The page a person looks at: one HTML file that needs nothing else.

session_page   of the micrographs of a session, measured
training_page  of a run's test set, beside the paper
search_page    of the trials of a search
"""

from defectseg_jax.reporting.figures.search import Searched
from defectseg_jax.reporting.page.page_image import PageImage
from defectseg_jax.reporting.page.search import search_page
from defectseg_jax.reporting.page.session import session_page
from defectseg_jax.reporting.page.training import QuantityError, training_page

__all__ = [
  'PageImage',
  'QuantityError',
  'Searched',
  'search_page',
  'session_page',
  'training_page',
]
