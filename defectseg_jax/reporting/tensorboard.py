"""TensorBoard's event files, without TensorFlow."""

import pathlib
from collections.abc import Mapping
from typing import Any

from tensorboardX import SummaryWriter

# The columns of history.csv, as TensorBoard groups them.
_TAGS = {
  'loss': 'loss/train',
  'train_iu': 'iu/train',
  'dev_iu': 'iu/dev',
  'learning_rate': 'schedule/learning_rate',
  'positive_weight': 'schedule/positive_weight',
}


class Events:
  """Writes a row of the history for each epoch."""

  def __init__(self, folder: pathlib.Path, *, first_epoch: int) -> None:
    """Opens a new event file; epochs from `first_epoch` on replace older ones.

    Args:
      folder: for the event files of the run.
      first_epoch: counted from 1. What a killed run wrote of this epoch and
        of later ones is not shown.
    """
    self._writer = SummaryWriter(str(folder), purge_step=first_epoch)

  def write(self, row: Mapping[str, Any]) -> None:
    """Writes one row of history.csv, and flushes it."""
    for column, tag in _TAGS.items():
      self._writer.add_scalar(tag, row[column], row['epoch'])
    self._writer.flush()

  def close(self) -> None:
    """Closes the file."""
    self._writer.close()
