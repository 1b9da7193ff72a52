"""A whole micrograph through the network, in tiles."""
