"""--mode=simulate: a folder of simulated foils."""

import pathlib

import ml_collections
from rich.console import Console
from rich.progress import Progress

from defectseg_jax.files import new_folder
from defectseg_jax.runs.settings import series_settings
from defectseg_jax.runtime.interruption import Interruption, Stopped
from defectseg_jax.simulation import write_series


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
    Stopped: a signal asked the process to stop; the folder was not made.
  """
  settings, foil = series_settings(config)
  defect = str(config.defect)
  final = pathlib.Path(output).expanduser()
  # What is half-written is to be taken away before the process ends.
  interruption.defer_exit()
  try:
    with (
      new_folder(final) as made,
      Progress(
        *Progress.get_default_columns(),
        console=console,
        disable=not console.is_terminal,
      ) as progress,
    ):
      task = progress.add_task('simulating', total=settings.micrographs)

      def on_written() -> None:
        progress.advance(task)
        interruption.check()

      write_series(made, foil, settings, defect=defect, on_written=on_written)
  except Stopped:
    console.print(
      f'Stopped; {final} was not made. The same command begins again.',
      soft_wrap=True,
    )
    raise
  console.print(
    f'Simulated {settings.micrographs} micrographs: {final}\n'
    f'Labels of {defect}: {final / "masks"}\n'
    f'What is in them: {final / "truth"}',
    soft_wrap=True,
  )
