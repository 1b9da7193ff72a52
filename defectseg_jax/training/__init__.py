"""Batches to a trained network, wherever the batches come from."""
