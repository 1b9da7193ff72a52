"""The modes: what each does, and which flags it takes."""

import dataclasses

from defectseg_jax.errors import InputError


@dataclasses.dataclass(frozen=True)
class Mode:
  """What the program does when it is started.

  Attributes:
    summary: one sentence, beginning with a verb.
    flags: that it takes, those that are needed most first.
    example: a command that works.
    needs_config: whether --config must be given; else the run's own is used.
  """

  summary: str
  flags: tuple[str, ...]
  example: str
  needs_config: bool = True


MODES = {
  'train': Mode(
    'Trains a network, chooses its threshold on the development set, and '
    'scores the test set.',
    (
      *('config', 'workdir', 'mask_class', 'mask_ignore', 'distributed'),
      'compilation_cache',
    ),
    'defectseg train --config=voids:scale=quick --workdir=runs/voids',
  ),
  'search': Mode(
    'Trains many networks: first with random settings, then from the weights '
    'of the best.',
    (
      *('config', 'workdir', 'mask_class', 'mask_ignore', 'storage'),
      'compilation_cache',
    ),
    'defectseg search --config=voids:scale=quick --workdir=studies/voids',
  ),
  'evaluate': Mode(
    'Scores the test set of a trained run again, and draws it.',
    ('workdir', 'compilation_cache', 'config'),
    'defectseg evaluate --workdir=runs/voids',
    needs_config=False,
  ),
  'predict': Mode(
    'Finds defects in micrographs with a trained network: masks, numbers with '
    'intervals, and a page.',
    (
      *('input', 'output', 'network', 'workdir', 'thickness_nm'),
      *('pixel_size_nm', 'calibration', 'samples', 'surface'),
      'object_diameter_nm',
      *('thickness_uncertainty', 'pixel_size_uncertainty'),
      *('valid', 'find_specimen', 'replace_outliers', 'series'),
      *('reference', 'mask_class', 'mask_ignore', 'orientations', 'engine'),
      *('include', 'share', 'overwrite', 'compilation_cache', 'config'),
    ),
    'defectseg predict --workdir=runs/voids --thickness_nm=177 '
    '--output=results --input session/*.dm4',
    needs_config=False,
  ),
  'review': Mode(
    'Opens a session in the browser: look, correct, label, and let the network '
    'learn from it.',
    (
      *('output', 'input', 'network', 'workdir', 'thickness_nm'),
      *('pixel_size_nm', 'port', 'open_browser', 'calibration', 'samples'),
      *('surface', 'object_diameter_nm', 'thickness_uncertainty'),
      *('pixel_size_uncertainty', 'valid', 'find_specimen'),
      *('replace_outliers', 'orientations', 'engine', 'include'),
      *('compilation_cache', 'config'),
    ),
    'defectseg review --input=session --network=voids --thickness_nm=177 '
    '--output=results',
    needs_config=False,
  ),
  'quantify': Mode(
    'Measures masks of any origin: densities, diameters, swelling, each with '
    'an interval.',
    (
      *('config', 'input', 'output', 'micrographs', 'thickness_nm'),
      *('pixel_size_nm', 'calibration', 'surface', 'thickness_uncertainty'),
      *('samples', 'series'),
      *('pixel_size_uncertainty', 'detection', 'network', 'reference'),
      *('mask_class', 'mask_ignore'),
      *('valid', 'find_specimen', 'replace_outliers', 'include'),
      'overwrite',
    ),
    'defectseg quantify --config=voids --input=masks --pixel_size_nm=0.32 '
    '--thickness_nm=177 --output=numbers',
  ),
  'references': Mode(
    'Tries a network on simulated micrographs from easy to hopeless, so that '
    'it can tell whether it applies to an image.',
    ('workdir', 'network', 'compilation_cache', 'config'),
    'defectseg references --workdir=runs/voids',
    needs_config=False,
  ),
  'export': Mode(
    'Writes the network of a trained run: as .safetensors with its card, to be '
    'passed on, or as .onnx, for programs without JAX.',
    ('workdir', 'network', 'output', 'compilation_cache', 'config'),
    'defectseg export --workdir=runs/voids --output=voids.safetensors',
    needs_config=False,
  ),
  'simulate': Mode(
    'Simulates micrographs of foils whose content is known, with their masks.',
    ('config', 'output'),
    'defectseg simulate --config=voids --output=foils',
  ),
}


def with_mode_flag(words: list[str]) -> list[str]:
  """Turns a mode that is the first word into its flag.

  Args:
    words: of the command line, the program's name first.

  Raises:
    InputError: the first word is not a mode, or there are two modes.

  Examples:
    >>> with_mode_flag(['defectseg', 'predict', '--workdir=runs/voids'])
    ['defectseg', '--mode=predict', '--workdir=runs/voids']
  """
  if len(words) < 2 or words[1].startswith('-'):
    return words
  if words[1] not in MODES:
    if any(word.startswith(('--mode', '-mode')) for word in words):
      return words
    raise InputError(
      f'{words[1]}: is not a mode; choose one of {", ".join(MODES)}'
    )
  for word in words[2:]:
    if word.startswith(('--mode', '-mode')):
      raise InputError(f'{words[1]} and {word}: give the mode once')
  return [words[0], f'--mode={words[1]}', *words[2:]]
