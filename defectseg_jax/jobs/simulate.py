"""--mode=simulate: a folder of simulated foils."""

import os
import pathlib
import shutil

import ml_collections
from rich.console import Console
from rich.progress import Progress

from defectseg_jax.errors import InputError
from defectseg_jax.jobs.interruption import Interruption
from defectseg_jax.micrographs.foils import foil_parameters, write_series


class _Stopped(Exception):
  """The user asked to stop."""


def simulate(
  config: ml_collections.ConfigDict,
  output: str,
  console: Console,
  interruption: Interruption,
) -> None:
  """Writes micrographs, masks, truth and splits.csv.

  Args:
    config: `defect`, `simulation` and `foil` are read.
    output: the folder, which must not be there yet.
    console: where the progress goes.
    interruption: asked after each micrograph whether to stop.

  Raises:
    InputError: the folder holds something already or cannot be made, or a
      parameter is out of its range. Nothing is written then.
  """
  series = dict(config.simulation)
  foil = foil_parameters(config.foil)
  final = pathlib.Path(output).expanduser()
  if final.exists() and not (final.is_dir() and not any(final.iterdir())):
    raise InputError(f'{final}: is there already; give --output a new folder')
  made = final.with_name(f'.{final.name}.{os.getpid()}')
  # What is half-written is to be taken away before the process ends.
  interruption.something_to_save()
  try:
    made.mkdir(parents=True)
  except OSError as error:
    raise InputError(
      f'{final}: cannot be written to ({error.strerror}); give another --output'
    ) from error
  try:
    with Progress(
      *Progress.get_default_columns(),
      console=console,
      disable=not console.is_terminal,
    ) as progress:
      task = progress.add_task('simulating', total=series['micrographs'])

      def on_written():
        progress.advance(task)
        if interruption.requested():
          raise _Stopped

      write_series(
        made, foil, defect=config.defect, on_written=on_written, **series
      )
    made.replace(final)
  except _Stopped:
    console.print(f'Stopped; {final} was not made.', soft_wrap=True)
    return
  finally:
    shutil.rmtree(made, ignore_errors=True)
  console.print(
    f'Simulated {series["micrographs"]} micrographs: {final}\n'
    f'Labels of {config.defect}: {final / "masks"}\n'
    f'What is in them: {final / "truth"}',
    soft_wrap=True,
  )
