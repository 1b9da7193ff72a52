"""Images of one sample to one number, and samples beside each other."""
