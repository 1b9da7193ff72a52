"""Pictures of a run's test set, of a search, and of measurements."""

from defectseg_jax.reporting.figures.run import (
  COMPARISON_COLOURS,
  comparison_map,
  iu_curves,
  test_image,
)

__all__ = ['COMPARISON_COLOURS', 'comparison_map', 'iu_curves', 'test_image']
