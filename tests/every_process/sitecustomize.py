"""Python loads this as it starts, where this folder is on PYTHONPATH.

Of several processes of a run JAX lets the first alone keep what it compiled,
and the others look for something else, so that they would compile all of it
every time: 11 s of a core for a tiny network.
"""

import types

from jax._src import compiler

_as_the_first = types.SimpleNamespace(process_id=0, client=None)
compiler.distributed = types.SimpleNamespace(global_state=_as_the_first)
