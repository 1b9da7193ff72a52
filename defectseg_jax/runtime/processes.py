"""One training run in several processes: how they meet, agree and part.

Every process does the same. Only the first one reads and writes the files of
the run, and prints; it tells the others what they need. Where a run has one
process, all of this does nothing.

Before the first step and after the last, the processes talk through JAX's
coordination service and not by collectives of their devices. Those would give
up while one process builds a dataset that the others wait for.
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
from defectseg_jax.runtime.interruption import Interruption, MayStop

_BY_HAND = ('JAX_COORDINATOR_ADDRESS', 'JAX_NUM_PROCESSES', 'JAX_PROCESS_ID')
# By eye: preparing micrographs, and saving, may take as long as they take. If a
# process dies meanwhile, its heartbeat is missed.
_WAIT_MS = 7 * 24 * 3600 * 1000
_exchanges = itertools.count()


def connect(interruption: Interruption) -> bool:
  """Joins the other processes of the run; call before any other use of JAX.

  Slurm, Kubernetes and Cloud TPU are found by JAX itself; elsewhere the
  environment must hold the three variables of _BY_HAND.

  Args:
    interruption: from now on a signal waits, since all end together.

  Returns:
    Whether this process is the one that prints.

  Raises:
    InputError: there is nothing to join, or the others cannot be reached.
  """
  # It would take SIGTERM from us, and only make a note of it.
  jax.config.update('jax_enable_preemption_service', False)
  try:
    jax.distributed.initialize(
      **_arguments_by_hand(), shutdown_timeout_seconds=30
    )
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
  """Whether this is the process that reads, writes and prints."""
  return jax.process_index() == 0


def gather(value: Any) -> list[Any]:
  """Collects a value of each process, in all of them.

  Args:
    value: anything that JSON holds.

  Returns:
    The values, ordered by process.
  """
  if jax.process_count() == 1:
    return [value]
  client: Any = distributed.global_state.client
  place = f'defectseg_jax/{next(_exchanges)}'
  client.key_value_set(f'{place}/{jax.process_index()}', json.dumps(value))
  client.wait_at_barrier(place, _WAIT_MS)
  values = dict(client.key_value_dir_get(f'{place}/'))
  return [
    json.loads(values[f'{place}/{index}'])
    for index in range(jax.process_count())
  ]


def copy_from_first(tree: Any) -> Any:
  """Copies arrays of the first process to all of them, bit by bit.

  Args:
    tree: of arrays of 4 bytes an element; of the same shapes everywhere.
  """
  if jax.process_count() == 1:
    return tree
  gather(None)  # No process waits for a collective before all are here.
  arrays = jax.tree.map(np.asarray, tree)
  # They are sent as a sum with zeros, which would lose the sign of -0.0.
  bits = jax.tree.map(lambda x: x.view(np.uint32), arrays)
  received = multihost_utils.broadcast_one_to_all(bits)
  return jax.tree.map(lambda x, like: x.view(like.dtype), received, arrays)


@contextlib.contextmanager
def agree(interruption: MayStop) -> Iterator[None]:
  """Has all processes go on after the block, or none of them.

  Args:
    interruption: where any process has been asked to stop, all end here, with
      the same exit code.

  Raises:
    InputError: in the first process, if any of them raised one.
    SystemExit: in the others, in that case.
  """
  if jax.process_count() == 1:
    yield
    return
  error = None
  try:
    yield
  except InputError as caught:
    error = str(caught)
  ends = gather({'error': error, 'stop': interruption.exit_code()})
  errors = [end['error'] for end in ends if end['error']]
  if errors:
    # The service of the first must not end under the others, or they abort.
    disconnect()
    if is_first():
      raise InputError(errors[0])
    sys.exit(1)
  codes = [end['stop'] for end in ends if end['stop']]
  if codes:
    # srun kills the others as soon as one has ended with such a code.
    interruption.leave(codes[0], last=disconnect)


def disconnect() -> None:
  """Parts from the others, once all are here; each may then end by itself."""
  if jax.process_count() > 1:
    gather(None)
    jax.distributed.shutdown()


def _arguments_by_hand() -> dict[str, Any]:
  """The arguments that the environment names; none where it names none."""
  address, count, index = _BY_HAND
  if count not in os.environ and index not in os.environ:
    return {}
  for name in _BY_HAND:
    if name not in os.environ:
      raise InputError(
        f'{name}: is not set, but others of its kind are; set all of '
        f'{", ".join(_BY_HAND)}'
      )
  for name in (count, index):
    if not os.environ[name].isdecimal():
      raise InputError(f'{name}={os.environ[name]}: must be a whole number')
  return {
    'coordinator_address': os.environ[address],
    'num_processes': int(os.environ[count]),
    'process_id': int(os.environ[index]),
    'cluster_detection_method': 'deactivate',
  }
