"""A training run on disk: its settings, network, scores and page."""
