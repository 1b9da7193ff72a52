"""--mode=references: how a network does on micrographs whose truth is known."""

import contextlib
import pathlib
from collections.abc import Iterator

import ml_collections
from rich.console import Console
from rich.progress import Progress

from defectseg_jax.applicability.references import (
  Reference,
  write_references,
)
from defectseg_jax.errors import InputError
from defectseg_jax.files import claim
from defectseg_jax.runs.loading import load_run
from defectseg_jax.runs.network_card import network_path, references_path
from defectseg_jax.runs.network_file import load_network
from defectseg_jax.runs.references import make_references
from defectseg_jax.runs.run import Run
from defectseg_jax.runs.workdir import Workdir
from defectseg_jax.runtime.interruption import Interruption, Stopped
from defectseg_jax.simulation.domain.real_backgrounds import read_backgrounds

# By eye: about two thirds show objects, and each image is compared with 40.
COUNT = 300
# Written so often; a stopped job goes on from there.
_AT_ONCE = 10


def references(
  config: ml_collections.ConfigDict,
  workdir: Workdir | None,
  network: str | None,
  console: Console,
  interruption: Interruption,
) -> None:
  """Simulates reference micrographs, and asks the network about each.

  Args:
    config: of the run.
    workdir: of the run; None where a network is named.
    network: name or path of a network that needs no run.
    console: where the progress goes.
    interruption: asked before each micrograph whether to stop.

  Raises:
    InputError: the network did not learn a domain, there are references of
      other weights, or another process makes them.
    Stopped: a signal asked the process to stop; what is done is kept.
  """
  with _claimed(config, workdir, network) as (run, path):
    _make(run, path, console, interruption, beside=network is not None)


def _make(
  run: Run,
  path: pathlib.Path,
  console: Console,
  interruption: Interruption,
  *,
  beside: bool,
) -> None:
  backgrounds = ()
  if run.settings.simulation.background:
    backgrounds = read_backgrounds(run.settings.simulation.background)
  found = list(run.references)
  interruption.defer_exit()
  try:
    with Progress(
      *Progress.get_default_columns(),
      console=console,
      disable=not console.is_terminal,
    ) as progress:
      task = progress.add_task(
        'reference micrographs', total=COUNT, completed=len(found)
      )
      for one in make_references(
        run,
        count=COUNT,
        first=len(found),
        backgrounds=backgrounds,
        check_interruption=interruption.check,
      ):
        found.append(one)
        progress.advance(task)
        if len(found) % _AT_ONCE == 0 or len(found) == COUNT:
          write_references(
            path, found, network=run.reference_identity, beside=beside
          )
  except Stopped:
    console.print(f'Stopped. The same command goes on: {path}', soft_wrap=True)
    raise
  console.print(_told(run, found, path), soft_wrap=True)


@contextlib.contextmanager
def _claimed(
  config: ml_collections.ConfigDict,
  workdir: Workdir | None,
  network: str | None,
) -> Iterator[tuple[Run, pathlib.Path]]:
  """The network, and where its references are; nobody else writes there."""
  if network is not None:
    path = references_path(network_path(network))
    with claim(path, flag='--network', beside=True):
      yield load_network(network), path
  elif workdir is None:
    raise InputError('--workdir: is missing; give it, or --network')
  else:
    # No folder is made where there is no run.
    workdir.read_provenance()
    with workdir.claim(config):
      yield load_run(workdir.path, config=config), workdir.references


def _told(run: Run, found: list[Reference], path: pathlib.Path) -> str:
  shown = [one.f1 for one in found if one.signs['log_count'] > 0]
  mean = sum(shown) / max(len(shown), 1)
  return (
    f'{len(found)} reference micrographs of {run.settings.defect}; in '
    f'{len(shown)} of them something was found, with a mean F1 of {mean:.2f}: '
    f'{path}'
  )
