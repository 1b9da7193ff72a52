"""A whole micrograph through a network: tiles, test-time augmentation."""
