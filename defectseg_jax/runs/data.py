"""The regions and patches of a run.

Rooms other than datasets/ import without TensorFlow, and so do the jobs: it is
imported here, when data are first asked for.
"""

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from defectseg_jax.datasets.settings import DataSettings
from defectseg_jax.errors import InputError
from defectseg_jax.micrographs.settings import PreprocessingSettings
from defectseg_jax.simulation import SimulationSettings, foil_parameters

if TYPE_CHECKING:
  from defectseg_jax.datasets.pipeline import Patches, Region


@dataclasses.dataclass(frozen=True)
class Data:
  """What a run learns from and is judged by.

  Attributes:
    fingerprint: changes with the source files and their preprocessing.
    source: where they are, for messages.
    regions: of each split that was asked for.
  """

  fingerprint: str
  source: str
  regions: dict[str, list['Region']]

  def require_same(self, fingerprint: str, workdir: Any) -> None:
    """Raises InputError if the source files changed since the run began."""
    if fingerprint != self.fingerprint:
      raise InputError(
        f'{workdir}: its run began with other files than {self.source} holds '
        f'now ({fingerprint}, now {self.fingerprint}); give another --workdir, '
        'or the files as they were'
      )


def require_source(config: Any) -> None:
  """Checks the folder of labelled micrographs, if there is one.

  It needs no TensorFlow, and opens no image.

  Raises:
    InputError: the folder is missing, or its files do not belong together.
  """
  if config.data.source == 'folder' and config.data.dir:
    from defectseg_jax.datasets.folder import labelled_files

    labelled_files(config.data.dir)


def read_data(config: Any, *, splits: Sequence[str]) -> Data:
  """Prepares the dataset, if that was not done before, and reads it.

  Args:
    config: the whole config.
    splits: of train, dev and test those that are needed.

  Returns:
    The regions.

  Raises:
    InputError: anything is wrong with the source.
  """
  from defectseg_jax.datasets import builder, pipeline

  is_simulated = config.data.source == 'simulated'
  made = builder.create_builder(
    config.defect,
    DataSettings(**config.data),
    PreprocessingSettings(**config.preprocessing),
    simulation=SimulationSettings(**config.simulation),
    foil=foil_parameters(config.foil) if is_simulated else None,
  )
  return Data(
    fingerprint=made.builder_config.name,
    source=made.builder_config.folder,
    regions={split: pipeline.read_regions(made, split) for split in splits},
  )


def training_patches(config: Any, regions: Sequence['Region']) -> 'Patches':
  """The patches of the training regions, as the config lays them out.

  Raises:
    InputError: no defect pixel, or an option out of range.
  """
  from defectseg_jax.datasets import pipeline

  return pipeline.Patches(
    regions,
    patch_px=config.data.patch_px,
    order=config.data.patches,
    seed=config.seed,
    orientations=config.data.orientations,
  )
