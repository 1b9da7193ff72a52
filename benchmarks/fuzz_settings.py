"""Wrong values of every setting, flag and cell of a table.

  python -m benchmarks.fuzz_settings --count=2000

Each value is given to the program once: in a flag, in a config file, in the
config.json of a run, or in a table. It must end in one line and exit code 1, or
have a meaning: then the program works until training, or the network, would
begin. A traceback, several lines, a signal and no end are faults, and are
printed. The program is forked from a process that has its libraries, so that
a value costs what it takes to refuse it.
"""

import argparse
import collections
import contextlib
import importlib
import json
import os
import pathlib
import random
import resource
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from benchmarks.fuzz_values import ALL_VALUES, as_text
from configs import voids
from defectseg_jax import main
from defectseg_jax.jobs import export, predict, search
from defectseg_jax.runs import fit, test_set
from defectseg_jax.sessions import measure_masks

# Exit code of a program that would now begin to work.
_BEGINS = 42
_MEMORY_BYTES = 4 << 30
_SIDE_PX = 256
_LOADED_LATE = (
  *('tensorflow_datasets', 'skimage.measure', 'skimage.morphology'),
  *('scipy.signal', 'rich.status', 'matplotlib.figure', 'imagecodecs'),
  *('defectseg_jax.jobs.simulate', 'defectseg_jax.jobs.train'),
  'defectseg_jax.jobs.quantify',
  *('defectseg_jax.datasets.pipeline', 'defectseg_jax.datasets.stream'),
)
_COLUMNS = (
  *('pixel_size_nm', 'thickness_nm'),
  *('pixel_size_uncertainty', 'thickness_uncertainty'),
)
# Flags that take a value, by a mode that takes them.
_FLAGS = {
  'predict': (
    *('pixel_size_nm', 'thickness_nm', 'object_diameter_nm', 'orientations'),
    *('thickness_uncertainty', 'pixel_size_uncertainty', 'surface', 'include'),
    *('find_specimen', 'replace_outliers', 'overwrite', 'calibration'),
    *('reference', 'valid', 'mask_class', 'mask_ignore', 'output', 'input'),
    *('network', 'workdir'),
  ),
  'quantify': (
    *('pixel_size_nm', 'thickness_nm', 'thickness_uncertainty', 'surface'),
    *('pixel_size_uncertainty', 'detection', 'network', 'reference', 'valid'),
    *('mask_class', 'mask_ignore', 'micrographs', 'calibration', 'include'),
  ),
  'export': ('output', 'network'),
  'train': ('workdir', 'mask_class', 'mask_ignore', 'distributed', 'config'),
  'search': ('storage', 'workdir'),
}


class Trial(NamedTuple):
  """A wrong value, and the program that is given it.

  Attributes:
    what: field, flag or cell.
    value: as it is given.
    words: of the command line.
    files: to be written first, by their path.
  """

  what: str
  value: Any
  words: list[str]
  files: Mapping[pathlib.Path, str]


def leaves(tree: Mapping[str, Any], prefix: str = '') -> Iterator[str]:
  """Dotted names of the fields of a config."""
  for name, value in tree.items():
    if isinstance(value, dict):
      yield from leaves(value, f'{prefix}{name}.')
    else:
      yield f'{prefix}{name}'


def command(
  mode: str, folder: pathlib.Path, config: str = 'voids'
) -> list[str]:
  """A command that works, to which the value is added."""
  small = ['--config.data.source=folder', f'--config.data.dir={folder}/foils']
  small += [f'--config.data.cache_dir={folder}/cache']
  small += ['--config.data.patch_px=64', '--config.training.batch_size=4']
  mode, *flags = {
    'train': ['train', *small, '--workdir=run'],
    'search': ['search', *small, '--workdir=study'],
    'evaluate': ['evaluate', f'--workdir={folder}/edited'],
    'simulate': [
      *('simulate', '--output=made', '--config.simulation.micrographs=1'),
      f'--config.foil.side_px={_SIDE_PX}',
    ],
    'quantify': [
      *('quantify', f'--input={folder}/foils/masks', '--output=numbers'),
    ],
    'predict': [
      *('predict', '--network=voids', f'--input={folder}/foils/images'),
    ],
    'export': ['export', '--network=voids', '--output=net.onnx'],
  }[mode]
  # A run's folder has its own.
  first = [] if mode == 'evaluate' else [f'--config={config}']
  return [mode, *first, *flags]


def modes_of(field: str) -> tuple[str, ...]:
  """Modes that read a field, and one that does not."""
  section = field.split('.')[0]
  if section in ('foil', 'domain', 'simulation'):
    return ('simulate', 'train')
  if section == 'quantification':
    return ('quantify', 'train')
  return ('search', 'train') if section == 'search' else ('train', 'quantify')


