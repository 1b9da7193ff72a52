"""Frames of one experiment in time: their drift, and their objects linked."""
