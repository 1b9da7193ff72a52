"""Damaged files of every kind, read as a session reads them.

  python -m benchmarks.fuzz_readers --mutants=10000 --seed=0

from the root of the repository. Small files of each kind are written, and
damaged by chance: bits flipped, cut off, a number of the header made extreme,
two parts of the file changed about, a part filled with zeros or doubled. Each
mutant is read as a micrograph and as a mask, at 4 GiB of memory.

Counted are mutants that were read, that were refused in one line, and of those
the ones that ended the process that reads; and what must not be: a traceback
(any exception but InputError, or a message of several lines), more than 20 s,
and a file that was cut off and read as if it held other pixels or another
scale. A session that dies ends this program, too.

Exit code 1: one of those that must not be.
"""

import collections
import logging
import pathlib
import resource
import sys
import tempfile
import time
from collections.abc import Callable

import numpy as np

from benchmarks import report
from benchmarks.fuzz_samples import Sample, write_samples
from defectseg_jax.errors import InputError
from defectseg_jax.micrographs.formats import SUFFIXES
from defectseg_jax.micrographs.mask_files import mask_files
from defectseg_jax.micrographs.mask_values import ANYTHING
from defectseg_jax.micrographs.masks import read_masks
from defectseg_jax.micrographs.reading import read_micrographs

MEMORY_BYTES, LONGEST_S = 2**32, 20.0
# What process.py says when the process that reads has ended.
_DEATHS = ('crashes the library', 'was not read after', 'the system ended')
# Numbers that headers do not have, or should not.
_EXTREMES = (0, 1, 2**7, 2**15 - 1, 2**16 - 1, 2**31 - 1, 2**32 - 1, 2**63)
_COLUMNS = ('read', 'refused', 'ended the reader')
_FAULTS = ('traceback', 'over 20 s', 'misread')
# Where headers are, and what stands at the end of some formats.
_HEAD_BYTES = 1024


