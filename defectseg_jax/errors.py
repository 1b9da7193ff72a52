"""The one exception that means: the input is at fault, not the program."""


class InputError(ValueError):
  """Bad input. The message is one line: file, offending value, remedy."""
