"""Figures as the pixels that a person sees."""

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg


def drawn(figure) -> np.ndarray:
  """uint8 [H, W, 3]."""
  canvas = FigureCanvasAgg(figure)
  canvas.draw()
  return np.asarray(canvas.buffer_rgba())[..., :3]
