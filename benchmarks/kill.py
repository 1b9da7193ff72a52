"""What is left where the program is killed, and where a disk fails it.

  python -m benchmarks.kill --kills=200

from the root of the repository. Each trial starts a command on tiny images,
kills it (SIGKILL) at a random moment, in half of the trials once or twice
again, and lets the same command go on to its end, each time as process 1 of a
namespace of its own. What is left is then compared, file by file, with what
the same command left that nobody killed.

--power_cuts: likewise, and after each kill the folder is made what a disk may
hold after a power cut (power_cut.py).

--full_disks, --read_only: on a disk of 64 kB to 9 MB, or one that cannot be
written to; then there is room, and the same command goes on. Needs root, for
mount.

--races: two different commands begin at once with one folder.

Each flag takes the number of trials, in turns over --modes. --turns=4,6,8
kills each 4, 6 or 8 times instead: what is left of a kill is killed again.

MAY_DIFFER says which files are not compared, and why.
"""

import argparse
import collections
import fnmatch
import pathlib
import random
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image

from benchmarks import forked, power_cut, report

MAY_DIFFER = {
  'out/review/*.jsonl': 'the dates; what they hold shows in masks',
  'out/review/reported.json': 'the sizes of those',
  'out/session.json': 'the date, and the order in which files were made',
  'out/numbers.json': 'likewise, and checksums of what has a date',
  '*/report.html': 'the date',
  '*/search.html': 'the date',
  '*/summary.json': 'the date',
  '*/config.json': 'the date',
  '*/events/*': 'TensorBoard has a file for each start',
  '*/checkpoints/*': 'dates; the weights show in history and test_metrics',
  'out/journal.log': "Optuna's dates, and a line for each start",
  'out/search.json': 'the path of the cache, which each trial has of its own',
  'out/.lock': 'who of the workers of a search had it last',
}
_MODES = ('simulate', 'quantify', 'predict', 'train', 'search', 'export')
_DISKS_KB = (64, 128, 256, 512, 1024, 2048, 4096, 9216)
# By eye: a loaded machine may take long, and only what never ends is meant.
_HANGS_S = 1800.0
_TINY = {
  'data.source': 'folder',
  'data.patch_px': 64,
  'data.patches': 'random',
  'training.batch_size': 4,
  'training.epochs': 2,
  'training.learning_rate': 0.01,
  'model.name': 'tiny',
  'evaluation.tile_px': 128,
}
_SEARCH = {
  'search.trials': 2,
  'search.top': 1,
  'search.warm_trials': 1,
  'search.max_rounds': 2,
  'search.space.training.learning_rate': ('log', 1e-4, 1e-2),
  'search.space.model.dropout_rate': (),
}


class Found(NamedTuple):
  """What became of a trial.

  Attributes:
    ended: what the command said if it did not end well, else ''.
    differing: files with other bytes than those of the unbroken command.
    missing: files that it left and this one did not.
    leftovers: files that this one left and it did not.
  """

  ended: str = ''
  differing: Sequence[str] = ()
  missing: Sequence[str] = ()
  leftovers: Sequence[str] = ()


