"""One file a --mode: composes the rooms, owns files, progress, exit codes."""
