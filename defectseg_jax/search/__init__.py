"""Random trials, then rounds that begin from the best of them."""
