"""Probabilities and masks to scores. NumPy in, numbers out."""
