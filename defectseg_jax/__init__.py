"""Micrographs of steel into numbers, by DefectSegNet in JAX."""