def main() -> int:
  """Prints a table; the exit code."""
  parser = report.create_parser(__doc__)
  parser.add_argument('--mutants', type=int, default=10000)
  parser.add_argument('--seed', type=int, default=0)
  parser.add_argument('--only', default='', help='names of samples begin so')
  parser.add_argument('--keep', help='folder for mutants with a fault')
  flags = parser.parse_args()
  _, hard = resource.getrlimit(resource.RLIMIT_DATA)
  resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_BYTES, hard))
  # Libraries tell of every fault that they meet.
  logging.disable()
  packages = ('tifffile', 'pillow', 'h5py', 'RosettaSciIO')
  print(report.line(report.machine() | report.versions(*packages)))
  print(f'mutants {flags.mutants}, seed {flags.seed}', flush=True)
  rows, total, longest_s = [], collections.Counter(), 0.0
  with tempfile.TemporaryDirectory() as folder:
    samples = [
      one
      for one in write_samples(pathlib.Path(folder))
      if one.path.name.startswith(flags.only)
    ]
    for place, sample in enumerate(samples):
      number = -(-flags.mutants // len(samples))
      counts, slowest_s = _fuzz(sample, [flags.seed, place], number, flags.keep)
      name = sample.damaged.relative_to(folder).as_posix()
      rows.append(_row(name, counts, slowest_s))
      total, longest_s = total + counts, max(longest_s, slowest_s)
  rows.append(_row('all', total, longest_s))
  print()
  print(report.table(('file', *_COLUMNS, *_FAULTS, 'slowest, s'), rows))
  return 1 if any(total[name] for name in _FAULTS) else 0


def _row(
  name: str, counts: collections.Counter[str], slowest_s: float
) -> list[str]:
  cells = (str(counts[column]) for column in (*_COLUMNS, *_FAULTS))
  return [name, *cells, f'{slowest_s:.1f}']


def _fuzz(
  sample: Sample, seed: list[int], number: int, keep: str | None
) -> tuple[collections.Counter[str], float]:
  """Reads so many mutants of a file: how often what came of it."""
  content, whole = sample.damaged.read_bytes(), _read(sample.path)
  counts: collections.Counter[str] = collections.Counter()
  slowest_s = 0.0
  for one in range(number):
    rng = np.random.default_rng([*seed, one])
    name = list(_DAMAGES)[one % len(_DAMAGES)]
    damaged = _DAMAGES[name](content, rng)
    sample.damaged.write_bytes(damaged)
    begin = time.perf_counter()
    outcome, text = _outcome(sample, whole, cut=name == 'cut')
    taken_s = time.perf_counter() - begin
    slowest_s = max(slowest_s, taken_s)
    counts['refused' if outcome == 'ended the reader' else outcome] += 1
    counts['ended the reader'] += outcome == 'ended the reader'
    counts['over 20 s'] += taken_s > LONGEST_S
    if outcome in _FAULTS or taken_s > LONGEST_S:
      kept = f'{seed[0]}_{one}_{sample.damaged.name}'
      print(f'{kept}, {name}: {outcome}, {text}', flush=True)
      if keep:
        (pathlib.Path(keep) / kept).write_bytes(damaged)
  sample.damaged.write_bytes(content)
  return counts, slowest_s


def _outcome(
  sample: Sample, whole: list[tuple], *, cut: bool
) -> tuple[str, str]:
  """What comes of a mutant, and in words what was said."""
  try:
    found = _read(sample.path)
  except InputError as error:
    text = str(error)
    if '\n' in text:
      return 'traceback', repr(text)
    died = any(words in text for words in _DEATHS)
    return 'ended the reader' if died else 'refused', text
  except Exception as error:
    return 'traceback', repr(error)
  if not cut:
    return 'read', ''
  # A text beside an image may end before the scale, which is missing then.
  scales = (None,) if sample.damaged.suffix in ('.txt', '.hdr') else ()
  for (pixels, scale), (right, right_scale) in zip(found, whole, strict=False):
    if not np.array_equal(pixels, right):
      return 'misread', 'other pixels'
    if scale not in (right_scale, *scales):
      return 'misread', f'{scale} nm a pixel, not {right_scale}'
  if len(found) != len(whole):
    return 'misread', f'{len(found)} images of {len(whole)}'
  return 'read', ''


def _read(path: pathlib.Path) -> list[tuple]:
  """All that a session would take from a file: pixels, scales, masks."""
  found, error = [], None
  if path.suffix in SUFFIXES:
    found = [
      (one.pixels, one.pixel_size_nm)
      for one in read_micrographs(path, rgb='luminance')
    ]
  try:
    (mask,) = mask_files([path], where='--input').values()
    masks = read_masks(mask, shape=(24, 32), images=1, how=ANYTHING)
    found += [(one.mask, None) for one in masks]
  except InputError as raised:
    error = raised
  # Few micrographs are masks: that is no fault of theirs.
  if error and (not found or any(words in str(error) for words in _DEATHS)):
    raise error
  return found


def _place(content: bytes, rng: np.random.Generator) -> int:
  """Mostly where headers are: the first and the last bytes."""
  size, kind = len(content), rng.integers(4)
  if kind == 0:
    return int(rng.integers(size))
  near = int(rng.integers(min(_HEAD_BYTES, size)))
  return near if kind < 3 else size - 1 - near


def _flip(content: bytes, rng: np.random.Generator) -> bytes:
  damaged = bytearray(content)
  for _ in range(rng.integers(1, 9)):
    damaged[_place(content, rng)] ^= 1 << rng.integers(8)
  return bytes(damaged)


def _cut(content: bytes, rng: np.random.Generator) -> bytes:
  return content[: rng.integers(1, len(content))]


def _make_extreme(content: bytes, rng: np.random.Generator) -> bytes:
  damaged, width = bytearray(content), 2 ** int(rng.integers(4))
  number = int(rng.choice(np.array(_EXTREMES, object))) % 256**width
  place = _place(content, rng) // width * width
  order = 'little' if rng.integers(2) else 'big'
  damaged[place : place + width] = number.to_bytes(width, order)
  return bytes(damaged[: len(content)])


def _parts(content: bytes, rng: np.random.Generator) -> list[int]:
  places = [_place(content, rng) // 4 * 4 for _ in range(3)]
  return sorted([*places, len(content)])


def _swap(content: bytes, rng: np.random.Generator) -> bytes:
  a, b, c, _ = _parts(content, rng)
  return content[:a] + content[b:c] + content[a:b] + content[c:]


def _zero(content: bytes, rng: np.random.Generator) -> bytes:
  a, b, *_ = _parts(content, rng)
  return content[:a] + bytes(b - a) + content[b:]


def _double(content: bytes, rng: np.random.Generator) -> bytes:
  a, b, *_ = _parts(content, rng)
  return content[:b] + content[a:]


_DAMAGES: dict[str, Callable[[bytes, np.random.Generator], bytes]] = {
  'flip': _flip,
  'cut': _cut,
  'extreme': _make_extreme,
  'swap': _swap,
  'zero': _zero,
  'double': _double,
}


if __name__ == '__main__':
  sys.exit(main())
