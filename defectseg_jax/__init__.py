"""Electron micrographs of steel into numbers, by DefectSegNet in JAX."""

__version__ = '0.2.0'
