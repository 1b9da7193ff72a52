"""What docs/benchmarks.md says of speed and memory, measured by one command.

  python -m benchmarks.all
  python -m benchmarks.all --parts=reading,prediction

from the root of the repository; about 20 minutes on 2 cores. Each part is
measured in a process of its own, beside its peer in the same run, and kept in
docs/benchmarks.json when it is done: the same command measures what is missing
there. Those of --parts are measured anew. At the end the table of
docs/benchmarks.md is written from the file.
"""

import contextlib
import dataclasses
import importlib
import json
import multiprocessing
import pathlib
import shlex
import sys
from collections.abc import Mapping
from typing import Any

from benchmarks import report, rows, workers
from defectseg_jax.files import json_text, write_whole

# By name, the module below `benchmarks` and its function that gives rows.
PARTS = {
  'start-up': ('start_up', 'measure_rows'),
  'compile': ('compiling', 'measure_rows'),
  'reading': ('reading', 'measure_rows'),
  'prediction': ('engines', 'measure_rows'),
  'quantification': ('quantification', 'measure_rows'),
  'page': ('large_page', 'measure_rows'),
  'simulation': ('domain', 'measure_rows'),
  'input': ('input_pipeline', 'measure_rows'),
  'training step': ('training', 'measure_rows'),
  'peak memory': ('training', 'measure_memory_rows'),
}
PAGE = workers.REPOSITORY / 'docs' / 'benchmarks.md'
KEPT = PAGE.with_suffix('.json')
_BEGIN, _END = '<!-- of benchmarks.all -->\n', '<!-- end -->\n'


def main() -> int:
  """Measures, keeps, and writes the table; the exit code."""
  parser = report.create_parser(__doc__)
  parser.add_argument('--parts', help='with commas; default: what is missing')
  given = parser.parse_args().parts
  kept = read_kept(KEPT)
  parts = given.split(',') if given else [x for x in PARTS if x not in kept]
  if unknown := [one for one in parts if one not in PARTS]:
    parser.error(f'--parts={unknown[0]}: choose of {", ".join(PARTS)}')
  failed = []
  for part in parts:
    print(part, file=sys.stderr, flush=True)
    try:
      kept[part] = measure(part)
    except Exception as error:
      # The others are measured all the same.
      failed.append(f'{part}: {type(error).__name__}: {error}')
      continue
    kept = {one: kept[one] for one in PARTS if one in kept}
    with write_whole(KEPT) as temporary:
      temporary.write_text(json_text(kept))
  PAGE.write_text(with_table(PAGE.read_text(), kept))
  print(table(kept))
  print('\n'.join(failed), file=sys.stderr)
  return int(bool(failed))


def read_kept(path: pathlib.Path) -> dict[str, Any]:
  """What was measured before, by part, in the order of `PARTS`."""
  if not path.exists():
    return {}
  found = json.loads(path.read_text())
  return {part: found[part] for part in PARTS if part in found}


def measure(part: str) -> dict[str, Any]:
  """The rows of a part, and where they were measured."""
  command = ['python', '-m', 'benchmarks.all', f'--parts={part}']
  facts = report.machine() | {'command': shlex.join(command)}
  # Thread pools, peaks of memory and settings of libraries are a process's.
  with multiprocessing.get_context('spawn').Pool(1) as pool:
    found = pool.apply(_rows, PARTS[part])
  return facts | {'rows': found}


def _rows(module: str, name: str) -> list[dict[str, Any]]:
  """In the process of a part; what it prints is no table."""
  function = getattr(importlib.import_module(f'benchmarks.{module}'), name)
  with contextlib.redirect_stdout(sys.stderr):
    return [dataclasses.asdict(row) for row in function()]


def table(kept: Mapping[str, Any]) -> str:
  """All parts as Markdown, and below it where they were measured."""
  lines = [
    [f'{part}: {cells[0]}', *cells[1:]]
    for part, of in kept.items()
    for cells in (rows.Row(**row).cells() for row in of['rows'])
  ]
  where: dict[str, list[str]] = {}
  for part, of in kept.items():
    machine = f'{of["cores"]} cores, {of["cpu"]}, Python {of["python"]}'
    text = f'{part} ({of["load_average"]})'
    where.setdefault(f'{machine}; {of["date"]}', []).append(text)
  said = [
    f'{machine}; load average at the start of each: {", ".join(parts)}.'
    for machine, parts in where.items()
  ]
  return '\n'.join([report.table(rows.HEADER, lines), '', *said])


def with_table(page: str, kept: Mapping[str, Any]) -> str:
  """The page with the table of `kept` in the place of the one it has."""
  before, rest = page.split(_BEGIN)
  _, after = rest.split(_END)
  return f'{before}{_BEGIN}\n{table(kept)}\n\n{_END}{after}'


if __name__ == '__main__':
  sys.exit(main())
