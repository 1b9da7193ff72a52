"""The answer to --help: of the program, or of one mode."""

import textwrap
from collections.abc import Sequence

from absl import flags

# It says which flags there are.
import defectseg_jax.command_line  # noqa: F401
from defectseg_jax.modes import MODES, with_mode_flag


def help_text(argv: Sequence[str]) -> str | None:
  """The answer to --help, of the program or of one mode.

  Args:
    argv: of the program.

  Returns:
    The text; None if the command line does not ask for it.

  Examples:
    >>> print(help_text(['defectseg', 'simulate', '--help']))
    defectseg simulate
    <BLANKLINE>
      Simulates micrographs of foils whose content is known, with their masks.
    ...
  """
  if not {'--help', '-h', '-help', '-?'} & set(argv[1:]):
    return None
  words = with_mode_flag(list(argv))
  for mode in MODES:
    if f'--mode={mode}' in words:
      return _help_of_mode(mode)
  modes = '\n'.join(
    textwrap.fill(
      one.summary,
      width=79,
      initial_indent=f'  {name:<12}',
      subsequent_indent=' ' * 14,
    )
    for name, one in MODES.items()
  )
  return (
    'defectseg: electron micrographs of steel into numbers.\n\n'
    f'  defectseg MODE --flag=value ...\n\n{modes}\n\n'
    'defectseg MODE --help lists the flags of a mode, with an example.\n'
    'defectseg --version prints the version.\n'
    'In a clone, launch/local.sh does the same: launch/local.sh MODE ...'
  )


def _help_of_mode(mode: str) -> str:
  one = MODES[mode]
  described = '\n'.join(
    f'  --{name}\n'
    + textwrap.fill(
      _help_of_flag(name),
      width=79,
      initial_indent=' ' * 6,
      subsequent_indent=' ' * 6,
    )
    for name in one.flags
  )
  example = ' \\\n    '.join(
    textwrap.wrap(one.example, width=74, break_on_hyphens=False)
  )
  summary = textwrap.fill(
    one.summary, width=79, initial_indent='  ', subsequent_indent='  '
  )
  return (
    f'defectseg {mode}\n\n{summary}\n\nExample:\n\n  {example}\n\n'
    f'Flags:\n\n{described}'
  )


def _help_of_flag(name: str) -> str:
  """Without what absl adds to the help of a flag that may be repeated."""
  text = ' '.join(flags.FLAGS[name].help.split())
  return text.removesuffix('; repeat this option to specify a list of values')
