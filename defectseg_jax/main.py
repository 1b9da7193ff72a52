"""Flags to one job.

python -m defectseg_jax.main --config=configs/voids.py --workdir=runs/voids
"""

import logging
import os
import sys
from collections.abc import Sequence

from absl import app, flags
from absl import logging as absl_logging
from ml_collections import config_flags

from defectseg_jax.errors import InputError
from defectseg_jax.jobs.interruption import Interruption

MODES = ('train', 'evaluate', 'simulate')

_CONFIG = config_flags.DEFINE_config_file(
  'config', None, 'The config file, as configs/voids.py[:key=value,...].'
)
_WORKDIR = flags.DEFINE_string(
  'workdir', None, 'Where the run leaves its files; default runs/<defect>.'
)
_MODE = flags.DEFINE_enum(
  'mode',
  'train',
  MODES,
  'train: trains, then evaluates. evaluate: scores. simulate: makes foils.',
)
_OUTPUT = flags.DEFINE_string(
  'output', None, 'The folder that --mode=simulate makes.'
)


def main(argv: Sequence[str]) -> None:
  """Runs the job that --mode names."""
  if len(argv) > 1:
    raise InputError(f'{argv[1]}: is no flag; write --flag=value')
  interruption = Interruption()
  # Heavy imports come late: --help and a mistyped flag answer at once.
  from rich.console import Console

  from defectseg_jax.jobs.workdir import Workdir

  console = Console(highlight=False)
  config = _given_config()
  if config is None and _MODE.value == 'evaluate' and _WORKDIR.value:
    config = Workdir(_WORKDIR.value).read_config()
  if config is None:
    raise InputError('--config: is missing; give --config=configs/voids.py')
  if _MODE.value == 'simulate':
    from defectseg_jax.jobs.simulate import simulate

    if not _OUTPUT.value:
      raise InputError('--output: is missing; say which folder to make')
    simulate(config, _OUTPUT.value, console, interruption)
    return
  if _OUTPUT.value:
    raise InputError(
      f'--output={_OUTPUT.value}: --mode={_MODE.value} has none; where it '
      'leaves its files is --workdir'
    )
  workdir = Workdir(_WORKDIR.value or os.path.join('runs', config.defect))
  if _MODE.value == 'train':
    from defectseg_jax.jobs.train import train

    train(config, workdir, console, interruption)
  else:
    from defectseg_jax.jobs.evaluate import evaluate

    evaluate(config, workdir, console)


def run() -> None:
  """The program: one line and exit code 1 where the input is at fault."""
  # What a cluster's log shows must not wait for a full buffer.
  sys.stdout.reconfigure(line_buffering=True)
  # Information of libraries hides what the program itself says.
  absl_logging.set_verbosity(absl_logging.ERROR)
  logging.getLogger('orbax').setLevel(logging.ERROR)
  try:
    app.run(main, flags_parser=_parsed_flags)
  except InputError as error:
    sys.exit(f'error: {error}')


def _parsed_flags(argv):
  try:
    return flags.FLAGS(argv)
  except flags.Error as error:
    # An error inside a config file comes with its traceback; the last line
    # says what it was.
    raise InputError(str(error).strip().splitlines()[-1]) from error
  except AttributeError as error:
    cause = error.args[0]
    said = cause.args[0] if isinstance(cause, KeyError) else str(error)
    raise InputError(
      f'--config: no such field: {" ".join(said.split())}; the fields stand in '
      'configs/common.py'
    ) from error


def _given_config():
  config = _CONFIG.value
  try:
    if config is not None:
      # A file that could not be loaded says so only when it is looked at.
      _ = config.defect
    return config
  except OSError as error:
    raise InputError(
      f'--config: {str(error).strip().splitlines()[-1].strip()}; give a file '
      'as configs/voids.py'
    ) from error


if __name__ == '__main__':
  run()
