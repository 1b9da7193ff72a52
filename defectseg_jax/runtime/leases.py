"""Which worker is at work on what, on one machine or on several.

Whoever works on a folder keeps `.worker` in it locked, and writes a higher
count into it every few seconds. On its own machine a worker that died is known
at once: the system took its lock away. On another machine, where a lock may not
be seen, it is known by its count, which stands still. Times of different clocks
are never compared.
"""

import contextlib
import json
import os
import pathlib
import socket
import sys
import threading
import time
import uuid
from typing import Any

from defectseg_jax.disk import open_own, remove_open
from defectseg_jax.locks import try_lock

BEAT_S = 10.0
# A file server may show a change as late as a minute after it was made.
DEAD_AFTER_S = 180.0


class Leases:
  """What this worker has claimed, and what it has seen of others.

  Every call must be made by one worker at a time: under `lock_workers`.
  """

  def __init__(self, machine: str | None = None) -> None:
    """Claims nothing yet.

    Args:
      machine: what tells this machine from others; None to ask the system.
    """
    self._machine = machine or _machine()
    self._worker = uuid.uuid4().hex
    self._seen: dict[pathlib.Path, tuple[bytes, float]] = {}
    self._held: dict[pathlib.Path, int] = {}
    self._beats = 0
    self._guard = threading.Lock()
    threading.Thread(target=self._beat, daemon=True).start()

  def take(self, folder: pathlib.Path) -> bool:
    """Claims a folder, unless somebody else is at work on it.

    Args:
      folder: is made if need be.

    Returns:
      Whether it is ours now.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / '.worker'
    file = open_own(path, os.O_RDWR)
    if not (_is_ours_or_has_no_lock(file) and self._is_free(path)):
      os.close(file)
      return False
    with self._guard:
      self._write(file)
      self._held[path] = file
    return True

  def give_back(self, folder: pathlib.Path) -> None:
    """Lets others have a folder that `take` claimed."""
    path = folder / '.worker'
    with self._guard:
      file = self._held.pop(path)
      remove_open(path, file)

  def has_other_worker(self, folder: pathlib.Path) -> bool:
    """Whether another worker has claimed a folder, dead or alive."""
    path = folder / '.worker'
    return path not in self._held and path.exists()

  def _is_free(self, path: pathlib.Path) -> bool:
    """Of a file whose lock we have: whether its worker is gone."""
    content = path.read_bytes()
    # Nothing yet: it was made a moment ago, by us or by one that died then.
    if not content or _field(content, 'machine') == self._machine:
      return True
    before, since = self._seen.get(path, (b'', 0.0))
    now = time.monotonic()
    if content != before:
      self._seen[path] = content, now
      return False
    return now - since > DEAD_AFTER_S

  def _beat(self) -> None:
    while True:
      time.sleep(BEAT_S)
      with self._guard:
        self._beats += 1
        for path, file in self._held.items():
          self._require_ours(path)
          with contextlib.suppress(OSError):
            self._write(file)

  def _require_ours(self, path: pathlib.Path) -> None:
    """Ends the process if another took over: two would write the same run."""
    try:
      worker = _field(path.read_bytes(), 'worker')
    except OSError:
      # The file server does not answer just now.
      return
    if worker not in (None, self._worker):
      sys.stderr.write(
        f'error: {path.parent}: another worker took this over, because nothing '
        f'was heard of this one for {DEAD_AFTER_S:.0f} s; start the same '
        'command again\n'
      )
      os._exit(1)

  def _write(self, file: int) -> None:
    content = {
      'machine': self._machine,
      'worker': self._worker,
      'beats': self._beats,
    }
    # One call and one length: a reader sees the old or the new.
    os.lseek(file, 0, os.SEEK_SET)
    os.write(file, json.dumps(content).ljust(200).encode())


def _field(content: bytes, name: str) -> Any:
  """None where the file is damaged."""
  try:
    return json.loads(content)[name]
  except (ValueError, KeyError, TypeError):
    return None


def _is_ours_or_has_no_lock(file: int) -> bool:
  """Where the file system has no locks, the count must do."""
  return try_lock(file) is not False


def _machine() -> str:
  """The running kernel, where that can be told: names may be alike."""
  with contextlib.suppress(OSError):
    return pathlib.Path('/proc/sys/kernel/random/boot_id').read_text().strip()
  return socket.gethostname()
