"""A reader for each family of image files."""
