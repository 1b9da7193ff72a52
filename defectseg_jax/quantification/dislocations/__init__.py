"""Dislocations: line length in a volume, by crossings and by length."""
