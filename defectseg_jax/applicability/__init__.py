"""Whether a network can be believed on an image, and how far off it may be."""
