"""Flags to one job.

python -m defectseg_jax.main --config=configs/voids.py --workdir=runs/voids
"""

import logging
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from absl import app
from absl import logging as absl_logging

import defectseg_jax
from defectseg_jax import command_help, command_line, given_config
from defectseg_jax.errors import InputError, printable, system_error_text
from defectseg_jax.modes import MODES
from defectseg_jax.runtime.compilation_cache import keep_compiled
from defectseg_jax.runtime.interruption import Interruption, Stopped

if TYPE_CHECKING:
  from rich.console import Console

  from defectseg_jax.runs.workdir import Workdir


def run() -> None:
  """The program: one line and exit code 1 where the input is at fault."""
  # What a cluster's log shows must not wait for a full buffer.
  # And a name that is no text must not end the program that prints it.
  sys.stdout.reconfigure(  # pyright: ignore
    line_buffering=True, errors='backslashreplace'
  )
  # Information of libraries hides what the program itself says.
  absl_logging.set_verbosity(absl_logging.ERROR)
  logging.getLogger('orbax').setLevel(logging.ERROR)
  try:
    if '--version' in sys.argv[1:]:
      print(f'defectseg_jax {defectseg_jax.__version__}')
      return
    text = command_help.help_text(sys.argv)
    if text is not None:
      print(text)
      return
    app.run(main, flags_parser=command_line.parse_flags)
  except InputError as error:
    sys.exit(f'error: {printable(str(error))}')
  except BrokenPipeError:
    # Whoever read the output has seen enough; nothing more can be said.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(1)
  except Exception as error:
    text = system_error_text(error)
    if text is None:
      raise
    sys.exit(f'error: {printable(text)}')


def main(argv: Sequence[str]) -> None:
  """Runs the job that --mode names."""
  mode, words = command_line.MODE.value, argv[1:]
  command_line.require_flags_of_mode(mode, words)
  if 'compilation_cache' in MODES[mode].flags:
    keep_compiled(wanted=command_line.COMPILATION_CACHE.value)
  interruption = Interruption()
  try:
    _run_mode(mode, words, interruption)
    interruption.finish()
  except Stopped as stopped:
    sys.exit(stopped.exit_code)


def _run_mode(
  mode: str, words: Sequence[str], interruption: Interruption
) -> None:
  """Says what the flags alone show to be wrong; then imports and runs."""
  config: Any = given_config.read_config()
  if several := given_config.several_networks(mode):
    _predict_together(several, words, interruption)
    return
  takes = MODES[mode].flags
  output = command_line.OUTPUT.value or ''
  # A first try should need no more than micrographs and their thickness.
  if 'output' in takes and not output and mode != 'predict':
    raise InputError('--output: is missing; give the folder to write')
  if command_line.NETWORK.value is not None:
    config = given_config.config_of_network(command_line.NETWORK.value, config)
  if MODES[mode].needs_config and config is None:
    raise InputError('--config: is missing; give --config=voids')
  # What is wrong in one of several processes must reach the others first.
  if config and not command_line.DISTRIBUTED.value:
    given_config.require_valid(config)
  if 'input' in takes:
    from defectseg_jax.micrographs.reader.pool import start_reader

    # It loads its libraries while this process loads those of the job.
    start_reader()
  if mode == 'quantify':
    _quantify(config, words, interruption)
  elif mode == 'simulate':
    from defectseg_jax.jobs.simulate import simulate

    simulate(config, output, _console(), interruption)
  elif mode == 'search':
    _search(config, interruption)
  elif mode == 'review':
    _review(config, words, interruption)
  elif mode == 'train':
    _train(config, interruption)
  else:
    _run_of_workdir(mode, config, words, interruption)


def _quantify(
  config: Any, words: Sequence[str], interruption: Interruption
) -> None:
  from defectseg_jax import given_requests

  request = given_requests.quantify_request(config, words)
  from defectseg_jax.jobs.quantify import quantify

  if not quantify(config, request, _console(), interruption):
    sys.exit(1)


