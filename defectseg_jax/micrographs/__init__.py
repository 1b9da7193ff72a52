"""An image, and what is known of it."""
