"""What the training loop knows of its own past."""

import dataclasses
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Integer

from defectseg_jax.evaluation import thresholds


class Best(NamedTuple):
  """The epoch whose network is kept.

  Attributes:
    epoch: counted from 1.
    iu: its development IU.
    threshold: its development threshold.
  """

  epoch: int
  iu: float
  threshold: float


@dataclasses.dataclass
class Progress:
  """How far a run is. All fields are plain values, so that JSON can hold them.

  Attributes:
    fingerprint: of the data that the run began with.
    epochs: how many were trained and evaluated.
    decays: how often the learning rate was lowered.
    best_step: the step of the best checkpoint; None before there is one.
    best_epoch: the epoch, counted from 1, that ended at that step.
    best_iu: its development IU.
    threshold: its development threshold.
    history: a row of history.csv for each epoch.
    losses: of the steps of the epoch that is not yet evaluated.
    histogram: of those steps, [2, BINS] as lists.
  """

  fingerprint: str
  epochs: int = 0
  decays: int = 0
  best_step: int | None = None
  best_epoch: int | None = None
  best_iu: float | None = None
  threshold: float | None = None
  history: list[dict[str, Any]] = dataclasses.field(default_factory=list)
  losses: list[float] = dataclasses.field(default_factory=list)
  histogram: list[list[int]] = dataclasses.field(
    default_factory=lambda: np.zeros((2, thresholds.BINS), int).tolist()
  )

  def __post_init__(self) -> None:
    """Raises ValueError where a number is none: it becomes a folder's name."""
    for name in ('epochs', 'decays', 'best_step', 'best_epoch'):
      value = getattr(self, name)
      if value is not None and (type(value) is not int or value < 0):
        raise ValueError(f'its {name} is {value!r}, and no number of 0 or more')

  def best(self) -> Best:
    """The epoch whose network is kept.

    Raises:
      ValueError: no epoch has ended yet.
    """
    epoch, iu, threshold = self.best_epoch, self.best_iu, self.threshold
    if epoch is None or iu is None or threshold is None:
      raise ValueError(f'no epoch has ended; {len(self.losses)} steps are done')
    return Best(epoch, iu, threshold)

  def add_step(
    self, loss: float, histogram: Integer[np.ndarray, '2 bins']
  ) -> None:
    """Adds a step to the epoch that is not yet evaluated."""
    self.losses.append(loss)
    self.histogram = (np.asarray(self.histogram) + histogram).tolist()

  def end_epoch(self, row: dict[str, Any]) -> None:
    """Ends the epoch, with its row of the history."""
    self.history.append(row)
    self.epochs += 1
    self.losses = []
    self.histogram = np.zeros_like(self.histogram).tolist()
