"""Several defects of the same micrographs: one folder, one page."""
