"""--mode=simulate: a folder of simulated foils, or of a domain."""

import pathlib
from collections.abc import Callable

import ml_collections
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress

from defectseg_jax.files import new_folder
from defectseg_jax.runs.settings import series_settings
from defectseg_jax.runtime.interruption import Interruption, Stopped
from defectseg_jax.simulation import write_series
from defectseg_jax.simulation.domain.micrographs import SPLITS, write_domain
from defectseg_jax.simulation.domain.real_backgrounds import (
  read_backgrounds,
  select_backgrounds,
)
from defectseg_jax.simulation.domain.settings import domain_settings


def simulate(
  config: ml_collections.ConfigDict,
  output: str,
  console: Console,
  interruption: Interruption,
) -> None:
  """Writes micrographs, masks, truth and splits.csv.

  Args:
    config: `defect`, `data.source`, `simulation`, `foil` and, where the source
      is domain, `domain` are read.
    output: the folder, which must not be there yet.
    console: where the progress goes.
    interruption: asked after each micrograph whether to stop.

  Raises:
    InputError: the folder holds something already or cannot be made, or a
      parameter is out of its range. Nothing is written then.
    Stopped: a signal asked the process to stop; the folder was not made.
  """
  count, write, told = _what_to_write(config, console)
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
      task = progress.add_task('simulating', total=count)

      def on_written() -> None:
        progress.advance(task)
        interruption.check()

      write(made, on_written)
  except Stopped:
    console.print(
      f'Stopped; {final} was not made. The same command begins again.',
      soft_wrap=True,
    )
    raise
  console.print(
    f'Simulated {count} micrographs: {final}\n'
    f'Labels of {config.defect}: {final / "masks"}',
    soft_wrap=True,
  )
  if told:
    console.print(f'What is in them: {final / told}', soft_wrap=True)


def _what_to_write(
  config: ml_collections.ConfigDict, console: Console
) -> tuple[int, Callable[[pathlib.Path, Callable[[], None]], None], str]:
  """How many micrographs, what writes them, and where their truth will be."""
  settings, foil = series_settings(config)
  defect = str(config.defect)
  fields = config.to_dict()
  if fields['data']['source'] != 'domain':
    return (
      settings.micrographs,
      lambda folder, on_written: write_series(
        folder, foil, settings, defect=defect, on_written=on_written
      ),
      'truth',
    )
  domain = domain_settings(fields['domain'])
  backgrounds = []
  if settings.background:
    for remark in select_backgrounds(settings.background).remarks:
      console.print(escape(remark), soft_wrap=True)
    backgrounds = read_backgrounds(settings.background)
  return (
    len(SPLITS) * domain.micrographs,
    lambda folder, on_written: write_domain(
      folder,
      domain,
      foil,
      defect=defect,
      seed=settings.seed,
      backgrounds=backgrounds,
      on_written=on_written,
    ),
    '',
  )
