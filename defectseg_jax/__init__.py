"""Micrographs of steel into numbers: DefectSegNet in JAX, from file to report."""
