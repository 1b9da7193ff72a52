"""The process: signals that ask it to stop, and its sister processes."""
