"""Micrographs as many microscopes make them: every number is drawn."""