def trials(folder: pathlib.Path, rng: random.Random) -> Iterator[Trial]:
  """Trials without end: every field, flag and cell in turn."""
  fields = voids.get_config().to_dict()
  names = list(leaves(fields))
  while True:
    for name in names:
      yield _of_field(name, fields, folder, rng)
    for mode, flags in _FLAGS.items():
      for flag in flags:
        value = rng.choice(ALL_VALUES)
        words = [*command(mode, folder), f'--{flag}={as_text(value)}']
        yield Trial(f'{mode} --{flag}', value, words, {})
    for column in _COLUMNS * 4:
      yield _of_cell(column, folder, rng)


def _of_field(
  name: str,
  fields: Mapping[str, Any],
  folder: pathlib.Path,
  rng: random.Random,
) -> Trial:
  value, way = rng.choice(ALL_VALUES), rng.choice(('flag', 'file', 'json'))
  mode = rng.choice(modes_of(name))
  source = 'domain' if name.startswith('domain') and mode == 'simulate' else ''
  config = f'{folder}/voids.py' if way == 'file' else 'voids'
  words = command(mode, folder, config)
  files = {}
  if source:
    words += ['--config.data.source=domain', '--config.domain.micrographs=1']
  if way == 'flag':
    words.append(f'--config.{name}={as_text(value)}')
  elif way == 'file':
    # What the command itself sets would hide the value.
    words = [one for one in words if not one.startswith(f'--config.{name}=')]
    files[folder / 'voids.py'] = (
      'from configs import voids\n'
      'def get_config(argument=None):\n'
      '  config = voids.get_config(argument)\n'
      '  with config.ignore_type():\n'
      f'    config.{name} = {as_text(value, quoted=True)}\n'
      '  return config\n'
    )
  else:
    words = command('evaluate', folder)
    changed = json.loads(json.dumps(fields))
    *sections, last = name.split('.')
    section = changed
    for one in sections:
      section = section[one]
    section[last] = value if _is_json(value) else str(value)
    files[folder / 'edited' / 'config.json'] = json.dumps(changed)
  return Trial(f'{way} {words[0]} config.{name}', value, words, files)


def _is_json(value: Any) -> bool:
  try:
    json.dumps(value)
  except (TypeError, ValueError):
    return False
  return True


def _of_cell(column: str, folder: pathlib.Path, rng: random.Random) -> Trial:
  value = rng.choice(ALL_VALUES)
  mode = rng.choice(('quantify', 'predict'))
  separator = rng.choice((',', ';', '\t'))
  header = ['file', *dict.fromkeys(('pixel_size_nm', column))]
  row = [f'{rng.choice("abc")}.png', '0.3', as_text(value)][: len(header)]
  row[-1] = as_text(value).replace('\0', '')
  text = f'{separator.join(header)}\n{separator.join(row)}\n'
  table = folder / 'scales.csv'
  words = [*command(mode, folder), f'--calibration={table}']
  return Trial(f'{mode} cell {column}', value, words, {table: text})


def outcome(trial: Trial, folder: pathlib.Path, limit_s: int) -> str:
  """What became of a trial: what is right in one word, else what was said."""
  for path, text in trial.files.items():
    path.write_text(text, errors='surrogateescape')
  with tempfile.TemporaryDirectory(dir=folder) as cwd:
    said = pathlib.Path(cwd, 'said')
    child = os.fork()
    if not child:
      _run(trial.words, cwd, said, limit_s)
    _, status = os.waitpid(child, 0)
    text = said.read_text(errors='replace')
  code = os.waitstatus_to_exitcode(status)
  lines = [line for line in text.splitlines() if line.strip()]
  if code == _BEGINS:
    return 'taken'
  if code == 0:
    return 'done'
  if code == -signal.SIGALRM:
    return f'no end within {limit_s} s'
  if code == 1 and len(lines) == 1 and lines[0].startswith('error: '):
    return 'refused'
  return f'exit code {code}: {" | ".join(lines[-3:])[:400] or "silence"}'


