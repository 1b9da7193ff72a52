"""One training run in several processes: how they meet, agree and part.

Every process does the same. The first one alone reads and writes the run's
files and speaks; the others are told. Where a run has one process, all of this
does nothing.

Before the first step and after the last they talk through JAX's coordination
service and not by collectives of their devices, which would give up while one
of them builds a dataset that the others wait for.
"""

import contextlib
import itertools
import json
import os
import sys
from collections.abc import Iterator
from typing import Any

import jax
import numpy as np
from jax._src import distributed  # Its client has no public name.
from jax.experimental import multihost_utils

from defectseg_jax.errors import InputError
from defectseg_jax.runtime.interruption import Interruption

_BY_HAND = ('JAX_COORDINATOR_ADDRESS', 'JAX_NUM_PROCESSES', 'JAX_PROCESS_ID')
# One may prepare micrographs, or save, for as long as it takes. A process that
# dies meanwhile is missed by its heartbeat.
_WAIT_MS = 7 * 24 * 3600 * 1000
_exchanges = itertools.count()


def connect(interruption: Interruption) -> bool:
  """Joins the other processes of the run; call before any other use of JAX.

  Slurm, Kubernetes and Cloud TPU are found by JAX itself; elsewhere the
  environment must hold the three variables of _BY_HAND.

  Args:
    interruption: from now on a signal waits, since all end together.

  Returns:
    Whether this process is the one that speaks.

  Raises:
    InputError: there is nothing to join, or the others cannot be reached.
  """
  # It would take SIGTERM from us, and only make a note of it.
  jax.config.update('jax_enable_preemption_service', False)
  try:
    jax.distributed.initialize(**_given(), shutdown_timeout_seconds=30)
  except ValueError as error:
    raise InputError(
      f'--distributed: no cluster was found ({error}); start it with srun, as '
      f'launch/slurm.sh does, or set {", ".join(_BY_HAND)} for each process'
    ) from error
  except RuntimeError as error:
    reason = str(error).splitlines()[0][:200]
    raise InputError(
      f'--distributed: the processes did not find each other ({reason}); look '
      'whether all were started, and may reach the first one'
    ) from error
  speaks = is_first()
  interruption.defer_exit()
  if not speaks:
    interruption.silence()
  return speaks


def is_first() -> bool:
  """Whether this is the process that reads, writes and speaks."""
  return jax.process_index() == 0


def gather(value: Any) -> list[Any]:
  """What each process says, told to all.

  Args:
    value: anything that JSON holds.

  Returns:
    The values, ordered by process.
  """
  if jax.process_count() == 1:
    return [value]
  client = distributed.global_state.client
  place = f'defectseg_jax/{next(_exchanges)}'
  client.key_value_set(f'{place}/{jax.process_index()}', json.dumps(value))
  client.wait_at_barrier(place, _WAIT_MS)
  told = dict(client.key_value_dir_get(f'{place}/'))
  return [
    json.loads(told[f'{place}/{index}']) for index in range(jax.process_count())
  ]


def from_first(tree: Any) -> Any:
  """The first process's arrays, to the bit, in all of them.

  Args:
    tree: of arrays of 4 bytes an element; of the same shapes everywhere.
  """
  if jax.process_count() == 1:
    return tree
  gather(None)  # None begins to wait for a collective before all are there.
  arrays = jax.tree.map(np.asarray, tree)
  # They are told by a sum with zeros, which would lose the sign of -0.0.
  bits = jax.tree.map(lambda x: x.view(np.uint32), arrays)
  told = multihost_utils.broadcast_one_to_all(bits)
  return jax.tree.map(lambda x, like: x.view(like.dtype), told, arrays)


@contextlib.contextmanager
def agree(interruption: Interruption) -> Iterator[None]:
  """At the end of the block, all go on, or none does.

  Args:
    interruption: where any process has been asked to stop, all end here, with
      the same exit code.

  Raises:
    InputError: in the first process, if there was one in any.
    SystemExit: in the others then.
  """
  if jax.process_count() == 1:
    yield
    return
  error = None
  try:
    yield
  except InputError as caught:
    error = str(caught)
  told = gather({'error': error, 'stop': interruption.exit_code()})
  errors = [said['error'] for said in told if said['error']]
  if errors and is_first():
    raise InputError(errors[0])
  if errors:
    sys.exit(1)
  codes = [said['stop'] for said in told if said['stop']]
  if codes:
    # srun kills the others as soon as one has ended with such a code.
    interruption.leave(codes[0], last=disconnect)


def disconnect() -> None:
  """Lets go of the others, once all are here; each may then end by itself."""
  if jax.process_count() > 1:
    gather(None)
    jax.distributed.shutdown()


def _given() -> dict[str, Any]:
  """The arguments that the environment names, where it does."""
  given = {name: os.environ.get(name) for name in _BY_HAND}
  _, count, index = given.values()
  if count is None and index is None:
    return {}
  for name, value in given.items():
    if value is None:
      raise InputError(f'{name}: is not set, but others of its kind are')
    if name != _BY_HAND[0] and not value.isdecimal():
      raise InputError(f'{name}={value}: must be a whole number')
  return {
    'coordinator_address': given[_BY_HAND[0]],
    'num_processes': int(count),
    'process_id': int(index),
    'cluster_detection_method': 'deactivate',
  }
