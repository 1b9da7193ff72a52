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
from defectseg_jax.runtime.interruption import Interruption

_CONFIG = config_flags.DEFINE_config_file(
  'config', None, 'The config file, as configs/voids.py[:key=value,...].'
)
_MODE = flags.DEFINE_enum(
  'mode',
  'train',
  (
    'train',
    'search',
    'evaluate',
    'predict',
    'quantify',
    'export',
    'simulate',
  ),
  'train: trains, then evaluates. search: trains many, from the best on. '
  'evaluate: scores. predict: micrographs to masks and numbers. quantify: '
  'measures masks. export: the network as ONNX. simulate: makes foils.',
)
_WORKDIR = flags.DEFINE_string(
  'workdir', None, 'Where the run leaves its files; default runs/<defect>.'
)
_OUTPUT = flags.DEFINE_string(
  'output', None, 'The folder, or file, that is made.'
)
_INPUT = flags.DEFINE_multi_string(
  'input', [], 'Files, folders, patterns; more may follow.'
)
_MICROGRAPHS = flags.DEFINE_multi_string(
  'micrographs', [], 'Micrographs of the masks, of the same names.'
)
_PIXEL_SIZE_NM = flags.DEFINE_float(
  'pixel_size_nm', None, 'Side of a pixel in nanometres.'
)
_THICKNESS_NM = flags.DEFINE_float(
  'thickness_nm', None, 'Thickness of the foil in nanometres.'
)
_CALIBRATION = flags.DEFINE_string(
  'calibration', None, 'A CSV of file,pixel_size_nm,thickness_nm.'
)
_REFERENCE = flags.DEFINE_string(
  'reference',
  None,
  'A folder of true masks; or a panel: a folder of masks for each person, or '
  'a CSV of person,image,quantity,value; the truth is a person called truth.',
)
_DETECTION = flags.DEFINE_string(
  'detection', None, 'dev_detection.json of the run that drew the masks.'
)
_ORIENTATIONS = flags.DEFINE_integer(
  'orientations', 1, '8: the average over rotations and flips; 1: as it is.'
)
_DISTRIBUTED = flags.DEFINE_bool(
  'distributed', False, 'Whether this is one of several processes of a run.'
)
_OVERWRITE = flags.DEFINE_bool(
  'overwrite', False, "Whether --output's files may be replaced, whosever."
)
_STORAGE = flags.DEFINE_string(
  'storage', None, "URL of a database for the search's results."
)
_SIDE_PX = flags.DEFINE_integer(
  'side_px', 1024, 'Side of the images that an exported network takes.'
)

_SESSION = {
  *('output', 'input', 'pixel_size_nm', 'thickness_nm', 'calibration'),
  'reference',
}
_OF_MODE = {
  'train': {'workdir', 'distributed'},
  'search': {'workdir', 'storage'},
  'evaluate': {'workdir'},
  'predict': {*_SESSION, 'workdir', 'orientations', 'overwrite'},
  'quantify': {*_SESSION, 'micrographs', 'detection'},
  'export': {'workdir', 'output', 'side_px'},
  'simulate': {'output'},
}


def main(argv: Sequence[str]) -> None:
  """Runs the job that --mode names."""
  mode, more = _MODE.value, argv[1:]
  _require_flags_of(mode, more)
  interruption = Interruption()
  # Heavy imports come late: --help and a mistyped flag answer at once.
  from rich.console import Console

  config = _given_config()
  speaks = True
  if _DISTRIBUTED.value:
    from defectseg_jax.runtime import processes

    speaks = processes.connect(interruption)
  console = Console(highlight=False, quiet=not speaks)
  if 'output' in _OF_MODE[mode] and not _OUTPUT.value:
    raise InputError('--output: is missing; say which folder to make')
  if mode == 'search':
    _search(config, console, interruption)
    return
  if 'workdir' in _OF_MODE[mode]:
    _of_a_run(mode, config, more, console, interruption)
    return
  if config is None:
    raise _missing_config()
  if mode == 'simulate':
    from defectseg_jax.jobs.simulate import simulate

    simulate(config, _OUTPUT.value, console, interruption)
  else:
    from defectseg_jax.jobs.quantify import Request, quantify

    request = Request(
      masks=[*_INPUT.value, *more],
      micrographs=_MICROGRAPHS.value,
      detection=_DETECTION.value,
      **_session(),
    )
    quantify(config, request, console, interruption)


def _search(config, console, interruption):
  from defectseg_jax.jobs.search import search

  if config is None:
    raise _missing_config()
  search(
    config,
    _WORKDIR.value or os.path.join('runs', f'{config.defect}_search'),
    console,
    interruption,
    storage=_STORAGE.value,
  )


def _of_a_run(mode, config, more, console, interruption):
  from defectseg_jax.runs.workdir import Workdir

  if config is None and mode != 'train' and _WORKDIR.value:
    config = Workdir(_WORKDIR.value).read_config()
  if config is None and mode != 'train':
    raise InputError('--workdir: is missing; give the folder of a trained run')
  if config is None:
    raise _missing_config()
  workdir = Workdir(_WORKDIR.value or os.path.join('runs', config.defect))
  if mode == 'train':
    from defectseg_jax.jobs.train import train

    train(config, workdir, console, interruption)
  elif mode == 'evaluate':
    from defectseg_jax.jobs.evaluate import evaluate

    evaluate(config, workdir, console)
  elif mode == 'export':
    from defectseg_jax.jobs.export import export

    export(
      config,
      workdir,
      _OUTPUT.value,
      side_px=_SIDE_PX.value,
      console=console,
    )
  else:
    from defectseg_jax.jobs.predict import Request, predict

    request = Request(
      images=[*_INPUT.value, *more],
      orientations=_ORIENTATIONS.value,
      overwrite=_OVERWRITE.value,
      **_session(),
    )
    if not predict(config, workdir, request, console, interruption):
      sys.exit(1)


def _session():
  """What --mode=predict and --mode=quantify are both told."""
  return {
    'output': _OUTPUT.value,
    'pixel_size_nm': _PIXEL_SIZE_NM.value,
    'thickness_nm': _THICKNESS_NM.value,
    'calibration': _CALIBRATION.value,
    'reference': _REFERENCE.value,
  }


def _require_flags_of(mode, more):
  """Refuses what a mode would not read."""
  if more and 'input' not in _OF_MODE[mode]:
    raise InputError(f'{more[0]}: is no flag; write --flag=value')
  for name in sorted(set().union(*_OF_MODE.values()) - _OF_MODE[mode]):
    if flags.FLAGS[name].present:
      raise InputError(
        f'--{name}: --mode={mode} has none; it takes '
        f'{", ".join(f"--{known}" for known in sorted(_OF_MODE[mode]))}'
      )


def _missing_config():
  return InputError('--config: is missing; give --config=configs/voids.py')


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
