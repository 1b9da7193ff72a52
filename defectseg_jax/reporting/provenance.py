"""What a page says of how its numbers came about."""

import importlib.metadata
import shlex
import sys

import ml_collections

from defectseg_jax.runs.workdir import Workdir
from defectseg_jax.training.progress import Progress

_VERSIONS_OF = ('jax', 'flax', 'numpy', 'scipy', 'scikit-image')


def how_made(
  config: ml_collections.ConfigDict,
  workdir: Workdir,
  progress: Progress,
  *,
  orientations: int = 1,
) -> dict[str, str]:
  """Label and text: command, run, network, threshold, settings, versions.

  Args:
    config: with the settings that were used.
    workdir: of the run.
    progress: of the run.
    orientations: that the network saw each tile in.
  """
  seen = {1: 'one orientation', 8: 'the average of eight orientations'}
  return {
    'command': shlex.join(sys.argv),
    'run': str(workdir.path),
    'network': f'{config.model.name}, epoch {progress.best_epoch}, '
    f'{seen[orientations]}',
    'threshold': f'{progress.threshold:.3f}, chosen on the development set '
    f'(IU {progress.best_iu:.3f})',
    'preprocessing': _fields(config.preprocessing),
    'measured with': _fields(config.quantification),
    'versions': ', '.join(
      f'{name} {importlib.metadata.version(name)}' for name in _VERSIONS_OF
    ),
  }


def _fields(section):
  return ', '.join(f'{name} {value}' for name, value in section.items())
