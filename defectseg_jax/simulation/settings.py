"""What a series of simulated foils is, beside what each foil is made of."""

import dataclasses
from typing import Annotated

from defectseg_jax.bounds import Seed, within


@dataclasses.dataclass(frozen=True)
class SimulationSettings:
  """Fields are those of `config.simulation`.

  Attributes:
    micrographs: how many are simulated; 1 or more.
    seed: of everything in them; 0 or more.
    background: path of a micrograph without defects, into which they are
      rendered; '' simulates that too.
  """

  micrographs: Annotated[int, within(1, 100000, 'each takes seconds')] = 2
  seed: Seed = 0
  background: str = ''