def _train(config: Any, interruption: Interruption) -> None:
  from defectseg_jax.runs.workdir import Workdir

  config.data.update(command_line.mask_flags(config.data))
  workdir = Workdir(
    command_line.WORKDIR.value or os.path.join('runs', config.defect)
  )
  speaks = True
  if command_line.DISTRIBUTED.value:
    from defectseg_jax.runtime import processes

    # Before any check: what is wrong in one process alone, as a folder that
    # its machine does not see, must reach the others, which would wait for it.
    speaks = processes.connect(interruption)
  else:
    given_config.require_trainable(config)
    from defectseg_jax.runs.network_card import require_beginning

    require_beginning(config.init_from, config.model.name)
  from defectseg_jax.jobs.train import train

  train(config, workdir, _console(quiet=not speaks), interruption)


def _search(config: Any, interruption: Interruption) -> None:
  config.data.update(command_line.mask_flags(config.data))
  given_config.require_trainable(config)
  from defectseg_jax.jobs.search import search

  search(
    config,
    command_line.WORKDIR.value
    or os.path.join('runs', f'{config.defect}_search'),
    _console(),
    interruption,
    storage=command_line.STORAGE.value,
  )


def _run_of_workdir(
  mode: str, config: Any, words: Sequence[str], interruption: Interruption
) -> None:
  """What is done with a run that was trained before."""
  from defectseg_jax.runs.workdir import Workdir

  path, network = command_line.WORKDIR.value, command_line.NETWORK.value
  if config is None:
    if not path:
      raise InputError(
        '--workdir: is missing; give the folder of a trained run'
        + (', or --network' if mode != 'evaluate' else '')
      )
    config = given_config.config_of_run(Workdir(path))
  workdir = Workdir(path or os.path.join('runs', config.defect))
  if mode == 'evaluate':
    given_config.require_trainable(config)
    from defectseg_jax.jobs.evaluate import evaluate

    evaluate(config, workdir, _console())
  elif mode == 'predict':
    _predict(config, None if network else workdir, words, interruption)
  elif mode == 'references':
    from defectseg_jax.jobs.references import references

    references(
      config,
      None if network else workdir,
      network,
      _console(),
      interruption,
    )
  else:
    from defectseg_jax.jobs.export import export

    export(
      config,
      None if network else workdir,
      command_line.OUTPUT.value or '',
      console=_console(),
      network=network,
    )


def _predict(
  config: Any,
  workdir: 'Workdir | None',
  words: Sequence[str],
  interruption: Interruption,
) -> None:
  from defectseg_jax import given_requests

  request = given_requests.predict_request(config, words)
  from defectseg_jax.jobs.predict import predict

  if not predict(
    *(config, workdir, request, _console(), interruption),
    share=command_line.SHARE.value,
  ):
    sys.exit(1)


def _predict_together(
  several: 'Sequence[given_config.Source]',
  words: Sequence[str],
  interruption: Interruption,
) -> None:
  """Several networks, each with its own config."""
  from defectseg_jax import given_requests
  from defectseg_jax.micrographs.reader.pool import start_reader

  requests = given_requests.together_requests(several, words)
  start_reader()
  from defectseg_jax.jobs.predict_together import predict_together

  if not predict_together(several, requests, _console(), interruption):
    sys.exit(1)


def _review(
  config: Any, words: Sequence[str], interruption: Interruption
) -> None:
  path, workdir = command_line.WORKDIR.value, None
  if path:
    from defectseg_jax.runs.workdir import Workdir

    workdir = Workdir(path)
    config = config or given_config.config_of_run(workdir)
  from defectseg_jax import given_requests

  request = given_requests.review_request(config, words)
  from defectseg_jax.jobs.review import review

  review(config, workdir, request, _console(), interruption)


def _console(*, quiet: bool = False) -> 'Console':
  from rich.console import Console

  return Console(highlight=False, quiet=quiet)


if __name__ == '__main__':
  run()
