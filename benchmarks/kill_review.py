"""What is left of a review whose server is killed while a person edits.

  python -m benchmarks.kill_review --trials=10

from the root of the repository. Each trial opens a session of three tiny images
by --mode=review, edits it by the addresses that the page uses (strokes, objects
out and in, undo, redo, accepted), kills the program (SIGKILL) at a random
moment, and starts it again: the version of each image must be that of its last
answered edit, or one more where an edit was on its way. After two to eight
kills the page's button ends it. Then the same edits are made in a copy that
nobody kills, and all files are compared, but for dates.
"""

import contextlib
import http.client
import json
import pathlib
import random
import re
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from benchmarks import forked, kill, report

_IMAGES: tuple[str, ...] = ('a', 'b', 'c')
_SIDE_PX = 256
_STARTS_S, _ENDS_S = 600.0, 1800.0
# By eye: a few dozen edits.
_LONGEST_S = 3.0


class Edit(NamedTuple):
  """What is asked for.

  Attributes:
    image: its name.
    verb: of the address.
    body: without the version.
  """

  image: str
  verb: str
  body: dict[str, Any]


class Served:
  """A review that is served, and a person who edits it."""

  def __init__(self, session: pathlib.Path) -> None:
    """Starts it, and waits for its address."""
    log = session.parent.with_suffix('.log')
    log.unlink(missing_ok=True)
    words = ['--mode=review', f'--output={session}', '--noopen_browser']
    self.program = forked.Forked(words, log)
    until = time.monotonic() + _STARTS_S
    while not (found := re.search(r'http://\S+/', _text(log))):
      if self.program.wait(0.01) or time.monotonic() > until:
        raise RuntimeError(f'does not start: {_text(log)[-400:]}')
    self.address = urlsplit(found[0])

  def ask(self, path: str, body: Any = None) -> Any:
    """An answer; raises OSError or HTTPException of one who was killed."""
    host = self.address.netloc
    connection = http.client.HTTPConnection(host, timeout=_STARTS_S)
    with contextlib.closing(connection):
      method = 'GET' if body is None else 'POST'
      headers = {} if body is None else {'origin': f'http://{host}'}
      content = None if body is None else json.dumps(body)
      address = f'{self.address.path}api/{path}'
      connection.request(method, address, content, headers)
      return json.loads(connection.getresponse().read())

  def do(self, edit: Edit, version: int) -> int:
    """Makes an edit; the version after it, or -1 where it was refused."""
    body = {**edit.body, 'version': version}
    answer = self.ask(f'images/{edit.image}/{edit.verb}', body)
    return -1 if 'refused' in answer else answer['version']

  def end(self) -> str:
    """Presses the button; what was said if it does not end well."""
    self.ask('stop', {})
    if not self.program.wait(_ENDS_S):
      self.program.kill()
      return 'did not end'
    return '' if self.program.code == 0 else f'ended in {self.program.code}'


def main() -> None:
  """Prints a row, and each trial that found something."""
  parser = report.create_parser(__doc__)
  parser.add_argument('--trials', type=int, default=10)
  parser.add_argument('--seed', type=int, default=0)
  given = parser.parse_args()
  print(report.line(report.machine() | {'seed': given.seed}))
  forked.import_libraries()
  kill.register_tiny_network()
  root, counts = pathlib.Path(tempfile.mkdtemp()), dict.fromkeys(_COLUMNS, 0)
  try:
    session = kill.Commands(root, ()).whole('predict') / 'out'
    for number in range(given.trials):
      chance = random.Random(f'{given.seed} review {number}')
      folder = root / f'trial-{number}'
      for name, value in _trial(session, folder, chance).items():
        counts[name] += value if isinstance(value, int) else len(value)
        if value and not isinstance(value, int):
          print(f'{number}: {name} {value}', flush=True)
      shutil.rmtree(folder)
  finally:
    shutil.rmtree(root)
  counts['trials'] = given.trials
  print(report.table(list(counts), [[str(one) for one in counts.values()]]))


_COLUMNS = ('trials', 'kills', 'edits', 'lost', *kill.Found._fields)


def _trial(
  session: pathlib.Path, folder: pathlib.Path, chance: random.Random
) -> dict[str, Any]:
  """What became of it, by the columns of the table."""
  copies = folder / 'killed' / 'out', folder / 'whole' / 'out'
  for copy in copies:
    shutil.copytree(session, copy)
  done: list[Edit] = []
  versions, kills = dict.fromkeys(_IMAGES, 0), 0
  lost: list[str] = []
  for _ in range(chance.choice((1, 2, 3, 4))):
    served = Served(copies[0])
    lost += _settle(served, versions, done, under_way=None)
    seconds = chance.uniform(0, _LONGEST_S)
    killer = threading.Timer(seconds, served.program.kill)
    killer.start()
    under_way = None
    for edit in _edits(chance):
      under_way = edit
      try:
        version = served.do(edit, versions[edit.image])
      except (OSError, http.client.HTTPException, ValueError):
        break
      if version >= 0:
        versions[edit.image] = version
        done.append(edit)
    killer.join()
    kills += 1
    served = Served(copies[0])
    lost += _settle(served, versions, done, under_way=under_way)
    served.program.kill()
    kills += 1
  served = Served(copies[0])
  ended = served.end()
  whole = Served(copies[1])
  versions = dict.fromkeys(_IMAGES, 0)
  for edit in done:
    versions[edit.image] = whole.do(edit, versions[edit.image])
  ended = ended or whole.end()
  found = kill.compared(copies[0].parent, copies[1].parent)
  return {
    **{'kills': kills, 'edits': len(done), 'lost': lost},
    **found._replace(ended=ended)._asdict(),
  }


def _settle(
  served: Served,
  versions: dict[str, int],
  done: list[Edit],
  *,
  under_way: Edit | None,
) -> list[str]:
  """Takes note of an edit that nobody was answered; what was lost."""
  lost = []
  for name in _IMAGES:
    version = served.ask(f'images/{name}')['version']
    if under_way and name == under_way.image and version == versions[name] + 1:
      done.append(under_way)
      versions[name] = version
    if version != versions[name]:
      lost.append(f'{name} is at {version}, answered {versions[name]}')
      versions[name] = version
  return lost


def _edits(chance: random.Random) -> Iterator[Edit]:
  """What a person does, without end."""
  while True:
    image, place = chance.choice(_IMAGES), lambda: chance.uniform(0, _SIDE_PX)
    kind = chance.choice(('paint', 'erase', 'toggle', 'done', 'undo', 'redo'))
    if kind in ('undo', 'redo'):
      yield Edit(image, kind, {})
      continue
    body: dict[str, Any] = {'kind': kind}
    if kind in ('paint', 'erase'):
      points = [[place(), place()] for _ in range(3)]
      body = {'kind': 'paint', 'points': points, 'radius_px': 3.0}
      body['erase'] = kind == 'erase'
    elif kind == 'toggle':
      body |= {'row': place(), 'column': place()}
    else:
      body['value'] = chance.random() < 0.5
    yield Edit(image, 'operations', body)


def _text(path: pathlib.Path) -> str:
  return path.read_text(errors='replace') if path.exists() else ''


if __name__ == '__main__':
  main()
