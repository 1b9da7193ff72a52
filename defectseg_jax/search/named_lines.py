"""The output of several trials at once: each line begins with whose it is."""

import io

from rich.console import Console


def named_console(console: Console, name: str) -> Console:
  """A console that writes whole lines to another one, and no bars.

  Args:
    console: where the lines go.
    name: what each begins with.

  Examples:
    >>> console = named_console(Console(force_terminal=False), 'Trial 7: ')
    >>> console.print('epoch 1/15')
    Trial 7: epoch 1/15
  """
  return Console(
    file=_NamedLines(console, name),
    force_terminal=False,
    width=console.width,
    quiet=console.quiet,
  )


class _NamedLines(io.StringIO):
  """Passes on what is written, as soon as a line of it is whole."""

  def __init__(self, console: Console, name: str) -> None:
    super().__init__()
    self._console = console
    self._name = name
    self._begun = ''

  def write(self, text: str) -> int:
    *lines, self._begun = (self._begun + text).split('\n')
    for line in lines:
      if line:
        self._console.out(f'{self._name}{line}', highlight=False)
    return len(text)
