"""Whether a file is whole, before a reader believes it."""
