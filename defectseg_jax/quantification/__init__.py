"""Masks and scales to materials numbers. NumPy in, numbers out."""