class Commands:
  """The commands, and what each left that nobody killed."""

  def __init__(self, root: pathlib.Path, turns: Sequence[int]) -> None:
    """Makes images, a trained run, and what unbroken commands leave.

    Args:
      root: an empty folder.
      turns: how often a trial kills; one of these, by chance.
    """
    self.root, self.turns = root, turns
    self.seconds: dict[str, float] = {}
    _write_images(root / 'foils')
    for seed in (0, 1):
      self._finish('train', root / f'run{seed}', seed=seed)

  def words(
    self, mode: str, folder: pathlib.Path, *, seed: int = 0
  ) -> list[str]:
    """The flags of a command that works in a folder.

    Args:
      mode: of the command.
      folder: its output is out/ in it, its cache is cache/.
      seed: another one is another command.
    """
    out, foils = folder / 'out', self.root / 'foils'
    scale = ['--pixel_size_nm=0.5', f'--thickness_nm={100 + seed}']
    if mode == 'predict':
      run = self.root / f'run{seed}' / 'out'
      given = [f'--workdir={run}', f'--input={foils / "images"}', *scale]
      return ['--mode=predict', *given, f'--output={out}']
    if mode == 'export':
      # The two networks differ, by the seed.
      run = self.root / f'run{seed}' / 'out'
      name = out / 'net.safetensors'
      return ['--mode=export', f'--workdir={run}', f'--output={name}']
    words = [f'--mode={mode}', '--config=configs/voids.py']
    if mode == 'quantify':
      given = [f'--input={foils / "masks"}', *scale]
      return [*words, *given, f'--output={out}']
    if mode == 'simulate':
      fields = {'foil.side_px': 96, 'simulation.micrographs': 3}
      fields['simulation.seed'] = seed
    else:
      cache = {'data.dir': foils, 'data.cache_dir': folder / 'cache'}
      fields = {**_TINY, **cache, 'seed': seed}
      fields |= _SEARCH if mode == 'search' else {}
    flags = [f'--config.{name}={value}' for name, value in fields.items()]
    where = '--output' if mode == 'simulate' else '--workdir'
    return [*words, *flags, f'{where}={out}']

  def whole(self, mode: str, seed: int = 0) -> pathlib.Path:
    """The folder in which a command was not killed."""
    folder = self.root / f'whole-{mode}-{seed}'
    if not folder.exists():
      self._finish(mode, folder, seed=seed)
    return folder

  def _finish(self, mode: str, folder: pathlib.Path, *, seed: int) -> None:
    folder.mkdir(parents=True)
    log = folder.with_suffix('.log')
    began = time.monotonic()
    program = forked.Forked(self.words(mode, folder, seed=seed), log)
    if not program.wait(_HANGS_S) or program.code:
      raise SystemExit(f'{mode} failed ({program.code}): {log.read_text()}')
    took = time.monotonic() - began
    # Of a loaded machine the quicker one: it is killed before it ends.
    self.seconds[mode] = min(took, self.seconds.get(mode, took))


def main() -> None:
  """Runs what was asked for, and prints a row for each mode."""
  parser = report.create_parser(__doc__)
  parser.add_argument('--kills', type=int, default=0)
  parser.add_argument('--power_cuts', type=int, default=0)
  parser.add_argument('--full_disks', type=int, default=0)
  parser.add_argument('--read_only', type=int, default=0)
  parser.add_argument('--races', type=int, default=0)
  parser.add_argument('--modes', default=','.join(_MODES))
  parser.add_argument('--turns', default='1,1,2,3')
  parser.add_argument('--seed', type=int, default=0)
  parser.add_argument('--keep', help='a folder to keep what failed in')
  given = parser.parse_args()
  print(report.line(report.machine() | {'seed': given.seed}))
  forked.import_libraries()
  register_tiny_network()
  modes = given.modes.split(',')
  # Not a TemporaryDirectory: each fork would remove it at its end.
  root = pathlib.Path(tempfile.mkdtemp())
  try:
    turns = [int(one) for one in given.turns.split(',')]
    commands = Commands(root, turns)
    for name, tried, trial in (
      ('kills', modes, kill_trial),
      ('power_cuts', modes, power_trial),
      ('full_disks', modes, full_disk_trial),
      ('read_only', modes, read_only_trial),
      ('races', [mode for mode in modes if mode != 'search'], race_trial),
    ):
      count = getattr(given, name)
      if count and tried:
        print(f'\n{name}')
        print(_all_trials(commands, tried, trial, count, given), flush=True)
  finally:
    shutil.rmtree(root)


Trial = Callable[
  [Commands, str, pathlib.Path, random.Random], tuple[int, Found]
]


def _all_trials(
  commands: Commands,
  modes: Sequence[str],
  trial: Trial,
  count: int,
  given: argparse.Namespace,
) -> str:
  """A table: so many trials, in turns over the modes."""
  rows = {mode: collections.Counter() for mode in modes}
  for number in range(count):
    mode = modes[number % len(modes)]
    folder = commands.root / f'trial-{mode}-{number}'
    folder.mkdir()
    chance = random.Random(f'{given.seed} {trial.__name__} {number}')
    kills, found = trial(commands, mode, folder, chance)
    rows[mode]['trials'] += 1
    rows[mode]['kills'] += kills
    for name, value in found._asdict().items():
      rows[mode][name] += len(
        [value] if isinstance(value, str) and value else value
      )
    if any(found):
      print(f'{mode} {number}: {found}', flush=True)
      if given.keep:
        shutil.copytree(folder, pathlib.Path(given.keep, folder.name))
    shutil.rmtree(folder)
  header = ['mode', 'trials', 'kills', *Found._fields]
  return report.table(
    header,
    [
      [mode, *(str(row[name]) for name in header[1:])]
      for mode, row in rows.items()
    ],
  )


