"""Voids and precipitates: number density, diameters, volume fraction."""
