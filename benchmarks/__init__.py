"""One command a figure: each module's docstring is its command line."""
