"""How what a network found was made: the page's rows, and what JSON keeps."""

import dataclasses

from defectseg_jax.reporting.provenance import (
  Provenance,
  current_provenance,
  settings_text,
  versions_text,
)
from defectseg_jax.runs.settings import RunSettings
from defectseg_jax.training.progress import Progress

_UNKNOWN = 'not recorded'
_AUGMENTATIONS = {
  1: 'no test-time augmentation',
  8: 'test-time augmentation over eight orientations',
}


def provenance_of_use(run: Provenance | None, engine: str) -> Provenance:
  """How something is made now, with the network of a run.

  Args:
    run: how the run was made; None where version 0.1.0 made it.
    engine: what computes the network, with its version.
  """
  return current_provenance(
    training_data=run.training_data if run else None,
    test_score=run.test_score if run else None,
    engine=engine,
  )


def how_made(
  provenance: Provenance,
  settings: RunSettings,
  progress: Progress,
  *,
  run: str,
  least_peak: float = 0.0,
  orientations: int = 1,
) -> dict[str, str]:
  """Label and text for a page of what a network found.

  Args:
    provenance: of the page.
    settings: of the run.
    progress: of the run.
    run: its folder, or where else its network comes from.
    least_peak: probability that a region must reach somewhere.
    orientations: 8 with test-time augmentation, else 1.
  """
  best = progress.best()
  rows = dict.fromkeys(('engine', 'trained on', 'test score'), _UNKNOWN)
  rows |= provenance.rows()
  return {
    **{k: rows.pop(k) for k in ('command', 'in folder', 'program', 'date')},
    'run': run,
    'network': f'{settings.model.name}, epoch {best.epoch}, '
    f'{_AUGMENTATIONS[orientations]}',
    'engine': rows.pop('engine'),
    **rows,
    'threshold': threshold_text(best.threshold, least_peak)
    + f' (IU {best.iu:.3f})',
    'preprocessing': settings_text(dataclasses.asdict(settings.preprocessing)),
    'measured with': settings_text(dataclasses.asdict(settings.quantification)),
    'versions': versions_text(),
  }


def threshold_text(threshold: float, least_peak: float) -> str:
  """What makes a mask of probabilities, and where it was chosen.

  Examples:
    >>> threshold_text(0.5, 0.85)
    '0.500, in regions that reach 0.85; chosen on the development set'
  """
  peak = f', in regions that reach {least_peak:g}; ' if least_peak else ', '
  return f'{threshold:.3f}{peak}chosen on the development set'