def kill_trial(
  commands: Commands, mode: str, folder: pathlib.Path, chance: random.Random
) -> tuple[int, Found]:
  """Kills a command, mostly more than once, then lets it go on."""
  return _killed(commands, mode, folder, chance, cuts=False)


def power_trial(
  commands: Commands, mode: str, folder: pathlib.Path, chance: random.Random
) -> tuple[int, Found]:
  """Likewise, and the disk is left as by a power cut."""
  return _killed(commands, mode, folder, chance, cuts=True)


def _killed(
  commands: Commands,
  mode: str,
  folder: pathlib.Path,
  chance: random.Random,
  *,
  cuts: bool,
) -> tuple[int, Found]:
  whole, kills = commands.whole(mode), 0
  for turn in range(chance.choice(commands.turns)):
    before = power_cut.files_of(folder)
    notes = folder.with_name(f'{folder.name}-notes-{turn}')
    notes.mkdir()
    program = _start(commands, mode, folder, notes if cuts else None)
    program.wait(chance.uniform(0, commands.seconds[mode]))
    kills += program.kill()
    if cuts:
      leaves = chance.choice(power_cut.LEAVES)
      power_cut.cut(folder / 'out', notes, leaves, before=before)
    shutil.rmtree(notes)
  return kills, _finished(commands, mode, folder, whole)


def full_disk_trial(
  commands: Commands, mode: str, folder: pathlib.Path, chance: random.Random
) -> tuple[int, Found]:
  """No room on a disk of so many kB; then there is room."""
  whole = commands.whole(mode)
  size = chance.choice(_DISKS_KB)
  with _disk(folder, f'size={size}k'):
    program = _start(commands, mode, folder)
    said = _wrong_end(program, folder)
    if said:
      return 0, Found(said)
    _mount('-o', 'remount,size=64m', str(folder))
    return 0, _finished(commands, mode, folder, whole)


def read_only_trial(
  commands: Commands, mode: str, folder: pathlib.Path, chance: random.Random
) -> tuple[int, Found]:
  """A disk becomes read-only at a random moment; then it is not."""
  whole = commands.whole(mode)
  with _disk(folder, 'size=64m'):
    program = _start(commands, mode, folder)
    program.wait(chance.uniform(0, commands.seconds[mode]))
    # While a file is open for writing a disk is not made read-only.
    while program.code is None and _mount(
      '-o', 'remount,ro', str(folder), check=False
    ):
      program.wait(0.01)
    said = _wrong_end(program, folder)
    _mount('-o', 'remount,rw', str(folder))
    return 0, Found(said) if said else _finished(commands, mode, folder, whole)


def race_trial(
  commands: Commands, mode: str, folder: pathlib.Path, chance: random.Random
) -> tuple[int, Found]:
  """Two different commands at once: what is left is of one of the two."""
  wholes = [commands.whole(mode, seed) for seed in (0, 1)]
  programs = []
  for seed in (0, 1):
    words = commands.words(mode, folder, seed=seed)
    log = folder.with_suffix(f'.{seed}.log')
    programs.append(forked.Forked(words, log))
    time.sleep(chance.choice((0, 0, chance.uniform(0, commands.seconds[mode]))))
  ends = [_wrong_end(one, folder, seed) for seed, one in enumerate(programs)]
  codes = [one.code for one in programs]
  if any(ends) or 0 not in codes:
    return 0, Found(f'{codes} {ends}')
  found = [compared(folder, whole) for whole in wholes]
  return 0, min(found, key=lambda one: sum(map(len, one)))


