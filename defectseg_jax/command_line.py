"""The flags: what each one means; `modes` says which mode takes it.

`defectseg predict --input=...` and `--mode=predict --input=...` are the same.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from absl import flags
from ml_collections import config_flags

from defectseg_jax.config_files import defect_names, resolve_config
from defectseg_jax.errors import InputError, is_utf8
from defectseg_jax.modes import MODES, with_mode_flag

CONFIG = config_flags.DEFINE_config_file(
  'config',
  None,
  f'Settings: {", ".join(defect_names())}, or the path of a config file, '
  'which is a Python program and is run: read those of others first. '
  'Add :scale=quick for a run of minutes. Any setting is a flag, as '
  '--config.training.epochs=20.',
)
MODE = flags.DEFINE_enum(
  'mode', 'train', tuple(MODES), 'What to do; the same as the first word.'
)
WORKDIR = flags.DEFINE_string(
  'workdir', None, 'Folder of the run, or several. Default: runs/<defect>.'
)
NETWORK = flags.DEFINE_string(
  'network',
  None,
  'Name of a network that comes with the program, or the path of a '
  '.safetensors file; then there is no --workdir. quantify: the network that '
  'made the masks, in place of --detection. predict: several, with commas.',
)
OUTPUT = flags.DEFINE_string(
  'output',
  None,
  'Folder to write; default of predict: results/<defect>. export: the file, '
  'which ends in .safetensors or .onnx; with --network also in .zip, for '
  "programs of bioimage.io, or in .md, that network's card.",
)
INPUT = flags.DEFINE_multi_string(
  'input',
  [],
  'Micrographs (quantify: masks): files, folders or patterns. More may follow '
  'without a flag.',
)
MICROGRAPHS = flags.DEFINE_multi_string(
  'micrographs',
  [],
  'The micrographs that the masks belong to, with the same file names.',
)
PIXEL_SIZE_NM = flags.DEFINE_float(
  'pixel_size_nm',
  None,
  'Side of a pixel in nanometres. Default: what each file states.',
)
THICKNESS_NM = flags.DEFINE_float(
  'thickness_nm', None, 'Thickness of the foil in nanometres.'
)
SURFACE = flags.DEFINE_bool(
  'surface',
  False,
  'The images show surfaces, as those of an SEM, and no foils: numbers are per '
  'area, and need no thickness.',
)
COMPILATION_CACHE = flags.DEFINE_bool(
  'compilation_cache',
  True,
  'Whether what JAX compiles is kept for the next time, in the cache of the '
  'user; where JAX_COMPILATION_CACHE_DIR is set, JAX keeps it there.',
)
INCLUDE = flags.DEFINE_multi_string(
  'include',
  [],
  'Name of an image whose numbers count although the network does not apply to '
  'it, or they cannot be right; may be given several times.',
)
THICKNESS_UNCERTAINTY = flags.DEFINE_float(
  'thickness_uncertainty',
  None,
  'Relative standard uncertainty of the thickness that all images share, 0.1 '
  'for 10%: widens the intervals, also that of the mean.',
)
PIXEL_SIZE_UNCERTAINTY = flags.DEFINE_float(
  'pixel_size_uncertainty',
  None,
  'Relative standard uncertainty of the side of a pixel, likewise.',
)
CALIBRATION = flags.DEFINE_string(
  'calibration',
  None,
  'CSV table with the columns file, pixel_size_nm, thickness_nm: one line for '
  'each image. Columns thickness_uncertainty and pixel_size_uncertainty say '
  'how well those of one image are known.',
)
SAMPLES = flags.DEFINE_string(
  'samples',
  None,
  'CSV table with the columns file, sample, and what was done to the sample, '
  'with units in the names, as dose_dpa. --calibration may have them, too.',
)
SERIES = flags.DEFINE_bool(
  'series', False, 'The images are the frames of one experiment, in order.'
)
OBJECT_DIAMETER_NM = flags.DEFINE_float(
  'object_diameter_nm',
  None,
  'About how large the objects are, in nanometres. Default: several scales are '
  'tried, where the network knows more than one.',
)
REFERENCE = flags.DEFINE_string(
  'reference',
  None,
  'Folder of true masks, named as the images. quantify also compares people: '
  'a folder of masks for each person, or a CSV table with the columns person, '
  'image, quantity, value; the person called truth is taken for true.',
)
VALID = flags.DEFINE_string(
  'valid', None, 'Folder of masks, named as the micrographs, of the specimen.'
)
FIND_SPECIMEN = flags.DEFINE_bool(
  'find_specimen', True, 'Leave out frames and data bars of micrographs.'
)
REPLACE_OUTLIERS = flags.DEFINE_bool(
  'replace_outliers', True, 'Replace X-ray spikes, hot and dead pixels.'
)
MASK_CLASS = flags.DEFINE_string(
  'mask_class',
  None,
  'What is defect in masks of several classes: a value (2; 0 where defects are '
  'black), a colour (255,0,0), the name of a label (void), or all for every '
  'number above 0 an object.',
)
MASK_IGNORE = flags.DEFINE_string(
  'mask_ignore',
  None,
  'What is not labelled in masks, likewise: it counts in no loss, no score and '
  'no number.',
)
DETECTION = flags.DEFINE_string(
  'detection',
  None,
  'dev_detection.json of the run that made the masks: adds densities that are '
  "corrected for that network's false negatives and false positives.",
)
ORIENTATIONS = flags.DEFINE_integer(
  'orientations', 1, '8: test-time augmentation, 8 times slower. 1: none.'
)
SHARE = flags.DEFINE_bool(
  'share',
  False,
  'Share the micrographs with other processes that run the same command, here '
  'or on other machines that see the folder.',
)
ENGINE = flags.DEFINE_string(
  'engine', 'auto', 'auto, jax, or onnx: OpenVINO, on the CPU and without JAX.'
)
DISTRIBUTED = flags.DEFINE_bool(
  'distributed', False, 'One of several processes that train one network.'
)
OVERWRITE = flags.DEFINE_bool(
  'overwrite',
  False,
  'Replace files in --output that the program did not write, and masks that '
  'were corrected by hand.',
)
STORAGE = flags.DEFINE_string(
  'storage',
  None,
  "URL of a database for the search's results. Default: a file in --workdir.",
)
PORT = flags.DEFINE_integer(
  'port',
  0,
  'Port of this machine that the page of a review is at. 0: one that is free.',
)
OPEN_BROWSER = flags.DEFINE_bool(
  'open_browser', True, 'Open the page of a review in the browser.'
)


def parse_flags(argv: Sequence[str]) -> list[str]:
  """Reads the command line.

  Args:
    argv: of the program; its first word may be a mode.

  Returns:
    What stands there without a flag, after the program's name.

  Raises:
    InputError: a flag or a setting is not known, or its value is wrong.
  """
  for word in argv:
    if not is_utf8(word):
      raise InputError(
        f'{word!a}: is no text in UTF-8; give the file or folder another name'
      )
  words = with_mode_flag(list(argv))
  words = [_resolve_config_flag(words, place) for place in range(len(words))]
  try:
    return flags.FLAGS(words)
  except flags.Error as error:
    # An error inside a config file comes with its traceback; the last line
    # says what it was.
    raise InputError(str(error).strip().splitlines()[-1]) from error
  except AttributeError as error:
    cause = error.args[0]
    said = cause.args[0] if isinstance(cause, KeyError) else str(error)
    raise InputError(
      f'--config: no such setting: {" ".join(said.split())}; the settings '
      'stand in configs/common.py'
    ) from error


def mask_flags(otherwise: Mapping[str, str]) -> dict[str, Any]:
  """What values of masks stand for.

  Args:
    otherwise: what holds where a flag is not given; '' where that is empty.
  """
  flags_by_name = {'mask_class': MASK_CLASS, 'mask_ignore': MASK_IGNORE}
  return {
    name: otherwise.get(name, '') if flag.value is None else flag.value
    for name, flag in flags_by_name.items()
  }


def given_settings() -> list[str]:
  """Names of the settings that flags change, as data.rgb."""
  if CONFIG.value is None:
    return []
  return sorted(config_flags.get_override_values(flags.FLAGS['config']))


def require_flags_of_mode(mode: str, words: Sequence[str]) -> None:
  """Refuses what a mode would not read.

  Args:
    mode: a key of `MODES`.
    words: what stands on the command line without a flag.

  Raises:
    InputError: a flag of another mode is given, or a word that is no flag.
  """
  taken = MODES[mode].flags
  if words and 'input' not in taken:
    raise InputError(f'{words[0]}: is not a flag; write --flag=value')
  for name in sorted({flag for one in MODES.values() for flag in one.flags}):
    if flags.FLAGS[name].present and name not in taken:
      raise InputError(
        f'--{name}: --mode={mode} does not take it; it takes '
        f'{", ".join(f"--{known}" for known in sorted(taken))}'
      )


def require_network_for(names: Sequence[str]) -> None:
  """Refuses flags that say how a network looks, where none does.

  Args:
    names: of the flags.

  Raises:
    InputError: one of them is given.
  """
  for name in names:
    if flags.FLAGS[name].present:
      raise InputError(
        f'--{name}: is read where a network looks at micrographs; give '
        '--network (or --workdir) and --input, too, or leave it out'
      )


def _resolve_config_flag(words: Sequence[str], place: int) -> str:
  """The word at a place; of --config, with the path of the file."""
  word = words[place]
  if place and words[place - 1] in ('--config', '-config'):
    return resolve_config(word)
  for flag in ('--config=', '-config='):
    if word.startswith(flag) and word != flag:
      return flag + resolve_config(word.removeprefix(flag))
  return word