def _run(words: list[str], cwd: str, said: pathlib.Path, limit_s: int) -> None:
  """The forked program; it does not return."""
  code = 1
  try:
    os.chdir(cwd)
    opened = os.open(said, os.O_WRONLY | os.O_CREAT)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.dup2(opened, 2)
    with open('/proc/self/statm') as file:
      used = int(file.read().split()[0]) * resource.getpagesize()
    most = used + _MEMORY_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    signal.alarm(limit_s)
    sys.argv = ['defectseg', *words]
    sys.stdout, sys.stderr = (os.fdopen(number, 'w') for number in (1, 2))
    main.run()
    code = 0
  except SystemExit as ended:
    code = 0 if ended.code is None else ended.code
    if isinstance(code, str):
      sys.stderr.write(f'{code}\n')
      code = 1
  except BaseException:
    import traceback

    traceback.print_exc()
    code = 3
  finally:
    with contextlib.suppress(Exception):
      sys.stderr.flush()
    os._exit(code)


def _begins(*_: Any, **__: Any) -> None:
  sys.stderr.flush()
  os._exit(_BEGINS)


def stop_before_work() -> None:
  """Ends the program where training, or the network, would begin."""
  # Or each forked program that comes so far would load them anew.
  for name in _LOADED_LATE:
    importlib.import_module(name)
  stops: tuple[tuple[Any, str], ...] = (
    *((fit, '_train'), (search, 'Study'), (predict, '_read_run')),
    *((test_set.checkpoints, 'read_progress'), (export, '_read_network')),
  )
  for module, name in stops:
    assert callable(getattr(module, name)), name
    setattr(module, name, _begins)
  # Masks are measured; to draw them takes longer, and reads no setting.
  for name in ('write_image_pictures', 'write_session_histogram'):
    assert callable(getattr(measure_masks, name)), name
    setattr(measure_masks, name, lambda *_, **__: None)


def write_inputs(folder: pathlib.Path) -> None:
  """Three labelled micrographs, one for each split, and a run's folder."""
  rng = np.random.default_rng(0)
  for kind in ('images', 'masks'):
    (folder / 'foils' / kind).mkdir(parents=True)
  (folder / 'edited').mkdir()
  for name in 'abc':
    mask = np.zeros((_SIDE_PX, _SIDE_PX), np.uint8)
    for row, column in rng.integers(0, _SIDE_PX - 16, (12, 2)):
      mask[row : row + 12, column : column + 12] = 255
    pixels = (90 + mask // 4 + rng.normal(0, 9, mask.shape)).astype(np.uint8)
    Image.fromarray(mask).save(folder / 'foils' / 'masks' / f'{name}.png')
    Image.fromarray(pixels).save(folder / 'foils' / 'images' / f'{name}.png')
  (folder / 'foils' / 'splits.csv').write_text(
    'file,split\na.png,train\nb.png,dev\nc.png,test\n'
  )


def _require_working_commands(folder: pathlib.Path, limit_s: int) -> None:
  """Or a command would be refused whatever the value is."""
  config = json.dumps(voids.get_config().to_dict())
  files = {folder / 'edited' / 'config.json': config}
  for mode in (*_FLAGS, 'simulate', 'evaluate'):
    found = outcome(
      Trial(mode, '', command(mode, folder), files), folder, limit_s
    )
    assert found in ('taken', 'done'), f'{mode}: {found}'


def measure(
  count: int, seed: int, limit_s: int, *, show: bool = False
) -> dict[str, Any]:
  """Counts of what became of all trials, and the faults."""
  stop_before_work()
  counts: collections.Counter[str] = collections.Counter()
  faults, began = [], time.monotonic()
  rng = random.Random(seed)
  with tempfile.TemporaryDirectory() as path:
    folder = pathlib.Path(path)
    write_inputs(folder)
    _require_working_commands(folder, limit_s)
    source = trials(folder, rng)
    for number in range(count):
      trial = next(source)
      found = outcome(trial, folder, limit_s)
      if show:
        print(f'{found}: {trial.what}={trial.value!a}'[:200])
      right = found in ('taken', 'done', 'refused')
      counts[found if right else 'fault'] += 1
      if not right:
        faults.append((trial.what, trial.value, found))
        print(f'{number} {trial.what}={trial.value!a}: {found}', flush=True)
  seconds = time.monotonic() - began
  return {'counts': dict(counts), 'seconds': seconds, 'faults': faults}


def _main() -> None:
  parser = argparse.ArgumentParser(description=__doc__)
  parser.add_argument('--count', type=int, default=2000)
  parser.add_argument('--seed', type=int, default=0)
  parser.add_argument('--limit_s', type=int, default=60)
  parser.add_argument('--show', action='store_true')
  flags = parser.parse_args()
  found = measure(flags.count, flags.seed, flags.limit_s, show=flags.show)
  print(
    f'{flags.count} values, seed {flags.seed}: {found["counts"]} in '
    f'{found["seconds"]:.0f} s'
  )
  sys.exit(bool(found['faults']))


if __name__ == '__main__':
  _main()