def _start(
  commands: Commands,
  mode: str,
  folder: pathlib.Path,
  notes: pathlib.Path | None = None,
) -> forked.Forked:
  words = commands.words(mode, folder)
  return forked.Forked(words, folder.with_suffix('.log'), notes=notes)


def _wrong_end(
  program: forked.Forked, folder: pathlib.Path, number: int | None = None
) -> str:
  """What was said, unless the program ended well or with one line."""
  end = '.log' if number is None else f'.{number}.log'
  if not program.wait(_HANGS_S):
    program.kill()
    return 'did not end'
  lines = folder.with_suffix(end).read_text(errors='replace').splitlines()
  errors = [line for line in lines if line.startswith('error: ')]
  if program.code == 0 or (program.code == 1 and len(errors) == 1):
    return ''
  return f'{program.code}: ' + ' / '.join(lines[-4:])


def _finished(
  commands: Commands, mode: str, folder: pathlib.Path, whole: pathlib.Path
) -> Found:
  """Lets the command go on to its end, and compares."""
  program = _start(commands, mode, folder)
  ended = program.wait(_HANGS_S)
  if ended and not program.code:
    return compared(folder, whole)
  lines = folder.with_suffix('.log').read_text().splitlines()
  # simulate was through when it was killed.
  if any('is there already' in line for line in lines):
    return compared(folder, whole)
  program.kill()
  return Found(f'{program.code}: ' + ' / '.join(lines[-4:]))


def compared(folder: pathlib.Path, whole: pathlib.Path) -> Found:
  """How the files of a folder differ from those of another."""
  ours, wanted = _files(folder), _files(whole)
  return Found(
    differing=[n for n in ours if n in wanted and ours[n] != wanted[n]],
    missing=sorted(wanted.keys() - ours.keys()),
    leftovers=sorted(ours.keys() - wanted.keys()),
  )


def _files(folder: pathlib.Path) -> dict[str, bytes]:
  """Bytes by path; empty of those that may differ."""
  found = {}
  for path in folder.rglob('*'):
    name = path.relative_to(folder).as_posix()
    may_differ = any(fnmatch.fnmatch(name, one) for one in MAY_DIFFER)
    if (
      path.is_file() and '/events/' not in name and '/checkpoints/' not in name
    ):
      found[name] = b'' if may_differ else path.read_bytes()
    elif '.orbax-checkpoint-tmp' in name or path.name.startswith(
      ('.part-', '.before-')
    ):
      found[name] = b''
  return found


class _disk:
  """A disk in memory, in the place of a folder."""

  def __init__(self, folder: pathlib.Path, options: str) -> None:
    self._folder, self._options = str(folder), options

  def __enter__(self) -> None:
    _mount('-t', 'tmpfs', '-o', self._options, 'tmpfs', self._folder)

  def __exit__(self, *error: object) -> None:
    subprocess.run(['umount', self._folder], check=True)


def _mount(*words: str, check: bool = True) -> int:
  done = subprocess.run(['mount', *words], check=check, capture_output=True)
  return done.returncode


def register_tiny_network() -> None:
  """Seven convolutions, as for the tests: most of a run is to compile them."""
  import functools

  from defectseg_jax.models import ARCHITECTURES
  from defectseg_jax.models.unet import UNet

  ARCHITECTURES['tiny'] = functools.partial(UNet, widths=(16, 24))


def _write_images(folder: pathlib.Path) -> None:
  """Three labelled micrographs with bright discs."""
  for kind in ('images', 'masks'):
    (folder / kind).mkdir(parents=True)
  for seed, name in enumerate('abc'):
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:256, :256]
    mask = np.zeros((256, 256), bool)
    for row, column in rng.uniform(0, 256, (16, 2)):
      mask |= (rows - row) ** 2 + (columns - column) ** 2 < 64
    pixels = np.clip(90 + 60 * mask + rng.normal(0, 20, mask.shape), 0, 255)
    Image.fromarray(pixels.astype(np.uint8)).save(folder / f'images/{name}.png')
    Image.fromarray(np.uint8(255) * mask).save(folder / f'masks/{name}.png')
  lines = ('file,split', 'a.png,train', 'b.png,dev', 'c.png,test')
  (folder / 'splits.csv').write_text('\n'.join(lines) + '\n')


if __name__ == '__main__':
  main()
