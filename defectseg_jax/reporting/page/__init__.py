"""The page a person looks at: one HTML file that needs nothing else.

session_page   of the micrographs of a session, measured
training_page  of a run's test set, beside the paper
"""

from defectseg_jax.reporting.page.page_image import PageImage
from defectseg_jax.reporting.page.session import session_page
from defectseg_jax.reporting.page.training import QuantityError, training_page

__all__ = ['PageImage', 'QuantityError', 'session_page', 'training_page']
