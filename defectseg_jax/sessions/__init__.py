"""Many micrographs in, one folder of masks, numbers and a page out."""
